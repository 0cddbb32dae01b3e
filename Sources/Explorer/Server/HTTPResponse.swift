/// A response, whole in memory. Every connection carries one.
struct HTTPResponse: Sendable {
  enum Status: Int {
    case ok = 200, seeOther = 303
    case badRequest = 400, forbidden = 403, notFound = 404, methodNotAllowed = 405
    case lengthRequired = 411, contentTooLarge = 413, unsupportedMedia = 415, headTooLarge = 431
    case internalError = 500, notImplemented = 501, unavailable = 503

    var phrase: String {
      switch self {
      case .ok: "OK"
      case .seeOther: "See Other"
      case .badRequest: "Bad Request"
      case .forbidden: "Forbidden"
      case .notFound: "Not Found"
      case .methodNotAllowed: "Method Not Allowed"
      case .lengthRequired: "Length Required"
      case .contentTooLarge: "Content Too Large"
      case .unsupportedMedia: "Unsupported Media Type"
      case .headTooLarge: "Request Header Fields Too Large"
      case .internalError: "Internal Server Error"
      case .notImplemented: "Not Implemented"
      case .unavailable: "Service Unavailable"
      }
    }
  }

  /// With `X-Content-Type-Options`: what a body is taken for.
  enum Media: String {
    case html = "text/html; charset=utf-8"
    case script = "text/javascript; charset=utf-8"
    case style = "text/css; charset=utf-8"
    case svg = "image/svg+xml"
    case json = "application/json"
    case text = "text/plain; charset=utf-8"
    case pdf = "application/pdf"
    case png = "image/png"
  }

  let status: Status
  let media: Media
  let body: [UInt8]
  var fields: [(name: String, value: String)] = []

  init(_ status: Status, _ media: Media, _ body: String) {
    self.init(status, media, bytes: Array(body.utf8))
  }

  init(_ status: Status, _ media: Media, bytes: [UInt8]) {
    (self.status, self.media, body) = (status, media, bytes)
  }

  /// On every response: nothing from elsewhere is loaded, and no other page may frame, embed or open this one.
  private static let safety: [(name: String, value: String)] = [
    (
      "Content-Security-Policy",
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
        + "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    ),
    ("X-Content-Type-Options", "nosniff"), ("X-Frame-Options", "DENY"), ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"), ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Cache-Control", "no-store"), ("Connection", "close"),
  ]

  var bytes: [UInt8] {
    let all =
      Self.safety + [("Content-Type", media.rawValue), ("Content-Length", "\(body.count)")] + fields
    let head = "HTTP/1.1 \(status.rawValue) \(status.phrase)\r\n" + all.map { "\($0): \($1)\r\n" }.joined() + "\r\n"
    return Array(head.utf8) + body
  }
}

/// A request that is not answered, and why: said to the client and in the log.
struct HTTPRefusal: Error {
  let status: HTTPResponse.Status
  let found: String

  init(_ status: HTTPResponse.Status, _ found: String) { (self.status, self.found) = (status, found) }

  var response: HTTPResponse { HTTPResponse(status, .text, "graft explore does not answer \(found).\n") }
}
