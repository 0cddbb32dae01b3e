import Files
import Foundation

extension Dataset {
  /// The two labelled parts of aclImdb.
  public enum Split: String, CaseIterable, Sendable { case test, train }

  /// Reads a dataset:
  /// * an aclImdb folder: `SPLIT/neg/*.txt` (label 0) and `SPLIT/pos/*.txt` (label 1); ids are the paths in the folder.
  ///   Reviews without a label (`train/unsup`) and other files are left out.
  /// * a `.csv` file (RFC 4180, UTF-8, a byte order mark allowed) whose header names the columns `review` and
  ///   `sentiment` (others are left out); sentiments are `positive`, `negative`, `1` or `0`; ids are `row/1`,
  ///   `row/2`...
  /// * a `.jsonl` file: a line `{"id": string, "text": string, "label": whole number from 0}` a review, other keys left
  ///   out; ids once each.
  ///
  /// Texts are kept as they are, empty ones too; bytes that are not UTF-8 are replaced and counted (`repairedCount`).
  /// - Parameter split: which part of a folder (nil: `test`). A file has no splits.
  /// - Throws: `DatasetError`, or `FileError` that names the file and line.
  public static func read(_ path: String, split: Split? = nil) throws -> Dataset {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw FileError.missing(path: path)
    }
    let url = URL(fileURLWithPath: path)
    if isFolder.boolValue {
      let split = split ?? .test
      return try Dataset(
        name: url.lastPathComponent + "/" + split.rawValue, path: path, reviews: aclImdbReviews(path, split: split))
    }
    if let split { throw DatasetError.noSplits(path: path, asked: split.rawValue) }
    switch url.pathExtension.lowercased() {
    case "csv": return try Dataset(name: url.lastPathComponent, path: path, reviews: csvReviews(path))
    case "jsonl": return try Dataset(name: url.lastPathComponent, path: path, reviews: jsonLinesReviews(path))
    default: throw DatasetError.unrecognized(path: path, found: "a file named \(url.lastPathComponent)")
    }
  }

  private static func aclImdbReviews(_ path: String, split: Split) throws -> [Review] {
    var reviews: [Review] = []
    for (label, sentiment) in ["neg", "pos"].enumerated() {
      let folder = "\(split.rawValue)/\(sentiment)"
      guard let names = try? FileManager.default.contentsOfDirectory(atPath: "\(path)/\(folder)") else {
        throw DatasetError.unrecognized(path: path, found: "a folder without a readable folder \(folder)")
      }
      for name in names where name.hasSuffix(".txt") && !name.hasPrefix(".") {
        let file = try MappedFile("\(path)/\(folder)/\(name)")
        let text = withExtendedLifetime(file) { DecodedText(file.bytes) }
        reviews.append(Review(id: "\(folder)/\(name)", text: text, label: label))
      }
    }
    return reviews
  }

  private static func csvReviews(_ path: String) throws -> [Review] {
    let file = try MappedFile(path)
    return try withExtendedLifetime(file) {
      var reader = CSVReader(file.bytes, path: path)
      let header = try reader.nextRecord()
      guard let names = header?.fields.map(\.string), let review = names.firstIndex(of: "review"),
        let sentiment = names.firstIndex(of: "sentiment")
      else {
        throw FileError.malformed(
          path: path, location: "line 1", expected: "a header with the columns review and sentiment",
          found: header.map { "\"\($0.fields.map(\.string).joined(separator: ",").prefix(60))\"" } ?? "nothing")
      }
      var reviews: [Review] = []
      while let record = try reader.nextRecord() {
        guard record.fields.count == names.count else {
          throw FileError.malformed(
            path: path, location: "line \(record.line)", expected: "\(names.count) fields as in the header",
            found: "\(record.fields.count)")
        }
        let word = record.fields[sentiment].string
        guard let label = ["negative": 0, "0": 0, "positive": 1, "1": 1][word] else {
          throw FileError.malformed(
            path: path, location: "line \(record.line), column sentiment", expected: "positive, negative, 1 or 0",
            found: "\"\(word.prefix(60))\"")
        }
        reviews.append(Review(id: "row/\(reviews.count + 1)", text: record.fields[review], label: label))
      }
      return reviews
    }
  }

  private static func jsonLinesReviews(_ path: String) throws -> [Review] {
    var reviews: [Review] = []
    var lineOfID: [ExactKey: Int] = [:]
    try forEachLine(of: path) { line in
      let object = try line.json()
      let id = try object["id"].string()
      let label = try object["label"].int()
      guard label >= 0 else { throw object["label"].wrong("a whole number from 0") }
      if let earlier = lineOfID.updateValue(line.number, forKey: ExactKey(id)) {
        throw object["id"].wrong("an id of its own (line \(earlier) has the same)")
      }
      let text = DecodedText(string: try object["text"].string(), isRepaired: line.text.isRepaired)
      reviews.append(Review(id: id, text: text, label: label))
    }
    return reviews
  }
}
