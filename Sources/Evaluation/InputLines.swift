import Files

/// The lines of a file as texts, of which one is in memory at a time; those of a pipe are read first.
package struct InputLines {
  private let name: String
  private let file: MappedFile
  /// Where each line begins, and the end.
  private let starts: [Int]

  /// - Parameter path: "-" for standard input.
  /// - Throws: `FileError`, `EvaluationError.noText`.
  package init(_ path: String) throws {
    name = path == "-" ? "standard input" : path
    file = try InputText.mapped(path, name: name)
    let bytes = file.bytes
    var starts = [0]
    for (index, byte) in bytes.enumerated() where byte == UInt8(ascii: "\n") { starts.append(index + 1) }
    // The last line needs no end.
    if starts[starts.count - 1] != bytes.count { starts.append(bytes.count + 1) }
    guard starts.count > 1 else { throw EvaluationError.noText(source: name) }
    self.starts = starts
  }

  package var count: Int { starts.count - 1 }

  package subscript(index: Int) -> InputText {
    let bytes = file.bytes[starts[index]..<starts[index + 1] - 1]
    return InputText(bytes: Array(bytes), source: "\(name), line \(index + 1)")
  }
}
