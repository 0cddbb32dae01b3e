import CCurl
import Foundation

/// How often and after how long a request is made again.
package struct RetryPolicy: Sendable {
  /// Attempts in a row without a new byte.
  package var attempts = 5
  /// Attempts when there is no connection at all, where a person waits in front of a machine without a network.
  package var connectionAttempts = 3
  /// Seconds before the second attempt; each later wait is twice as long.
  package var firstDelay = 0.5
  package var longestDelay = 8.0
  /// A server that asks for a longer wait is not waited for.
  package var longestAskedDelay = 120.0
  /// Sleeps for seconds.
  package var pause: @Sendable (Double) -> Void = { usleep(UInt32($0 * 1e6)) }
  /// Seconds since 1970.
  package var now: @Sendable () -> Double = { Date().timeIntervalSince1970 }

  package init() {}

  /// Seconds to wait after attempt number `attempt`, which counts from 1.
  /// - Parameter retryAfter: the header's text, seconds or a date.
  /// - Returns: nil when the server asks for a wait that is too long.
  func delay(after attempt: Int, retryAfter: String?) -> Double? {
    let own = min(firstDelay * Double(1 << min(max(attempt - 1, 0), 16)), longestDelay)
    guard let asked = retryAfter.flatMap(seconds) else { return own }
    return asked <= longestAskedDelay ? max(asked, own) : nil
  }

  /// What an answer asks to wait, as a Retry-After header has it: that header, or the seconds until the quota is renewed
  /// ("api";r=0;t=55 in RateLimit). Nil for nothing.
  package static func askedDelay(_ head: ResponseHead) -> String? {
    if let text = head["retry-after"] { return text }
    guard head.status == 429, let quota = head["ratelimit"] else { return nil }
    let parts = quota.split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces) }
    return parts.contains("r=0") ? parts.first { $0.hasPrefix("t=") }.map { String($0.dropFirst(2)) } : nil
  }

  /// What a Retry-After header asks for; nil for one that cannot be read.
  package func seconds(_ retryAfter: String) -> Double? {
    let text = retryAfter.trimmingCharacters(in: .whitespaces)
    if !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }) { return Double(text) }
    let date = graft_curl_date(text)
    return date < 0 ? nil : max(0, Double(date) - now())
  }
}
