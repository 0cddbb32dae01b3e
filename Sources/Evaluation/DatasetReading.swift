import Files
import Foundation

extension Dataset {
  /// The two labelled parts of aclImdb.
  public enum Split: String, CaseIterable, Sendable { case test, train }

  /// Reads a dataset:
  /// * an aclImdb folder: `SPLIT/neg/*.txt` (negative) and `SPLIT/pos/*.txt` (positive); ids are the paths in the folder.
  ///   Reviews without a label (`train/unsup`) and other files are left out.
  /// * a `.csv` or `.tsv` file (UTF-8, a byte order mark allowed) with a header, read as Python's `csv` module reads it; ids
  ///   are `row/1`, `row/2`...
  /// * a `.jsonl`, `.ndjson` or `.json` file: one object per line, or one array of objects. An `id` is a string or number,
  ///   once each; where there is none the id is `line/N` (`item/N` in an array).
  ///
  /// `DatasetColumns` says which columns and keys are read. A label is a number from 0, in any spelling, or a word; in
  /// one file all are numbers or all are words.
  ///
  /// Texts are not changed, and may be empty (`emptyCount`); bytes that are not UTF-8 are replaced and counted
  /// (`repairedCount`).
  /// - Parameters:
  ///   - split: which part of a folder (nil: `test`). A file has no splits.
  ///   - columns: the names of the columns. A folder has none.
  /// - Throws: `DatasetError`, or `FileError` that names the file and line.
  public static func read(
    _ path: String, split: Split? = nil, columns: DatasetColumns = DatasetColumns()
  ) throws -> Dataset {
    let format = try DatasetFormat(path)
    let name = URL(fileURLWithPath: path).lastPathComponent
    if format != .folder, let split { throw DatasetError.noSplits(path: path, asked: split.rawValue) }
    switch format {
    case .folder:
      guard columns.isEmpty else { throw DatasetError.noColumns(path: path) }
      let split = split ?? .test
      return try Dataset(
        name: name + "/" + split.rawValue, path: path, written: aclImdbReviews(path, split: split))
    case .commas: return try Dataset(name: name, path: path, written: tableReviews(path, .commas, columns))
    case .tabs: return try Dataset(name: name, path: path, written: tableReviews(path, .tabs, columns))
    case .jsonLines: return try Dataset(name: name, path: path, written: jsonLinesReviews(path, columns))
    case .jsonArray: return try Dataset(name: name, path: path, written: jsonArrayReviews(path, columns))
    }
  }

  /// A review as written in its file.
  struct Written {
    let id: String
    let text: DecodedText
    let label: WrittenLabel
    /// Its first line; nil for a file of its own.
    let line: Int?
  }

  /// - Throws: `DatasetError.empty`; `.malformed` for words and numbers together.
  private init(name: String, path: String, written: [Written]) throws {
    let words = written.compactMap(\.label.word)
    let isWords = !words.isEmpty
    if isWords, let odd = written.first(where: { ($0.label.word == nil) != (written[0].label.word == nil) }) {
      let (expected, found) = odd.label.word == nil ? ("a word", "a number") : ("a number", "a word")
      throw DatasetError.malformed(
        path: path, line: odd.line ?? 1, column: nil, expected: "\(expected) for the label, as in the lines before",
        found: found, advice: "write all classes as words, or all as numbers from 0")
    }
    let classes = isWords ? LabelWords(words) : nil
    let reviews = written.map { review -> Review in
      switch review.label {
      case .number(let number): return Review(id: review.id, text: review.text, label: number)
      case .word(let word):
        let place = classes?.place(of: word) ?? 0
        return Review(id: review.id, text: review.text, label: place, digestedLabel: classes?.digested(place))
      }
    }
    try self.init(name: name, path: path, reviews: reviews, classNames: classes?.names)
  }

  private static func aclImdbReviews(_ path: String, split: Split) throws -> [Written] {
    var reviews: [Written] = []
    for sentiment in ["neg", "pos"] {
      let folder = "\(split.rawValue)/\(sentiment)"
      guard let names = try? FileManager.default.contentsOfDirectory(atPath: "\(path)/\(folder)") else {
        throw DatasetError.unrecognized(path: path, found: "a folder without a readable folder \(folder)")
      }
      for name in names where name.hasSuffix(".txt") && !name.hasPrefix(".") {
        let file = try MappedFile("\(path)/\(folder)/\(name)")
        let text = withExtendedLifetime(file) { DecodedText(file.bytes) }
        reviews.append(Written(id: "\(folder)/\(name)", text: text, label: .word(sentiment), line: nil))
      }
    }
    return reviews
  }
}
