/// Who is answered. The address alone is not enough: any page that a browser shows can send requests to a server on this
/// machine, and a name that such a page owns can be made to mean it (DNS rebinding).
///
/// * `Host` must be an address of this server, so that no other name leads here.
/// * A page shows nothing and a call does nothing without the cookie, which comes for the token of the first address.
/// * A call must come from this server's own page: `Origin`, and `Sec-Fetch-Site` where the browser sends it, say so.
struct AccessRules: Sendable {
  /// What `Host` may be: "127.0.0.1:8080".
  let authorities: Set<String>
  let token: AccessToken
  /// Cookies do not know ports: two servers of one machine need two names.
  let cookieName: String

  /// - Parameters:
  ///   - host: the address that is listened at, as `SocketHost` reads it.
  ///   - port: that is listened at.
  init(host: SocketHost, port: UInt16, token: AccessToken) {
    let names = host.isLoopback ? [host.authority, "localhost"] : [host.authority]
    authorities = Set(names.flatMap { port == 80 ? [$0, "\($0):80"] : ["\($0):\(port)"] })
    self.token = token
    cookieName = "graft-explore-\(port)"
  }

  /// - Throws: `HTTPRefusal` for a request that must not be answered, by its head alone.
  func check(_ request: HTTPRequest) throws {
    guard let host = try request.field("host"), authorities.contains(host.lowercased()) else {
      throw HTTPRefusal(.forbidden, "another host than its own address")
    }
    let site = try request.field("sec-fetch-site")
    switch request.method {
    case .post:
      guard try request.field("origin") == "http://\(host)" else {
        throw HTTPRefusal(.forbidden, "a call from another origin")
      }
      guard site == nil || site == "same-origin" else { throw HTTPRefusal(.forbidden, "a call from another site") }
      try checkCookie(request)
      guard try request.field("content-type")?.lowercased().hasPrefix("application/json") == true else {
        throw HTTPRefusal(.unsupportedMedia, "a call that is not JSON")
      }
    case .get:
      // The page may be opened by hand ("none") or by a link, which comes without the cookie; its parts are for itself.
      let isNavigation =
        try request.field("sec-fetch-mode") == "navigate" && request.field("sec-fetch-dest") == "document"
      guard [nil, "none", "same-origin"].contains(site) || isNavigation else {
        throw HTTPRefusal(.forbidden, "another site")
      }
      guard enters(request) == nil else { return }
      try checkCookie(request)
    }
  }

  /// Whether the token of the first address is the right one; nil for any other address.
  func enters(_ request: HTTPRequest) -> Bool? {
    let prefix = "token="
    guard request.method == .get, request.path == "/", request.query.hasPrefix(prefix) else { return nil }
    return token.matches(request.query.dropFirst(prefix.count))
  }

  private func checkCookie(_ request: HTTPRequest) throws {
    guard request.cookies(cookieName).contains(where: { token.matches($0) }) else {
      throw HTTPRefusal(
        .forbidden, "a browser that has not come by the address with the token, which graft explore has printed")
    }
  }

  /// Lets a browser in: the cookie, and an address without the token.
  var entrance: HTTPResponse {
    var response = HTTPResponse(.seeOther, .text, "")
    response.fields = [
      ("Location", "/"), ("Set-Cookie", "\(cookieName)=\(token.text); Path=/; HttpOnly; SameSite=Strict"),
    ]
    return response
  }
}

/// A secret of 256 random bits.
struct AccessToken: Sendable {
  /// 64 hexadecimal digits.
  let text: String

  init() {
    var generator = SystemRandomNumberGenerator()
    let digits = Array("0123456789abcdef")
    text = String((0..<64).map { _ in digits[Int(generator.next() & 15)] })
  }

  /// Takes as long for any text of the same length.
  func matches(_ other: some StringProtocol) -> Bool {
    let (own, other) = (Array(text.utf8), Array(other.utf8))
    return own.count == other.count && zip(own, other).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
  }
}
