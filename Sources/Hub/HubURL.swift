import CCurl

/// An absolute http or https URL, parsed by the client that will use it, so that both see the same host.
package struct HubURL: Equatable, Sendable {
  package let text: String
  package let scheme: String
  /// In lower case.
  package let host: String
  package let port: UInt16
  package let hasCredentials: Bool

  /// - Parameter base: what a relative URL is relative to.
  package init?(_ text: String, relativeTo base: HubURL? = nil) {
    // A NUL would end the text early for the client.
    guard !text.utf8.contains(0) else { return nil }
    var parts = graft_curl_url()
    guard graft_curl_url_parse(base?.text, text, &parts) else { return nil }
    defer { graft_curl_url_free(&parts) }
    self.text = String(cString: parts.url)
    scheme = String(cString: parts.scheme)
    host = String(cString: parts.host).lowercased()
    port = parts.port
    hasCredentials = parts.has_credentials
  }

  /// Whether both are the same scheme, host and port.
  package func isSameOrigin(as other: HubURL) -> Bool {
    scheme == other.scheme && host == other.host && port == other.port
  }

  /// Whether the host is this machine itself.
  package var isLoopback: Bool {
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    let isIPv4 = parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    return isIPv4 || host == "localhost" || host == "[::1]"
  }

  /// The URL for a message: without its query, in which storage hosts put signatures.
  package var shown: String { String(text.prefix { $0 != "?" }) }

  /// Text as one component of a path, as Python's `quote` writes it.
  package static func encoded(_ text: String, keeping kept: String = "") -> String {
    var result = ""
    for byte in text.utf8 {
      let scalar = Unicode.Scalar(byte)
      switch byte {
      case 48...57, 65...90, 97...122, 45, 46, 95, 126: result.unicodeScalars.append(scalar)
      case _ where kept.unicodeScalars.contains(scalar): result.unicodeScalars.append(scalar)
      default:
        let digits = String(byte, radix: 16, uppercase: true)
        result += (digits.count < 2 ? "%0" : "%") + digits
      }
    }
    return result
  }
}
