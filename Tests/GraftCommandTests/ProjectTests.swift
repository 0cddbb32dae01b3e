import Files
import Foundation
import TestSupport
import Testing

@Suite struct ProjectTests {
  private func project(_ arguments: String...) throws -> JSONNode {
    try GraftProcess.run(["project"] + arguments + ["--json"]).json()
  }

  private func golden(_ model: String) throws -> JSONNode {
    let path = Repository.fixture("trained/\(model)/expected.json")
    return JSONNode(try JSON.parse(try String(contentsOfFile: path, encoding: .utf8), path: path), path: path)
  }

  /// Stored results of PyTorch in Double, through the command.
  @Test(arguments: ["imdb-bert-1", "imdb-gpt2-narrow"]) func matchesGoldenFiles(_ model: String) throws {
    let stored = try golden(model)
    let entry = try stored["top_pairs"].item(3)
    let head = "L\(try entry["layer"].int())H\(try entry["head"].int())"
    let found = try project(
      model, "--head", head, "--matrix", entry["matrix"].string(), "--top", "20")["pairs"].array()
    let pairs = try entry["pairs"].array()
    #expect(
      try found.map { [try $0["row"]["id"].int(), try $0["column"]["id"].int()] }
        == pairs.map { [try $0.item(0).int(), try $0.item(1).int()] })
    expectClose(
      try found.map { try $0["score"].double() }, try pairs.map { try $0.item(2).double() }, absolute: 0,
      relative: 1e-4,
      head)
    let tokens = try stored["top_tokens"].item(1)
    let name = "L\(try tokens["layer"].int()):\(try tokens["index"].int())"
    let vectors = try project(model, "--ff-key", name, "--ff-value", name, "--top", "20")["vectors"]
    for (index, key) in ["key", "value"].enumerated() {
      let vector = try vectors.item(index)
      #expect(try vector["name"].string() == name && vector["group"].string() == "ff-" + key)
      #expect(
        try vector["highest"].array().map { try $0["id"].int() } == tokens[key].array().map { try $0.item(0).int() })
    }
  }

  @Test func lowestPairsAreTheHighestOfTheOtherSign() throws {
    let high = try project("imdb-bert-1", "--head", "L1H1", "--matrix", "qk", "--top", "5")["pairs"].array()
    let low = try project("imdb-bert-1", "--head", "L1H1", "--matrix", "qk", "--top", "5", "--lowest")["pairs"].array()
    let (most, least) = (try high.map { try $0["score"].double() }, try low.map { try $0["score"].double() })
    #expect(most == most.sorted(by: >) && least == least.sorted() && least[4] < most[4])
  }

  @Test func filters() throws {
    let folder = try TemporaryFolder()
    let words = try folder.write("great\nBad\n\n  boring \n", to: "words.txt")
    let only = try project("imdb-gpt2-narrow", "--ff-value", "L3:7", "--words", words, "--top", "50")["vectors"].item(0)
    let said = try only["highest"].array().map { try $0["token"].string() }
    #expect(!said.isEmpty)
    #expect(said.allSatisfy { ["great", "bad", "boring"].contains($0.replacing("Ġ", with: "").lowercased()) })
    #expect(try only["lowest"].array().count == said.count)
    let pairs = try project(
      "imdb-gpt2-narrow", "--head", "L0H0", "--matrix", "qk", "--pairs", "distinct", "--alphanumeric", "--min-length",
      "2",
      "--top", "200")["pairs"].array()
    #expect(pairs.count == 200)
    for pair in pairs {
      let texts = try ["row", "column"].map { try pair[$0]["token"].string().replacing("Ġ", with: "").lowercased() }
      #expect(
        texts[0] != texts[1] && texts.allSatisfy { $0.count >= 2 && $0.allSatisfy { $0.isLetter || $0.isNumber } })
    }
    let corpus = try folder.write(#"{"id": "1", "text": "a good film", "label": 1}"# + "\n", to: "one.jsonl")
    let seen = try project("imdb-gpt2-narrow", "--ff-key", "L0:0", "--corpus", corpus)["vectors"].item(0)["highest"]
      .array()
    func texts(_ tokens: [JSONNode]) throws -> Set<String> {
      Set(try tokens.map { try $0["token"].string().replacing("Ġ", with: "").lowercased() })
    }
    #expect(try texts(seen) == ["a", "good", "film"])
    let list = try folder.write("film\nbad\n", to: "two.txt")
    let both = try project("imdb-gpt2-narrow", "--ff-key", "L0:0", "--corpus", corpus, "--words", list)["vectors"]
    #expect(try texts(both.item(0)["highest"].array()) == ["film"])
  }

  /// A matrix may have more rows than the tokenizer has tokens; these are shown by their numbers.
  @Test func labelsRowsWithoutAToken() throws {
    let folder = try TemporaryFolder()
    let model = try copy("imdb-bert-1", to: folder) { vocabulary in Array(vocabulary.prefix(8000)) }
    let run = try GraftProcess.run("project", model, "--ff-value", "L0:7", "--top", "8192")
    #expect(run.status == 0 && run.error.isEmpty)
    #expect(run.output.contains("[row 8191, no token]"))
    let ends = try project(model, "--ff-value", "L0:7", "--top", "8192")["vectors"].item(0)["highest"].array()
    #expect(ends.count == 8192)
    for item in ends {
      let (id, token) = (try item["id"].int(), item["token"].value)
      #expect((token == .null) == (id >= 8000))
    }
    #expect(try project(model, "--head", "L0H0", "--ascii", "--top", "3")["pairs"].array().count == 3)
  }

  /// What fine-tuning left alone did not move, and what is reported is what the lexicon says of the tokens shown.
  @Test(arguments: [("imdb-bert-1", 2), ("imdb-gpt2-narrow", 2)]) func readsADisplacement(
    _ base: String, _ frozen: Int
  ) throws {
    let result = try project(base + "-sentiment", "--against", base, "--moved", "3", "--seed", "7")
    let displacement = result["displacement"]
    for move in try displacement["moves"].array() {
      let still = try move["layer"].value == .null || move["layer"].int() < frozen
      let norm = try move["norm"].double()
      #expect((norm == 0) == still)
    }
    let vectors = try displacement["vectors"].array()
    let norms = try vectors.map { try $0["norm"].double() }
    #expect(norms.count == 3 && norms == norms.sorted(by: >))
    #expect(try displacement["classifier"].array().map { try $0["class"].int() } == [0, 1])
    let scores = try displacement["scores"].array()
    #expect(
      try scores.map { try $0["name"].string() } == ["all", "ff-key", "ff-value", "query", "key", "value", "output"])
    for score in scores {
      for what in ["share", "opposition"] {
        for kind in ["displacement", "base", "random"] {
          let (low, value, high) = (
            try score[what][kind]["low"].double(), try score[what][kind]["value"].double(),
            try score[what][kind]["high"].double()
          )
          #expect(0 <= low && low <= value && value <= high && high <= 1)
        }
      }
    }
    // A named vector's displacement, which points the other way from the other model: the embedding did not move. The
    // vectors before they moved are those of the base.
    let there = try project(base + "-sentiment", "--against", base, "--output", "L3H0:1")["displacement"]
    let back = try project(base, "--against", base + "-sentiment", "--output", "L3H0:1")["displacement"]
    let (named, other) = (try there["vectors"].item(0), try back["vectors"].item(0))
    #expect(try there["vectors"].array().count == 1 && named["name"].string() == "L3H0:1")
    for (end, opposite) in [("highest", "lowest"), ("lowest", "highest")] {
      #expect(
        try named[end].array().map { try $0["id"].int() } == other[opposite].array().map { try $0["id"].int() })
    }
    let (own, turned) = (try there["scores"].item(0)["share"], try back["scores"].item(0)["share"])
    #expect(try own["displacement"]["value"].double() == turned["displacement"]["value"].double())
    #expect(try own["base"]["value"].double() != own["displacement"]["value"].double())
    #expect(try own["base"]["value"].double() != turned["base"]["value"].double())
    let still = try project(base, "--against", base)["displacement"]
    #expect(try still["vectors"].array().isEmpty && still["scores"].array().isEmpty)
  }

  @Test(arguments: [
    (["--head", "L9H0"], "heads are L0H0 to L3H3"), (["--ff-key", "L0:512"], "L0:0 to L3:511"),
    (["--query", "L0:5"], "L0H0:0 to L3H3:31"),
    (["--head", "L0H0", "--fold-norm"], "this model normalises after adding"),
    (["--svd", "--matrix", "k", "--layer", "4"], "blocks count from 0 to 3"),
    (["--against", "imdb-gpt2-narrow"], "its architecture is bert"), (["--against", "imdb-bert-0"], "imdb-bert-0"),
    (["--ff-key", "L0:0", "--words", "no-such-file"], "no-such-file"),
    (["--head", "L0H0", "--min-length", "40"], "none of the 8192 tokens passes the filters"),
  ]) func fails(_ arguments: [String], _ reason: String) throws {
    let run = try GraftProcess.run(["project", "imdb-bert-1"] + arguments)
    #expect(run.status == 1 && run.output.isEmpty)
    #expect(run.error.contains(reason), "\(run.error)")
  }

  @Test(arguments: [
    [], ["--head", "3"], ["--ff-key", "L0H0"], ["--head", "L0H0", "--ff-key", "L0:0"], ["--svd"],
    ["--svd", "--layer", "1"], ["--svd", "--head", "L0H0", "--matrix", "k"], ["--lowest", "--ff-key", "L0:0"],
    ["--head", "L0H0", "--top", "0"], ["--against", "imdb-bert-1", "--head", "L0H0"],
    ["--against", "imdb-bert-1", "--fold-norm"], ["--head", "L0H0", "--matrix", "xy"],
  ]) func refusesAWrongCommandLine(_ arguments: [String]) throws {
    let run = try GraftProcess.run(["project", "imdb-bert-1"] + arguments)
    #expect(run.status == 64 && run.output.isEmpty && !run.error.isEmpty)
  }

  @Test func refusesTokensWithoutRowsAndAnotherVocabulary() throws {
    let folder = try TemporaryFolder()
    let longer = try copy("imdb-bert-1", to: folder) { $0 + ["one-too-many"] }
    let run = try GraftProcess.run("project", longer, "--head", "L0H0")
    #expect(run.status == 1 && run.error.contains("8193 tokens") && run.error.contains("8192 rows"))
    let other = try TemporaryFolder()
    let changed = try copy("imdb-bert-1", to: other) { vocabulary in
      var vocabulary = vocabulary
      vocabulary.swapAt(700, 800)
      return vocabulary
    }
    let against = try GraftProcess.run("project", "imdb-bert-1-sentiment", "--against", changed)
    #expect(against.status == 1 && against.error.contains("token 700"), "\(against.error)")
  }

  /// A model of the repository with another vocabulary.
  private func copy(
    _ model: String, to folder: TemporaryFolder, changing vocabulary: ([String]) -> [String]
  ) throws -> String {
    let source = Repository.model(model)
    for name in try FileManager.default.contentsOfDirectory(atPath: source) where name != "vocab.txt" {
      try FileManager.default.createSymbolicLink(
        atPath: folder.path(name), withDestinationPath: source + "/" + name)
    }
    let lines = try String(contentsOfFile: source + "/vocab.txt", encoding: .utf8).split(separator: "\n").map(
      String.init)
    _ = try folder.write(vocabulary(lines).joined(separator: "\n") + "\n", to: "vocab.txt")
    return folder.path
  }
}
