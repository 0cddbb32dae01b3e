import ArgumentParser
import Files
import Foundation
import Interpretability
import Tokenization

extension PairSelection: ExpressibleByArgument {}

/// Which tokens a list shows.
struct TokenFilterOptions: ParsableArguments {
  @Flag(help: "Only tokens of ASCII characters.")
  var ascii = false

  @Flag(help: "Only tokens of letters and digits.")
  var alphanumeric = false

  @Option(help: "Only tokens of at least this many characters.")
  var minLength = 0

  @Option(help: ArgumentHelp("Only tokens that spell a word of this file, one per line.", valueName: "path"))
  var words: String?

  @Option(
    help: ArgumentHelp(
      "Only tokens that occur in these reviews, in any form of a dataset (docs/datasets.md).", valueName: "path"))
  var corpus: String?

  @OptionGroup var columns: ColumnOptions

  func validate() throws {
    if minLength < 0 { throw ValidationError("--min-length must be at least 0, not \(minLength).") }
  }

  /// The options as recorded in a result.
  var members: JSONMembers {
    [
      "alphanumeric": alphanumeric, "ascii": ascii, "corpus": corpus, "min_length": minLength, "words": words,
    ] + columns.members
  }

  /// The ids below `rows` that take part, ascending; nil for all.
  /// - Throws: `FileError`, `DatasetError`, `CommandError.noWords`, `.noTokenLeft`.
  func ids(of tokenizer: Tokenizer, below rows: Int) throws -> [Int]? {
    let ids = try selection(tokenizer).ids(of: tokenizer, below: rows)
    if ids?.isEmpty ?? false { throw CommandError.noTokenLeft(of: tokenizer.vocabularyCount) }
    return ids
  }

  private func selection(_ tokenizer: Tokenizer) throws -> TokenSelection {
    var said: Set<String>?
    if let words {
      let file = try MappedFile(words)
      let text = withExtendedLifetime(file) { String(decoding: file.bytes, as: UTF8.self) }
      let list = Set(
        text.split(whereSeparator: \.isNewline).map { $0.trimmingWhitespace.lowercased() }.filter { !$0.isEmpty })
      guard !list.isEmpty else { throw CommandError.noWords(path: words) }
      said = list
    }
    if let corpus {
      var ids: Set<Int32> = []
      for review in try columns.read(corpus).reviews {
        ids.formUnion(try tokenizer.encodeIDs(review.text, addSpecialTokens: false))
      }
      let seen = Set(ids.map { tokenizer.bareText($0).lowercased() })
      said = said.map { $0.intersection(seen) } ?? seen
    }
    return TokenSelection(ascii: ascii, alphanumeric: alphanumeric, minimumLength: minLength, words: said)
  }
}

/// Which pairs of tokens a list shows.
struct PairFilterOptions: ParsableArguments {
  @Option(
    help: "Pairs: all; different drops a token with itself; distinct drops pairs that differ in case or space only.")
  var pairs: PairSelection = .all

  var member: JSONMembers { ["pairs": pairs.rawValue] }
}

extension Substring {
  fileprivate var trimmingWhitespace: Substring {
    let start = drop { $0.isWhitespace }
    return start.lastIndex { !$0.isWhitespace }.map { start[...$0] } ?? ""
  }
}
