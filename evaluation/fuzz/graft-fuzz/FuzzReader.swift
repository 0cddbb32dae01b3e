import Checkpoints
import Evaluation
import Files
import Foundation
import TestSupport
import Tokenization
import Transformer

/// One reader of files.
struct FuzzReader {
  let name: String
  /// Intact files, which are damaged in turn.
  let seeds: [[UInt8]]
  /// Reads all of a file as users of the library do. Throws what the library throws.
  let read: (_ content: [UInt8]) throws -> Void

  /// All readers.
  /// - Parameter folder: where those that take a path find their files.
  static func all(in folder: TemporaryFolder) throws -> [FuzzReader] {
    try weights() + configurations(in: folder) + tokenizers(in: folder) + text(in: folder)
  }

  /// Whether an error is one that the library documents.
  static func isTyped(_ error: any Error) -> Bool {
    error is FileError || error is CheckpointError || error is TokenizationError || error is SettingsError
      || error is TransformerError || error is DatasetError
  }

  /// Does something that may be refused after the file was opened.
  static func attempt(_ body: () throws -> Void) throws {
    do { try body() } catch  where isTyped(error) {}
  }

  /// A file of the tests or of this folder.
  /// - Parameter name: its path in the repository.
  static func seed(_ name: String) throws -> [UInt8] {
    var root = URL(fileURLWithPath: #filePath)
    for _ in 0..<4 { root.deleteLastPathComponent() }
    return Array(try Data(contentsOf: root.appendingPathComponent(name)))
  }
}
