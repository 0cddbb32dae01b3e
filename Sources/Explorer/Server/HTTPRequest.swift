/// The head of a request in HTTP/1.1, and its body once that is read. Only what this server answers is accepted: GET and
/// POST, a target that is a path, bodies of a stated length.
struct HTTPRequest: Sendable {
  enum Method: String { case get = "GET", post = "POST" }

  let method: Method
  /// As sent, never decoded: paths are compared with a fixed list.
  let path: String
  /// Behind "?"; empty without one.
  let query: String
  private let fields: [(name: String, value: String)]
  var body: [UInt8] = []

  /// - Parameter head: the bytes up to the empty line, which is left out.
  /// - Throws: `HTTPRefusal`.
  init(head: some Collection<UInt8>) throws {
    var lines = Self.lines(head)
    guard !lines.isEmpty else { throw HTTPRefusal(.badRequest, "an empty request") }
    let parts = lines.removeFirst().split(separator: " ", omittingEmptySubsequences: false)
    guard parts.count == 3, parts[2] == "HTTP/1.1" || parts[2] == "HTTP/1.0" else {
      throw HTTPRefusal(.badRequest, "a request line that is not HTTP/1.1")
    }
    guard let method = Method(rawValue: String(parts[0])) else {
      throw HTTPRefusal(.methodNotAllowed, "a method other than GET and POST")
    }
    guard parts[1].hasPrefix("/"), parts[1].utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
      throw HTTPRefusal(.badRequest, "a target that is no path")
    }
    let target = parts[1].split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    self.method = method
    path = String(target[0])
    query = target.count > 1 ? String(target[1]) : ""
    fields = try lines.map { line in
      guard let colon = line.firstIndex(of: ":"), colon != line.startIndex,
        line[..<colon].utf8.allSatisfy(Self.isNameByte),
        line[colon...].utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 })
      else { throw HTTPRefusal(.badRequest, "a malformed header field") }
      return (line[..<colon].lowercased(), line[line.index(after: colon)...].trimmingBlanks)
    }
  }

  /// A header field; nil where it is not sent. - Parameter name: in small letters.
  /// - Throws: `HTTPRefusal` for a field that comes twice.
  func field(_ name: String) throws -> String? {
    let found = fields.filter { $0.name == name }
    guard found.count < 2 else { throw HTTPRefusal(.badRequest, "the header field \(name) twice") }
    return found.first?.value
  }

  /// The value of a cookie. Browsers send all cookies in one field.
  func cookies(_ name: String) -> [String] {
    fields.filter { $0.name == "cookie" }.flatMap { $0.value.split(separator: ";") }.compactMap { pair in
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      return parts.count == 2 && parts[0].trimmingBlanks == name ? parts[1].trimmingBlanks : nil
    }
  }

  /// The length of the body.
  /// - Throws: `HTTPRefusal` for a body of unknown length or of more than `limit` bytes.
  func bodyLength(limit: Int) throws -> Int {
    guard try field("transfer-encoding") == nil else {
      throw HTTPRefusal(.notImplemented, "a body in chunks")
    }
    guard let text = try field("content-length") else {
      guard method == .get else { throw HTTPRefusal(.lengthRequired, "a body without Content-Length") }
      return 0
    }
    guard !text.isEmpty, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
      throw HTTPRefusal(.badRequest, "a Content-Length that is no number")
    }
    guard let length = Int(text), length <= limit else {
      throw HTTPRefusal(.contentTooLarge, "a body of more than \(limit) bytes")
    }
    guard method == .post || length == 0 else { throw HTTPRefusal(.badRequest, "a GET with a body") }
    return length
  }

  /// What stands between "\r\n" pairs.
  private static func lines(_ head: some Collection<UInt8>) -> [String] {
    var lines: [String] = []
    var line: [UInt8] = []
    for byte in head {
      if byte == UInt8(ascii: "\n"), line.last == UInt8(ascii: "\r") {
        lines.append(String(decoding: line.dropLast(), as: UTF8.self))
        line = []
      } else {
        line.append(byte)
      }
    }
    return line.isEmpty ? lines : lines + [String(decoding: line, as: UTF8.self)]
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
      || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "!#$%&'*+-.^_`|~".utf8.contains(byte)
  }
}

extension StringProtocol {
  /// Without spaces and tabs at both ends.
  fileprivate var trimmingBlanks: String {
    let blanks: Set<Character> = [" ", "\t"]
    return String(drop(while: blanks.contains).reversed().drop(while: blanks.contains).reversed())
  }
}
