import Foundation

/// A directory as BERT's first releases have it: bert_config.json, vocab.txt and a TensorFlow checkpoint, and no file of
/// Hugging Face. No file says whether text is lower-cased; the releases' own programs were told by `--do_lower_case`.
package struct FirstRelease: Sendable {
  private static let vocabulary = "vocab.txt"

  private let directory: String

  /// nil for a directory in another layout.
  package init?(directory: String) {
    func has(_ name: String) -> Bool { FileManager.default.fileExists(atPath: directory + "/" + name) }
    guard has(ModelFileName.originalConfig), has(Self.vocabulary), !has(ModelFileName.config) else { return nil }
    self.directory = directory
  }

  /// The letters of a vocabulary, from which follows how text was prepared for it: a vocabulary of lower-cased text has no
  /// token that lower-casing changes.
  package struct LetterCase: Sendable, Equatable {
    /// The number of tokens that lower-casing changes, but for those in brackets, such as [CLS] and [unused7].
    package let capitalised: Int
    package let tokens: Int

    package init(capitalised: Int, tokens: Int) {
      self.capitalised = capitalised
      self.tokens = tokens
    }

    /// Whether text was lower-cased. A few capitalised tokens are words that someone put in the place of unused ones.
    package var isLowercase: Bool { capitalised * 100 < tokens }
  }

  /// - Throws: `FileError`.
  package func letterCase() throws -> LetterCase {
    let file = try MappedFile(directory + "/" + Self.vocabulary)
    return withExtendedLifetime(file) {
      var (capitalised, tokens) = (0, 0)
      for line in file.bytes.split(whereSeparator: { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }) {
        tokens += 1
        if line.first == UInt8(ascii: "["), line.last == UInt8(ascii: "]") { continue }
        let token = String(decoding: line, as: UTF8.self)
        if token.unicodeScalars.contains(where: \.properties.changesWhenLowercased) { capitalised += 1 }
      }
      return LetterCase(capitalised: capitalised, tokens: tokens)
    }
  }
}
