import Files
import Foundation

/// One text as it came in: bytes, which need not be UTF-8.
package struct InputText {
  package let bytes: [UInt8]
  /// Where it stands, for error messages: "--text", "reviews.txt, line 3".
  package let source: String
  /// What names it in results; nil where it has no name.
  package var id: String?
  /// The token that is followed in it; nil for the command's own.
  package var target: String?

  /// Where its target stands, for error messages.
  package var targetSource: String { "\(source): target" }

  package init(bytes: [UInt8], source: String, id: String? = nil, target: String? = nil) {
    (self.bytes, self.source, self.id, self.target) = (bytes, source, id, target)
  }

  package init(_ text: String, source: String) { self.init(bytes: Array(text.utf8), source: source) }

  /// The text with each maximal invalid sequence as U+FFFD.
  package var string: String { String(decoding: bytes, as: UTF8.self) }
}

extension InputText {
  /// The lines of a file, or of standard input for "-". Lines end with \n alone; the last one needs no end.
  /// - Throws: `FileError`, `EvaluationError.noText`.
  package static func lines(of path: String) throws -> [InputText] {
    let lines = try InputLines(path)
    return (0..<lines.count).map { lines[$0] }
  }

  /// The objects `{"id": string, "text": string, "target": string}` of a JSON Lines file, a target only where one is to
  /// be followed; other keys are left out.
  /// - Throws: `FileError` that names the line, also for an id that comes twice; `EvaluationError.noText`.
  package static func objects(of path: String) throws -> [InputText] {
    var known: Set<ExactKey> = []
    let texts = try readJSONLines(path) { object in
      let id = try object["id"].string()
      guard known.insert(ExactKey(id)).inserted else { throw object["id"].wrong("an id of its own") }
      return InputText(
        bytes: Array(try object["text"].string().utf8), source: "\(path), \(object.location)", id: id,
        target: object["target"].isPresent ? try object["target"].string() : nil)
    }
    guard !texts.isEmpty else { throw EvaluationError.noText(source: path) }
    return texts
  }

  /// All bytes of a file: mapped, or read from a pipe.
  static func mapped(_ path: String, name: String) throws -> MappedFile {
    var status = stat()
    let isFile = path != "-" && stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    return isFile ? try MappedFile(path) : MappedFile(name, content: try read(path, name: name))
  }

  private static func read(_ path: String, name: String) throws -> [UInt8] {
    let descriptor = path == "-" ? STDIN_FILENO : Foundation.open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw error(name, action: "open") }
    defer { if descriptor != STDIN_FILENO { close(descriptor) } }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = Foundation.read(descriptor, &chunk, chunk.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw error(name, action: "read") }
      guard count > 0 else { return bytes }
      bytes += chunk[..<count]
    }
  }

  private static func error(_ name: String, action: String) -> FileError {
    let code = errno
    return code == ENOENT
      ? .missing(path: name) : .system(path: name, action: action, reason: String(cString: strerror(code)))
  }
}

/// The ids of a text as a model reads it.
package struct EncodedText {
  package let ids: [Int32]
  /// Whether its end was left out.
  package let truncated: Bool

  package init(ids: [Int32], truncated: Bool) { (self.ids, self.truncated) = (ids, truncated) }
}
