import Files
import Foundation
import TestSupport
import Testing

/// A text that is not read to its end says so, wherever it is read.
@Suite struct TruncationTests {
  /// [CLS], 38 words and [SEP] for BERT; 38 tokens for GPT-2.
  private static let text = Array(repeating: "film", count: 38).joined(separator: " ")

  @Test(arguments: [
    (["classify", "imdb-bert-1-sentiment"], 40), (["attribute", "imdb-bert-1", "--probes", "2"], 40),
    (["attribute", "imdb-bert-1-sentiment", "--method", "input-gradient"], 40), (["identify", "imdb-bert-1"], 40),
    (["lens", "imdb-bert-1"], 40), (["lens-classifier", "imdb-bert-1-sentiment"], 40),
    (["lens", "imdb-gpt2-wide"], 38), (["predict", "imdb-gpt2-wide"], 38),
    (["predict", "imdb-gpt2-wide", "--bos"], 39),
    (["forward", "imdb-gpt2-wide", "-o", "states"], 38),
  ])
  func aTextSaysHowMuchWasRead(_ arguments: [String], tokens: Int) throws {
    let folder = try TemporaryFolder()
    func run(_ length: Int) throws -> GraftRun {
      try GraftProcess.run(
        arguments + ["--text", Self.text, "--max-length", "\(length)", "--json"], directory: folder.path)
    }
    let cut = try run(12)
    #expect(cut.status == 0)
    #expect(cut.error == "graft: note: --text: the text has \(tokens) tokens; 12 were read (--max-length)\n")
    let json = try cut.json()
    #expect(try (json["results"].isPresent ? json["results"].item(0) : json)["truncated"].bool())
    let whole = try run(tokens)
    #expect(whole.error == "")
    let all = try whole.json()
    #expect(try (all["results"].isPresent ? all["results"].item(0) : all)["truncated"].bool() == false)
  }

  @Test func idsAreATextToo() throws {
    let folder = try TemporaryFolder()
    let run = try GraftProcess.run(
      "forward", "imdb-gpt2-wide", "--ids", "1,2,3,4,5", "--max-length", "3", "-o", folder.path("states"))
    #expect(run.error == "graft: note: --ids: the text has 5 tokens; 3 were read (--max-length)\n")
  }

  @Test func theModelsLimitIsNamed() throws {
    let model = try GraftProcess.run("inspect", "imdb-bert-1-sentiment", "--json").json()
    let positions = try model["positions"].int()
    let text = Array(repeating: "film", count: positions).joined(separator: " ")
    let run = try GraftProcess.run("classify", "imdb-bert-1-sentiment", "--text", text)
    #expect(
      run.error
        == "graft: note: --text: the text has \(positions + 2) tokens; \(positions) were read (the model reads no more)\n"
    )
  }

  @Test func theTokenizersLimitIsNamed() throws {
    let folder = try TemporaryFolder()
    let model = Repository.model("imdb-bert-1-sentiment")
    for name in try FileManager.default.contentsOfDirectory(atPath: model) where name != "tokenizer_config.json" {
      try FileManager.default.createSymbolicLink(
        atPath: folder.path(name), withDestinationPath: model + "/" + name)
    }
    let settings = try JSONNode.read(model + "/tokenizer_config.json").members().filter { $0.key != "model_max_length" }
    try folder.write(
      JSON.object(settings + [JSON.Member("model_max_length", 16)]).serialized(), to: "tokenizer_config.json")
    let run = try GraftProcess.run("classify", folder.path, "--text", Self.text)
    #expect(
      run.error
        == "graft: note: --text: the text has 40 tokens; 16 were read (model_max_length in tokenizer_config.json)\n")
  }

  @Test func severalTextsAreCounted() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("\(Self.text)\nshort\n\(Self.text)\n\(Self.text)\n", to: "texts.txt")
    let run = try GraftProcess.run("classify", "imdb-bert-1-sentiment", "--file", file, "--max-length", "12")
    #expect(
      run.error
        == "graft: note: \(file), line 1: the text has 40 tokens; 12 were read (--max-length)\n"
        + "graft: note: 2 more texts truncated, too\n")
  }

  /// Three texts of 40 tokens, BERT's [CLS] and [SEP] among them, and a short one.
  @Test(arguments: [
    ["evaluate", "imdb-bert-1-sentiment"], ["lens-classifier", "imdb-bert-1-sentiment"], ["lens", "imdb-bert-1"],
    ["attribute", "imdb-bert-1", "--probes", "2"], ["identify", "imdb-bert-1", "--measure", "attention"],
    ["lens-fit", "imdb-bert-1", "-o", "lens.safetensors"], ["experiment", "keep-k", "imdb-bert-1", "-n", "4"],
    ["experiment", "recall", "imdb-bert-1", "--positions", "4"],
    [
      "stitch", "--pretrained", "imdb-bert-2", "--finetuned", "imdb-bert-1-sentiment", "--keep", "2", "--transplant",
      "2",
      "--maps", "pinv", "-o", "run",
    ],
  ])
  func aDatasetSaysHowManyWereTruncated(_ arguments: [String]) throws {
    let folder = try TemporaryFolder()
    let lines = [Self.text, "short and bad", Self.text, Self.text].enumerated().map { index, text in
      "{\"id\": \"\(index)\", \"text\": \"\(text)\", \"label\": \(index % 2)}\n"
    }
    _ = try folder.write(lines.joined(), to: "reviews.jsonl")
    let run = try GraftProcess.run(
      arguments + ["--dataset", "reviews.jsonl", "--max-length", "12", "--json"], directory: folder.path)
    #expect(run.status == 0, "\(run.error)")
    #expect(
      run.error
        == "graft: note: reviews.jsonl: 3 of 4 texts truncated to 12 tokens (--max-length, at most what the model reads)\n"
    )
    #expect(try run.json()["truncated"].int() == 3)
    let other = try TemporaryFolder()
    _ = try other.write(lines.joined(), to: "reviews.jsonl")
    let whole = try GraftProcess.run(
      arguments + ["--dataset", "reviews.jsonl", "--max-length", "40", "--json"], directory: other.path)
    #expect(whole.error == "")
    #expect(try whole.json()["truncated"].int() == 0)
  }
}
