/// What can go wrong with the files of a tokenizer or with a text. JSON that does not parse is a `FileError`.
public enum TokenizationError: Error, Equatable, Sendable, CustomStringConvertible {
  /// A directory holds none of the files a tokenizer can be read from.
  case noTokenizer(directory: String, lookedFor: [String])
  /// A file's content is not what it must be. `location` is a line, a key or a token.
  case malformed(path: String, location: String, expected: String, found: String)
  /// A file has a setting that would change ids and is not supported.
  case unsupported(path: String, location: String, found: String, supported: String)
  /// A text longer than offsets can count.
  case textTooLong(byteCount: Int, limit: Int)
  /// `maxLength` is less than the number of special tokens that every text gets.
  case noRoom(maxLength: Int, specialTokenCount: Int)
  /// The SentencePiece library refused a text.
  case library(message: String)
  /// Two vocabularies differ: the first id at which they do, both tokens, and how many tokens they share.
  case differentVocabularies(id: Int, first: String, second: String, common: Int)
  /// No token is in both vocabularies.
  case nothingInCommon

  /// Whether the files are valid but need something that is not supported.
  public var isRefusal: Bool {
    if case .unsupported = self { return true }
    return false
  }

  public var description: String {
    switch self {
    case .noTokenizer(let directory, let lookedFor):
      return "\(directory): no tokenizer here; looked for \(lookedFor.joined(separator: ", "))"
    case .malformed(let path, let location, let expected, let found):
      return "\(path) (\(location)): expected \(expected), found \(found)"
    case .unsupported(let path, let location, let found, let supported):
      return "\(path) (\(location)): \(found) is not supported, only \(supported)"
    case .textTooLong(let byteCount, let limit):
      return "the text has \(byteCount) bytes; at most \(limit) can be tokenized at once: split it"
    case .noRoom(let maxLength, let specialTokenCount):
      return
        "a maximum length of \(maxLength) leaves no room beside \(specialTokenCount) special tokens; choose more"
    case .library(let message):
      return "the SentencePiece library failed: \(message)"
    case .differentVocabularies(let id, let first, let second, let common):
      return "the vocabularies differ, first at id \(id): \(first) against \(second); \(common) tokens are in both"
    case .nothingInCommon:
      return "the two vocabularies have no token in common, so there is no map between the models"
    }
  }
}
