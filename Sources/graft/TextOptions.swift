import ArgumentParser
import Files
import Foundation

/// One text as it came in: bytes, which need not be UTF-8.
struct InputText {
  let bytes: [UInt8]
  /// Where it stands, for error messages: "--text", "reviews.txt, line 3".
  let source: String

  /// The text with each maximal invalid sequence as U+FFFD.
  var string: String { String(decoding: bytes, as: UTF8.self) }
}

/// The texts of a command: given one by one, as the lines of a file, or piped in.
struct TextOptions: ParsableArguments {
  @Option(help: "A text; give the option again for more texts.")
  var text: [String] = []

  @Option(help: ArgumentHelp("A file with one text a line ('-' reads standard input).", valueName: "path"))
  var file: String?

  func validate() throws {
    if !text.isEmpty, file != nil { throw ValidationError("Give --text or --file, not both.") }
    if text.isEmpty, file == nil, isatty(STDIN_FILENO) == 1 {
      throw ValidationError("Give --text or --file, or pipe text in.")
    }
  }

  /// Lines end with \n alone; the last one needs no end.
  /// - Throws: `FileError`, `CommandError.noText`.
  func texts() throws -> [InputText] {
    guard text.isEmpty else {
      return text.enumerated().map { index, text in
        InputText(bytes: Array(text.utf8), source: self.text.count == 1 ? "--text" : "--text number \(index + 1)")
      }
    }
    let path = file ?? "-"
    let name = path == "-" ? "standard input" : path
    let bytes = try Self.read(path, name: name)
    var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    if lines.last?.isEmpty == true { lines.removeLast() }
    guard !lines.isEmpty else { throw CommandError.noText(source: name) }
    return lines.enumerated().map { InputText(bytes: Array($1), source: "\(name), line \($0 + 1)") }
  }

  /// All bytes of a file, which may be a pipe.
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
