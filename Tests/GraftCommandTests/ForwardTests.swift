import Checkpoints
import Files
import Foundation
import TestSupport
import Testing

@Suite struct ForwardTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func ids(of expected: SafetensorsFile) throws -> String {
    try expected.integers("ids").values.map(String.init).joined(separator: ",")
  }

  /// Needs no tokenizer: these directories have none.
  @Test(arguments: ["bert", "bert-classifier", "gpt2", "gpt2-mean-classifier"])
  func writesEveryTensorOfTheGoldenFile(_ name: String) throws {
    let model = Repository.fixture("tiny/\(name)")
    let expected = try SafetensorsFile(model + "/expected.safetensors")
    let result = try GraftProcess.run(
      "forward", model, "--ids", ids(of: expected), "-o", folder.path("states"), "--json"
    ).json()
    let states = try SafetensorsFile(folder.path("states"))
    let wanted = ["attention", "classifier_logits", "hidden", "ids", "logits"]
      .filter { expected.entry(named: $0) != nil }
    #expect(states.names == wanted)
    #expect(states.metadata == ["graft.schema": "1"])
    #expect(states.entry(named: "ids")?.type == .int64)
    #expect(try states.integers("ids").values == expected.integers("ids").values)
    #expect(try result["ids"].ints() == expected.integers("ids").values)
    for name in wanted {
      #expect(try result["tensors"][name].ints() == expected.entry(named: name)?.shape)
      guard name != "ids" else { continue }
      #expect(states.entry(named: name)?.type == .float32)
      let (shape, values) = try expected.doubles(name)
      #expect(states.entry(named: name)?.shape == shape)
      expectCloseToLargest(try states.floats(name).values, values, fraction: 2e-5, name)
    }
  }

  @Test func addsTokenTypes() throws {
    let model = Repository.fixture("variants/bert-three-types")
    let expected = try SafetensorsFile(model + "/expected.safetensors")
    let types = try expected.integers("token_types").values.map(String.init).joined(separator: ",")
    #expect(Set(types).count > 2)
    let run = try GraftProcess.run(
      "forward", model, "--ids", ids(of: expected), "--token-types", types, "-o", folder.path("states"))
    #expect(run.status == 0)
    let hidden = try SafetensorsFile(folder.path("states")).floats("hidden").values
    expectCloseToLargest(hidden, try expected.doubles("hidden").values, fraction: 2e-5, "hidden")
  }

  @Test func readsAText() throws {
    let result = try GraftProcess.run(
      "forward", "imdb-bert-1", "--text", "what a film", "-o", folder.path("states"), "--json"
    ).json()
    let line = try GraftProcess.run("tokenize", "imdb-bert-1", "--text", "what a film", "--json").json()
    #expect(try result["ids"].ints() == line["ids"].ints())
    #expect(try result["tokens"].int() == 5)
    #expect(try result["truncated"].bool() == false)
  }

  @Test func cutsALongTextOnlyWhenAsked() throws {
    let text = String(repeating: "good film ", count: 2500)
    let refused = try GraftProcess.run("forward", "imdb-bert-1", "--text", text, "-o", folder.path("states"))
    #expect(refused.status == 1)
    #expect(refused.error.contains("5002 tokens, but there are 512 positions"))
    #expect(try folder.names() == [])
    let cut = try GraftProcess.run(
      "forward", "imdb-bert-1", "--text", text, "-o", folder.path("states"), "--max-length", "7", "--json"
    ).json()
    #expect(try cut["truncated"].bool())
    let ids = try cut["ids"].ints()
    #expect(ids.count == 7)
    #expect(ids.first == 2 && ids.last == 3)
  }

  @Test func putsTheBeginningOfTextFirstOnlyWhenAsked() throws {
    func ids(_ options: String...) throws -> [Int] {
      try GraftProcess.run(
        ["forward", "imdb-gpt2-wide", "--text", "a film", "-o", folder.path("states"), "--json"] + options
      ).json()["ids"].ints()
    }
    let plain = try ids()
    #expect(try ids("--bos") == [0] + plain)
    #expect(!plain.contains(0))
  }

  @Test func takesOneToken() throws {
    let result = try GraftProcess.run(
      "forward", Repository.fixture("tiny/gpt2"), "--ids", "5", "-o", folder.path("states"), "--json"
    ).json()
    let attention = try SafetensorsFile(folder.path("states")).floats("attention").values
    #expect(attention.allSatisfy { $0 == 1 })
    #expect(try result["tensors"]["attention"].ints().suffix(2) == [1, 1])
  }

  /// The two halves of a splice under their own names; one run of hidden states where the sizes agree.
  @Test func writesBothPartsOfAStitchedModel() throws {
    let digests = try ["imdb-bert-2", "imdb-bert-1-sentiment"].map { name in
      (name, try GraftProcess.run("inspect", name, "--json").json()["model_sha256"].string())
    }
    func part(_ index: Int) -> JSON {
      ["model": .string(digests[index].0), "sha256": .string(digests[index].1)]
    }
    let file: JSON = [
      "schema": 1, "pretrained": part(0), "kept": 1, "map": "pinv", "draw": 0, "seed": "42", "finetuned": part(1),
      "transplanted": 2, "final_norm": false, "add_positions": false, "partial_vocabulary": false,
    ]
    try folder.write(file.serialized(), to: "joined/stitched.json")
    let result = try GraftProcess.run(
      "forward", folder.path("joined"), "--text", "what a film", "-o", folder.path("states"), "--json"
    ).json()
    let tensors = result["tensors"]
    #expect(try tensors["hidden_pretrained"].ints() == [2, 5, 128])
    #expect(try tensors["hidden_finetuned"].ints() == [3, 5, 128])
    #expect(try tensors["hidden"].ints() == [4, 5, 128])
    #expect(try tensors["attention"].ints() == [3, 4, 5, 5])
    let states = try SafetensorsFile(folder.path("states"))
    let (whole, first, second) = (
      try states.floats("hidden").values, try states.floats("hidden_pretrained").values,
      try states.floats("hidden_finetuned").values
    )
    let one = 5 * 128
    #expect(Array(whole[..<one]) == Array(first[..<one]))
    #expect(Array(whole[one...]) == second)
    #expect(Array(first[one...]) != Array(second[..<one]))
  }
}
