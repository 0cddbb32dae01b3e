import Evaluation
import Foundation
import Testing

/// Files of other kinds, which are refused with the command that converts them.
@Suite struct DatasetFormatTests {
  private let folder: TestFolder

  init() throws { folder = try TestFolder() }

  private static let python = "convert it with: python3 -c \"import sys; "

  @Test(arguments: [
    (
      "a.parquet", Array("PAR1".utf8), "found a Parquet file; ",
      "Dataset.from_parquet(sys.argv[1]).to_json(sys.argv[2])\" ", "a.jsonl"
    ),
    ("a.csv", Array("PAR1".utf8), "found a Parquet file; ", "Dataset.from_parquet", "a.jsonl"),
    ("a.parquet", [], "found a Parquet file; ", "Dataset.from_parquet", "a.jsonl"),
    ("a.arrow", [0xFF, 0xFF, 0xFF, 0xFF, 0x60], "found an Arrow file; ", "Dataset.from_file(sys.argv[1])", "a.jsonl"),
    ("a.feather", Array("ARROW1\0\0".utf8), "found an Arrow file; ", "pandas.read_feather(sys.argv[1])", "a.csv"),
    ("a.xlsx", [0x50, 0x4B, 3, 4], "found a spreadsheet; ", "pandas.read_excel(sys.argv[1])", "a.csv"),
  ])
  func pythonConverts(name: String, bytes: [UInt8], kind: String, code: String, result: String) throws {
    let path = try folder.write(bytes, to: name)
    let error = message { _ = try Dataset.read(path) }
    #expect(error.hasPrefix("\(path): expected a .csv, .tsv or .jsonl file, " + kind + Self.python), "\(error)")
    #expect(error.contains(code), "\(error)")
    #expect(error.hasSuffix(" \(path) \(folder.path)/\(result)"), "\(error)")
  }

  /// What the error says is run, and what it writes is read.
  @Test(arguments: ["reviews.csv", "film's reviews.csv"])
  func shellConverts(name: String) throws {
    let text = "text,label\ngood,1\nbad,0\n"
    let gzip = try folder.write(
      [
        0x1F, 0x8B, 0x08, 0, 0, 0, 0, 0, 0, 0xFF, 0x01, UInt8(text.utf8.count), 0, ~UInt8(text.utf8.count), 0xFF,
      ] + Array(text.utf8) + Self.checksum(Array(text.utf8)) + [UInt8(text.utf8.count), 0, 0, 0], to: name + ".gz")
    let utf16 = try folder.write([0xFF, 0xFE] + text.utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }, to: name)
    for (path, kind, result) in [
      (utf16, "text in UTF-16", folder.path + "/" + name.replacing(".csv", with: ".utf8.csv")),
      (gzip, "a file compressed by gzip", folder.path + "/" + name),
    ] {
      let error = message { _ = try Dataset.read(path) }
      #expect(error.contains("found \(kind); convert it with: "), "\(error)")
      let command = try #require(error.components(separatedBy: "convert it with: ").last)
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/bin/sh")
      process.arguments = ["-c", command]
      try process.run()
      process.waitUntilExit()
      #expect(process.terminationStatus == 0, "\(command)")
      #expect(try Dataset.read(result).reviews.map(\.text) == ["good", "bad"])
    }
  }

  /// CRC-32 of the bytes, as gzip has it.
  private static func checksum(_ bytes: [UInt8]) -> [UInt8] {
    var rest: UInt32 = 0xFFFF_FFFF
    for byte in bytes {
      rest ^= UInt32(byte)
      for _ in 0..<8 { rest = rest & 1 == 1 ? rest >> 1 ^ 0xEDB8_8320 : rest >> 1 }
    }
    return (0..<4).map { UInt8(truncatingIfNeeded: ~rest >> (8 * UInt32($0))) }
  }

  @Test func foldersOfHuggingFaceDatasets() throws {
    try folder.write("{}", to: "saved/state.json")
    try folder.write("{}", to: "parts/dataset_dict.json")
    for (name, code) in [
      ("saved", "load_from_disk(sys.argv[1]).to_json"), ("parts", "load_from_disk(sys.argv[1])['test'].to_json"),
    ] {
      let error = message { _ = try Dataset.read(folder.path + "/\(name)/") }
      #expect(error.contains("found a dataset that Hugging Face's datasets saved; " + Self.python), "\(error)")
      #expect(
        error.contains(code) && error.hasSuffix(" \(folder.path)/\(name)/ \(folder.path)/\(name).jsonl"), "\(error)")
    }
  }

  @Test(arguments: [
    ("a.zip", "unzip "), ("a.csv.zst", "zstd -dc "), ("a.jsonl.xz", "xz -dc "), ("a.csv.bz2", "bzip2 -dc "),
  ])
  func othersAreNamed(name: String, command: String) throws {
    let path = try folder.write("x", to: name)
    #expect(message { _ = try Dataset.read(path) }.contains("convert it with: \(command)\(path)"))
  }
}
