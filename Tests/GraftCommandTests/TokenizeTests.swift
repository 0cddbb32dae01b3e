import Files
import Foundation
import TestSupport
import Testing

@Suite struct TokenizeTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func lines(_ model: String, _ bytes: [UInt8], _ options: String...) throws -> [String] {
    let file = try folder.write(bytes, to: "lines.txt")
    let run = try GraftProcess.run(["tokenize", model, "--file", file, "--json"] + options)
    #expect(run.status == 0 && run.error.isEmpty)
    #expect(run.output.isEmpty || run.output.hasSuffix("\n"))
    return run.output.split(separator: "\n").map(String.init)
  }

  /// The fixed form, byte for byte.
  @Test func writesALineForEachText() throws {
    #expect(
      try lines("imdb-bert-1", Array("unbelievably good\n\nGood".utf8)) == [
        #"{"ids":[2,6912,390,3],"offsets":[[0,0],[0,12],[13,17],[0,0]],"tokens":["[CLS]","unbelievably","good","[SEP]"]}"#,
        #"{"ids":[2,3],"offsets":[[0,0],[0,0]],"tokens":["[CLS]","[SEP]"]}"#,
        #"{"ids":[2,390,3],"offsets":[[0,0],[0,4],[0,0]],"tokens":["[CLS]","good","[SEP]"]}"#,
      ])
    #expect(
      try lines("imdb-bert-1", Array("good\n".utf8), "--no-special") == [
        #"{"ids":[390],"offsets":[[0,4]],"tokens":["good"]}"#
      ])
    #expect(
      try lines("imdb-gpt2-wide", Array(" good\n\n".utf8)) == [
        #"{"ids":[504],"offsets":[[0,5]],"tokens":["Ġgood"]}"#, #"{"ids":[],"offsets":[],"tokens":[]}"#,
      ])
  }

  @Test func endsLinesAtLineFeedsOnly() throws {
    let texts = try lines("imdb-gpt2-wide", Array("a\r\nb\u{2028}c\u{0B}d\r".utf8)).map { line in
      try JSONNode(JSON.parse(line, path: "line"), path: "line")["offsets"].array().map { try $0.ints() }
    }
    try #require(texts.count == 2)
    #expect(texts[0].last == [1, 2])  // "\r" stays
    #expect(texts[1].last?.last == 8)
  }

  @Test func countsBytesOfBadTextsToo() throws {
    let line = try #require(try lines("imdb-gpt2-wide", [0x61, 0xFF, 0x20, 0xF0, 0x9F, 0x8E, 0xAC]).first)
    let offsets = try JSONNode(JSON.parse(line, path: "line"), path: "line")["offsets"].array().map { try $0.ints() }
    #expect(offsets.first == [0, 1])
    #expect(offsets.contains([1, 2]))
    #expect(offsets.last == [3, 7])
  }

  @Test func readsStandardInput() throws {
    let piped = try GraftProcess.run(["tokenize", "imdb-bert-1", "--json"], input: Array("good\nGood".utf8))
    let named = try GraftProcess.run(
      ["tokenize", "imdb-bert-1", "--json", "--file", "-"], input: Array("good\nGood".utf8))
    let given = try GraftProcess.run("tokenize", "imdb-bert-1", "--json", "--text", "good", "--text", "Good")
    #expect(piped.output.split(separator: "\n").count == 2)
    #expect(piped.output == given.output)
    #expect(named.output == given.output)
  }

  @Test func needsTokenizerFilesOnly() throws {
    for name in ["vocab.json", "merges.txt"] {
      try folder.write(
        Array(Data(contentsOf: URL(fileURLWithPath: Repository.model("imdb-gpt2-wide/\(name)")))), to: "t/" + name)
    }
    let alone = try GraftProcess.run("tokenize", folder.path("t"), "--json", "--text", "a good film")
    #expect(
      alone.output == (try GraftProcess.run("tokenize", "imdb-gpt2-wide", "--json", "--text", "a good film").output))
  }

  @Test func showsSpacesToPeople() throws {
    let run = try GraftProcess.run("tokenize", "imdb-gpt2-wide", "--text", "very good")
    #expect(run.output.contains("2 tokens: very good\n"))
    #expect(run.output.contains("␣good"))
    #expect(run.output.contains("4–9"))
  }
}
