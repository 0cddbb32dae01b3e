import Files
import Foundation

/// How a dataset is stored.
enum DatasetFormat: Equatable {
  case folder, commas, tabs, jsonLines, jsonArray

  /// Determined by the file's first bytes and its name.
  /// - Throws: `FileError.missing`; `DatasetError.unsupported` with the command that converts, `.unrecognized`.
  init(_ path: String) throws {
    guard FileManager.default.fileExists(atPath: path) else { throw FileError.missing(path: path) }
    if Folder.exists(path) {
      try Self.refuseSavedDataset(path)
      self = .folder
      return
    }
    let file = try MappedFile(path)
    let (start, first) = withExtendedLifetime(file) {
      (Array(file.bytes.prefix(16)), file.bytes.first { ![0xEF, 0xBB, 0xBF, 0x20, 0x09, 0x0A, 0x0D].contains($0) })
    }
    let url = URL(fileURLWithPath: path)
    let suffix = url.pathExtension.lowercased()
    try Self.refuse(path, start: start, suffix: suffix)
    switch suffix {
    case "csv": self = .commas
    case "tsv", "tab": self = .tabs
    case "jsonl", "ndjson", "json": self = first == UInt8(ascii: "[") ? .jsonArray : .jsonLines
    default: throw DatasetError.unrecognized(path: path, found: "a file named \(url.lastPathComponent)")
    }
  }

  /// Refuses a folder that `save_to_disk` of Hugging Face's datasets wrote.
  private static func refuseSavedDataset(_ path: String) throws {
    let isOne = FileManager.default.fileExists(atPath: path + "/state.json")
    guard isOne || FileManager.default.fileExists(atPath: path + "/dataset_dict.json") else { return }
    let part = isOne ? "" : "['test']"
    throw DatasetError.unsupported(
      path: path, kind: "a dataset that Hugging Face's datasets saved",
      command: "python3 -c \"import sys; from datasets import load_from_disk; "
        + "load_from_disk(sys.argv[1])\(part).to_json(sys.argv[2])\" \(quoted(path)) \(quoted(trimmed(path) + ".jsonl"))"
    )
  }

  private static func refuse(_ path: String, start: [UInt8], suffix: String) throws {
    func begins(_ bytes: [UInt8]) -> Bool { start.starts(with: bytes) }
    func begins(_ text: String) -> Bool { start.starts(with: text.utf8) }
    let base = URL(fileURLWithPath: path).pathExtension.isEmpty ? path : String(path.dropLast(suffix.count + 1))
    func unsupported(_ kind: String, _ command: String) -> DatasetError {
      .unsupported(path: path, kind: kind, command: command)
    }
    func python(_ code: String, to result: String) -> String {
      "python3 -c \"import sys; \(code)\" \(quoted(path)) \(quoted(base + result))"
    }
    if begins("PAR1") || suffix == "parquet" {
      throw unsupported(
        "a Parquet file",
        python("from datasets import Dataset; Dataset.from_parquet(sys.argv[1]).to_json(sys.argv[2])", to: ".jsonl"))
    }
    if begins("ARROW1") || suffix == "feather" {
      throw unsupported(
        "an Arrow file",
        python("import pandas; pandas.read_feather(sys.argv[1]).to_csv(sys.argv[2], index=False)", to: ".csv"))
    }
    if begins([0xFF, 0xFF, 0xFF, 0xFF]) || suffix == "arrow" {
      throw unsupported(
        "an Arrow file",
        python("from datasets import Dataset; Dataset.from_file(sys.argv[1]).to_json(sys.argv[2])", to: ".jsonl"))
    }
    if ["xlsx", "xls", "ods"].contains(suffix) {
      throw unsupported(
        "a spreadsheet",
        python("import pandas; pandas.read_excel(sys.argv[1]).to_csv(sys.argv[2], index=False)", to: ".csv"))
    }
    if begins([0xFF, 0xFE]) || begins([0xFE, 0xFF]) {
      let converted = base + ".utf8" + (suffix.isEmpty ? "" : "." + suffix)
      throw unsupported("text in UTF-16", "iconv -f UTF-16 -t UTF-8 \(quoted(path)) > \(quoted(converted))")
    }
    let archives: [(magic: [UInt8], suffixes: [String], kind: String, command: String)] = [
      ([0x1F, 0x8B], ["gz"], "a file compressed by gzip", "gzip -dc"),
      (Array("BZh".utf8), ["bz2"], "a file compressed by bzip2", "bzip2 -dc"),
      ([0xFD, 0x37, 0x7A, 0x58, 0x5A], ["xz"], "a file compressed by xz", "xz -dc"),
      ([0x28, 0xB5, 0x2F, 0xFD], ["zst"], "a file compressed by zstd", "zstd -dc"),
    ]
    for archive in archives where begins(archive.magic) || archive.suffixes.contains(suffix) {
      let result = archive.suffixes.contains(suffix) ? base : path + ".unpacked"
      throw unsupported(archive.kind, "\(archive.command) \(quoted(path)) > \(quoted(result))")
    }
    if begins("PK\u{3}\u{4}") || suffix == "zip" { throw unsupported("a zip archive", "unzip \(quoted(path))") }
  }

  private static func trimmed(_ path: String) -> String {
    path.count > 1 && path.hasSuffix("/") ? trimmed(String(path.dropLast())) : path
  }

  /// A word of a shell command.
  private static func quoted(_ word: String) -> String {
    let plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./,:+=@%".utf8
    return !word.isEmpty && word.utf8.allSatisfy(plain.contains)
      ? word : "'" + word.replacing("'", with: "'\\''") + "'"
  }
}
