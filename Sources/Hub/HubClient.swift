/// Requests to one hub: who gets the token, which redirects are followed, what is tried again. To be used by one thread.
package final class HubClient {
  /// The hub's address.
  package let endpoint: HubURL
  /// Whether requests to the hub itself carry a token.
  package let hasToken: Bool
  package let retry: RetryPolicy
  private let token: String?
  private let proxies: ProxySettings
  private let transfer: Transfer
  private let proceed: () throws -> Void
  private let willWait: (_ seconds: Double, _ reason: String) throws -> Void

  private static let mostRedirects = 10
  /// A body that nobody asked for, such as an error's page, is read to this size.
  private static let mostIgnored = 1 << 20

  /// How far a request follows redirects.
  package enum Following {
    /// To any host, without the token.
    case anyHost
    /// On the hub alone, and not past an answer that describes a file: what it says is lost at the host that it leads to.
    case description
  }

  /// What an attempt may fail of although the next may succeed.
  package enum Setback: Error {
    case unreachable(String)
    case cut(String)
    case status(ResponseHead)
  }

  /// - Parameters:
  ///   - proceed: called several times per second during requests and waits; what it throws ends them.
  ///   - willWait: called before a wait.
  /// - Throws: `HubError` for an address or a token that cannot be used; `FileError`.
  package init(
    settings: HubSettings, proceed: @escaping () throws -> Void = {},
    willWait: @escaping (_ seconds: Double, _ reason: String) throws -> Void = { _, _ in }
  ) throws {
    func bad(_ expected: String) -> HubError {
      .badEndpoint(text: HubError.shown(settings.endpoint), expected: expected)
    }
    guard let endpoint = HubURL(settings.endpoint) else { throw bad("an http or https address") }
    guard !endpoint.hasCredentials, !settings.endpoint.contains("?"), !settings.endpoint.contains("#") else {
      throw bad("an address without user, password, query and fragment")
    }
    self.endpoint = endpoint
    let token = try settings.readToken()
    // Plain http shows a token to everybody on the way; this machine itself is no way.
    self.token = endpoint.scheme == "https" || endpoint.isLoopback ? token : nil
    hasToken = self.token != nil
    retry = settings.retry
    proxies = settings.proxies
    do { transfer = try Transfer(certificates: settings.certificates) } catch let failure as Transfer.Failure {
      throw Self.error(failure, endpoint)
    }
    self.proceed = proceed
    self.willWait = willWait
  }

  /// A URL of the hub.
  /// - Parameter path: from the slash, encoded.
  package func url(_ path: String) throws -> HubURL {
    var base = endpoint.text
    while base.hasSuffix("/") { base.removeLast() }
    guard let url = HubURL(base + path) else {
      throw HubError.badEndpoint(text: endpoint.shown, expected: "an http or https address")
    }
    return url
  }

  /// Sends one request, without trying again.
  /// - Parameters:
  ///   - headers: further lines, such as a range.
  ///   - body: gets the bytes of an answer of status 200 or 206.
  /// - Returns: the last answer's header and the URL that gave it.
  /// - Throws: `Setback` for what may be tried again, `HubError` for the rest; what `body` throws.
  package func sendOnce(
    _ url: HubURL, isHead: Bool = false, headers: [String] = [], following: Following,
    body: @escaping (ResponseHead, UnsafeRawBufferPointer) throws -> Void = { _, _ in }
  ) throws -> (head: ResponseHead, url: HubURL) {
    var current = url
    var showsToken = true
    for _ in 0...Self.mostRedirects {
      // Once on another host, never again, though it may lead back.
      showsToken = showsToken && current.isSameOrigin(as: endpoint)
      let head = try perform(current, isHead: isHead, headers: headers, showsToken: showsToken, body: body)
      guard head.isRedirect else {
        if [408, 429, 500, 502, 503, 504].contains(head.status) { throw Setback.status(head) }
        return (head, current)
      }
      let target = try Self.target(of: head, from: current)
      let describes = head["x-linked-etag"] != nil && head["x-repo-commit"] != nil
      if following == .description, describes || !target.isSameOrigin(as: current) {
        return (head, current)
      }
      current = target
    }
    throw HubError.refusedRedirect(
      url: url.shown, target: current.shown, reason: "more than \(Self.mostRedirects) redirects in a row")
  }

  /// Sends a request until an answer comes.
  /// - Throws: `HubError`; what `body` throws.
  package func send(
    _ url: HubURL, isHead: Bool = false, following: Following,
    restart: () -> Void = {}, body: @escaping (ResponseHead, UnsafeRawBufferPointer) throws -> Void = { _, _ in }
  ) throws -> (head: ResponseHead, url: HubURL) {
    var attempts = Attempts()
    while true {
      do {
        restart()
        return try sendOnce(url, isHead: isHead, following: following, body: body)
      } catch let setback as Setback {
        try wait(after: setback, of: url, &attempts)
      }
    }
  }

  /// Setbacks in a row.
  package struct Attempts {
    fileprivate var failed = 0
    fileprivate var withoutConnection = 0

    package init() {}
  }

  /// Waits before the next attempt.
  /// - Throws: `HubError` when there is to be none.
  package func wait(after setback: Setback, of url: HubURL, _ attempts: inout Attempts) throws {
    attempts.failed += 1
    var status: Int?
    var retryAfter: String?
    var reason: String
    switch setback {
    case .unreachable(let text):
      attempts.withoutConnection += 1
      reason = text
      if attempts.withoutConnection >= retry.connectionAttempts {
        throw HubError.unreachable(url: url.shown, reason: text)
      }
    case .cut(let text): reason = text
    case .status(let head):
      (status, retryAfter) = (head.status, RetryPolicy.askedDelay(head))
      reason = head.status == 429 ? "too many requests" : "the server has trouble"
    }
    let seconds = retry.delay(after: attempts.failed, retryAfter: retryAfter)
    guard let seconds, attempts.failed < retry.attempts else {
      if seconds == nil { reason += ", it asks to wait for \(HubError.shown(retryAfter ?? "", limit: 40))" }
      throw HubError.unavailable(url: url.shown, status: status, attempts: attempts.failed, reason: reason)
    }
    try willWait(seconds, reason)
    try rest(seconds)
  }

  /// Waits in small steps, so that a call can be cancelled.
  package func rest(_ seconds: Double) throws {
    var left = seconds
    while left > 0 {
      try proceed()
      retry.pause(min(left, 0.2))
      left -= 0.2
    }
    try proceed()
  }

  private func perform(
    _ url: HubURL, isHead: Bool, headers: [String], showsToken: Bool,
    body: @escaping (ResponseHead, UnsafeRawBufferPointer) throws -> Void
  ) throws -> ResponseHead {
    // Sizes and ranges are those of the file, so it must come as it is.
    var lines = ["User-Agent: graft", "Accept: */*", "Accept-Encoding: identity"] + headers
    if showsToken, let token { lines.append("Authorization: Bearer \(token)") }
    var ignored = 0
    var refused = ResponseHead()
    do {
      return try transfer.perform(
        url, isHead: isHead, headers: lines, proxy: proxies.proxy(for: url),
        body: { head, bytes in
          if head.status == 200 || head.status == 206 { return try body(head, bytes) }
          ignored += bytes.count
          guard ignored <= Self.mostIgnored else {
            refused = head
            throw EnoughRead()
          }
        }, proceed: proceed)
    } catch is EnoughRead {
      return refused
    } catch let failure as Transfer.Failure {
      switch failure {
      case .unreachable(let reason): throw Setback.unreachable(reason)
      case .cut(let reason): throw Setback.cut(reason)
      case .untrusted, .other: throw Self.error(failure, url)
      }
    }
  }

  private struct EnoughRead: Error {}

  package static func target(of head: ResponseHead, from url: HubURL) throws -> HubURL {
    let location = head["location"] ?? ""
    guard let target = HubURL(location, relativeTo: url) else {
      throw HubError.refusedRedirect(
        url: url.shown, target: "\"\(HubError.shown(location))\"", reason: "expected an http or https address")
    }
    func refused(_ reason: String) -> HubError {
      .refusedRedirect(url: url.shown, target: target.shown, reason: reason)
    }
    guard target.scheme == url.scheme || target.scheme == "https" else {
      throw refused("it leaves https, so anybody on the way could change the file")
    }
    guard !target.hasCredentials else { throw refused("it names a user or a password") }
    return target
  }

  private static func error(_ failure: Transfer.Failure, _ url: HubURL) -> HubError {
    switch failure {
    case .untrusted(let reason): .untrusted(url: url.shown, reason: reason)
    case .unreachable(let reason), .cut(let reason), .other(let reason): .unreachable(url: url.shown, reason: reason)
    }
  }
}
