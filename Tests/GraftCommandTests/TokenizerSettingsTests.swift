import Files
import Foundation
import TestSupport
import Testing

/// What commands make of a tokenizer's settings files.
@Suite struct TokenizerSettingsTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// An embedded model with another tokenizer_config.json.
  private func model(_ config: String, of name: String = "imdb-gpt2-narrow") throws -> String {
    let place = folder.path + "/model"
    try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
    for file in try FileManager.default.contentsOfDirectory(atPath: Repository.model(name)) {
      try FileManager.default.createSymbolicLink(
        atPath: place + "/" + file, withDestinationPath: Repository.model(name) + "/" + file)
    }
    try FileManager.default.removeItem(atPath: place + "/tokenizer_config.json")
    _ = try folder.write(config, to: "model/tokenizer_config.json")
    return place
  }

  private func ids(_ arguments: String...) throws -> [Int] {
    let run = try GraftProcess.run(arguments + ["--json"], directory: folder.path)
    return try run.json()["ids"].ints()
  }

  /// --bos puts a token first that the tokenizer or the text may have put there already.
  @Test func beginningOfTextComesOnce() throws {
    let bos = try GraftProcess.run("inspect", "imdb-gpt2-narrow", "--json").json()["tokenizer"]["special_tokens"]["bos"]
      .int()
    let plain = try ids("forward", "imdb-gpt2-narrow", "--text", "a film", "-o", "x.safetensors")
    #expect(!plain.contains(bos))
    #expect(try ids("forward", "imdb-gpt2-narrow", "--text", "a film", "--bos", "-o", "x") == [bos] + plain)
    #expect(
      try ids("forward", "imdb-gpt2-narrow", "--text", "<|endoftext|>a film", "--bos", "-o", "x") == [bos] + plain)
    let adding = try model(#"{"tokenizer_class": "GPT2Tokenizer", "add_bos_token": true}"#)
    #expect(try ids("forward", adding, "--text", "a film", "-o", "x") == [bos] + plain)
    #expect(try ids("forward", adding, "--text", "a film", "--bos", "-o", "x") == [bos] + plain)
    #expect(try ids("forward", adding, "--text", "a film", "--bos", "--max-length", "2", "-o", "x").count == 2)
    // transformers puts two here, and so does graft; it says so.
    let doubled = try GraftProcess.run("tokenize", adding, "--text", "<|endoftext|>a film", "--json")
    #expect(try doubled.json()["ids"].ints() == [bos, bos] + plain)
    #expect(doubled.error.contains("comes twice"), "\(doubled.error)")
  }

  /// A class that is not supported stops what reads text, and nothing else.
  @Test func refusalsStopOnlyWhatTokenizes() throws {
    let model = try model(#"{"tokenizer_class": "BertJapaneseTokenizer"}"#, of: "imdb-bert-1")
    for arguments in [
      ["tokenize", model, "--text", "a"], ["forward", model, "--text", "a", "-o", "x"],
      ["predict", model, "--text", "a"],
    ] {
      let run = try GraftProcess.run(arguments, directory: folder.path)
      #expect(run.status == 1 && run.error.contains("BertJapaneseTokenizer"), "\(arguments): \(run.error)")
    }
    #expect(try ids("forward", model, "--ids", "2,5,3", "-o", "x") == [2, 5, 3])
    let vectors = ["project", model, "--head", "L2H1", "--matrix", "vo", "--top", "2"]
    let plain = try GraftProcess.run(vectors.map { $0 == model ? "imdb-bert-1" : $0 } + ["--json"])
    let refused = try GraftProcess.run(vectors + ["--json"])
    #expect(plain.status == refused.status && refused.status == 0, "\(refused.error)")
    let inspected = try GraftProcess.run("inspect", model, "--json").json()
    #expect(!inspected["tokenizer"].isPresent)
    #expect(try inspected["tokenizer_refusal"].string().contains("BertJapaneseTokenizer"))
    #expect(try GraftProcess.run("inspect", model).output.contains("not supported"))
  }

  /// A token that the files name and the model does not have.
  @Test func tokensPastTheEmbedding() throws {
    let model = try model(#"{"tokenizer_class": "GPT2Tokenizer", "pad_token": "[PAD]"}"#)
    let rows = try GraftProcess.run("inspect", model, "--json").json()["parts"].item(0)["vocabulary"].int()
    let tokenized = try GraftProcess.run("tokenize", model, "--text", "a[PAD]", "--json").json()
    #expect(try tokenized["ids"].ints().last == rows)
    #expect(try ids("forward", model, "--text", "a film", "-o", "x").count > 0)
    let run = try GraftProcess.run(["forward", model, "--text", "a[PAD]", "-o", "x"], directory: folder.path)
    #expect(run.status == 1)
    for part in ["[PAD]", "id \(rows)", "\(rows) rows", "--text"] { #expect(run.error.contains(part), "\(run.error)") }
    let texts = try folder.write(#"{"id": "r7", "text": "a[PAD]", "label": 0}"# + "\n", to: "texts.jsonl")
    let corpus = try GraftProcess.run(["lens", model, "--dataset", texts], directory: folder.path)
    #expect(corpus.status == 1)
    for part in ["r7", "[PAD]", "\(rows) rows"] { #expect(corpus.error.contains(part), "\(corpus.error)") }
  }

  @Test func settingsWithoutEffectAreNotedOnce() throws {
    let model = try model(#"{"tokenizer_class": "BertTokenizer", "unheard_of": 1}"#, of: "imdb-bert-1")
    let run = try GraftProcess.run("predict", model, "--text", "a [MASK]", "--text", "the [MASK]")
    #expect(run.status == 0)
    #expect(run.error.split(separator: "\n").filter { $0.contains("unheard_of") }.count == 1, "\(run.error)")
    let inspected = try GraftProcess.run("inspect", model, "--json").json()["tokenizer"]
    #expect(try inspected["warnings"].array().count == 1)
    #expect(try inspected["settings"]["do_lower_case"].string() == "true")
    #expect(try inspected["settings"]["prefix"].string() == "[CLS]")
  }

  @Test func textsOfUnknownTokensAreNoted() throws {
    let run = try GraftProcess.run("tokenize", "imdb-bert-1", "--text", "☃☃", "--text", "good", "--json")
    #expect(run.status == 0)
    #expect(run.error.contains("every token is the unknown token"), "\(run.error)")
    let file = try folder.write("☃\n☃☃\ngood\n", to: "texts.txt")
    let many = try GraftProcess.run("tokenize", "imdb-bert-1", "--file", file, "--json")
    #expect(many.error.contains("2 texts, the first"), "\(many.error)")
    #expect(many.error.split(separator: "\n").count == 1)
    #expect(try GraftProcess.run("tokenize", "imdb-bert-1", "--text", "good ☃", "--json").error.isEmpty)
  }

  @Test func bytesThatAreLeftOutAreNoted() throws {
    _ = try folder.write(#"{"model_type": "gpt2"}"#, to: "dna/config.json")
    _ = try folder.write(#"{"A": 0, "C": 1, "G": 2, "T": 3, "AC": 4}"#, to: "dna/vocab.json")
    _ = try folder.write("A C\n", to: "dna/merges.txt")
    let run = try GraftProcess.run("tokenize", folder.path + "/dna", "--text", "ACNGN", "--json")
    #expect(try run.json()["ids"].ints() == [4, 2])
    #expect(run.error.contains("--text") && run.error.contains("0x4E (N) 2 times"), "\(run.error)")
    #expect(try GraftProcess.run("tokenize", folder.path + "/dna", "--text", "ACG", "--json").error.isEmpty)
  }
}
