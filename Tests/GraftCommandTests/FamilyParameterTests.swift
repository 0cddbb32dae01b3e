import Checkpoints
import Files
import Foundation
import TestSupport
import Testing

/// Parameters and attention of the families through the command line, against PyTorch's numbers and the tensors.
@Suite struct FamilyParameterTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func project(_ name: String, _ options: String...) throws -> JSONNode {
    try GraftProcess.run(["project", Families.path(name)] + options + ["--json"]).json()
  }

  @Test(arguments: Families.names) func readsPairsAndVectors(_ name: String) throws {
    let stored = try JSONNode.read(Families.path(name) + "/expected.json")
    for entry in try stored["top_pairs"].array() {
      let head = "L\(try entry["layer"].int())H\(try entry["head"].int())"
      let found = try project(name, "--head", head, "--matrix", entry["matrix"].string(), "--top", "20")["pairs"]
        .array()
      let pairs = try entry["pairs"].array()
      #expect(
        try found.map { [try $0["row"]["id"].int(), try $0["column"]["id"].int()] }
          == pairs.map { [try $0.item(0).int(), try $0.item(1).int()] }, "\(head)")
      expectClose(
        try found.map { try $0["score"].double() }, try pairs.map { try $0.item(2).double() }, absolute: 0,
        relative: 1e-4, head)
    }
    for entry in try stored["top_tokens"].array() {
      let place = "L\(try entry["layer"].int()):\(try entry["index"].int())"
      let vectors = try project(name, "--ff-key", place, "--ff-value", place, "--top", "20")["vectors"]
      for (index, key) in ["key", "value"].enumerated() {
        #expect(
          try vectors.item(index)["highest"].array().map { try $0["id"].int() }
            == entry[key].array().map { try $0.item(0).int() }, "\(place) \(key)")
      }
    }
  }

  /// wE v, for a column of wQ and a row of wO, from the tensors.
  @Test(arguments: [
    ("distilbert", "distilbert.", "distilbert.transformer.layer.1.attention.", "q_lin", "out_lin"),
    ("roberta", "roberta.", "roberta.encoder.layer.1.attention.", "self.query", "output.dense"),
  ]) func projectsVectors(_ name: String, _ prefix: String, _ block: String, _ wQ: String, _ wO: String) throws {
    let wE = try Families.tensor(name, prefix + "embeddings.word_embeddings.weight")
    let (query, output) = (
      try Families.tensor(name, block + wQ + ".weight"), try Families.tensor(name, block + wO + ".weight")
    )
    // PyTorch's Linear is [out, in]: place 3 of head 1 is row 11 of wQ's and column 11 of wO's.
    let vectors = [(0..<16).map { query[11 * 16 + $0] }, (0..<16).map { output[$0 * 16 + 11] }]
    let read = try project(name, "--query", "L1H1:3", "--output", "L1H1:3", "--top", "4")["vectors"]
    for (index, vector) in vectors.enumerated() {
      let scores = (0..<wE.rows).map { row in
        (0..<16).reduce(0.0) { $0 + Double(wE[row * 16 + $1]) * Double(vector[$1]) }
      }
      let order = scores.indices.sorted { scores[$0] > scores[$1] }
      for (end, ids) in [("highest", Array(order.prefix(4))), ("lowest", Array(order.reversed().prefix(4)))] {
        let items = try read.item(index)[end].array()
        #expect(try items.map { try $0["id"].int() } == ids)
        expectClose(
          try items.map { try $0["score"].double() }, ids.map { scores[$0] }, absolute: 1e-6, relative: 1e-5, end)
      }
    }
  }

  /// A model aligned with itself: every layer with itself, every vector with itself.
  @Test(arguments: Families.names) func alignsAModelWithItself(_ name: String) throws {
    let path = Families.path(name)
    let pair = try GraftProcess.run("align", path, path, "--vectors", "3", "--json").json()["pairs"].item(0)
    let groups = try pair["groups"].array()
    let vocabulary = try Families.golden(name).doubles("logits").shape[1]
    #expect(try groups.count == 12 && pair["shared_tokens"].int() == vocabulary)
    for group in groups {
      let layers = try group["assignment"].array().map { try $0.ints() }
      #expect(layers == (0..<layers.count).map { [$0, $0] } && layers.count == (name == "roberta" ? 3 : 2))
      for layer in try group["vectors"].array() {
        for vector in try layer["pairs"].array() {
          #expect(try vector["a"].value == vector["b"].value && vector["correlation"].double() > 0.9999)
        }
      }
    }
  }

  /// Two vocabularies: refused with the number of tokens in both, or aligned through these.
  @Test(arguments: [("roberta", "distilbert", 116), ("roberta", "imdb-gpt2-narrow", 682)])
  func alignsThroughSharedTokens(_ a: String, _ b: String, _ shared: Int) throws {
    let models = [Families.path(a), b.hasPrefix("imdb") ? b : Families.path(b)]
    let refused = try GraftProcess.run(["align"] + models)
    #expect(
      refused.status == 1 && refused.error.contains("; \(shared) tokens are in both; --allow-partial-vocabulary"),
      "\(refused.error)")
    let aligned = try GraftProcess.run(
      ["align"] + models + ["--allow-partial-vocabulary", "--groups", "V", "--json"]
    ).json()["pairs"].item(0)
    #expect(try aligned["shared_tokens"].int() == shared)
    // Equal widths of 16 in the first pair alone.
    #expect(try aligned["groups"].array().count == (b == "distilbert" ? 2 : 1))
  }

  /// Effective attention and its rank as PyTorch has them; tables name the vocabulary's own special tokens.
  @Test(arguments: Families.names) func findsEffectiveAttention(_ name: String) throws {
    let (file, golden) = (folder.path("w.safetensors"), try Families.golden(name))
    let arguments = ["identify", Families.path(name), "--text", Families.text(name)]
    let heads = try GraftProcess.run(arguments + ["--save", file, "--json"]).json()["results"].item(0)["heads"].array()
    #expect(try heads.map { try $0["rank"].int() } == golden.integers("value_rank").values.map { Int($0) })
    let saved = try SafetensorsFile(file)
    let (shape, effective) = try golden.doubles("effective_attention")
    let found = try (0..<shape[0]).flatMap { try saved.doubles("effective_attention.\($0)").values }
    expectClose(found, effective, absolute: 2e-6, relative: 0, "effective attention")
    // In the order of the text: the first column of shares is that of the first token.
    let attention = try golden.doubles("attention").values
    let T = shape[2]
    for (index, head) in heads.enumerated() {
      let first = (0..<T).reduce(0) { $0 + attention[(index * T + $1) * T] } / Double(T)
      let last = (0..<T).reduce(0) { $0 + attention[(index * T + $1) * T + T - 1] } / Double(T)
      expectClose(
        [try head["shares"]["cls"]["raw"].double(), try head["shares"]["sep"]["raw"].double()], [first, last],
        absolute: 1e-6, relative: 0, "shares of the special tokens")
    }
    let (own, other) = name == "roberta" ? (["<s>", "</s>"], "[CLS]") : (["[CLS]", "[SEP]"], "<s>")
    let data = ["--dataset", try Families.dataset(folder).path, "--max-length", "16", "--measure", "attention"]
    let page = folder.path("page.html")
    let tables = [
      try GraftProcess.run(arguments).output,
      try GraftProcess.run(["identify", Families.path(name), "--lengths", "8", "--html", page] + data).output,
      try XMLTree.parse(String(contentsOfFile: page, encoding: .utf8)).all("td").map(\.text).joined(separator: " "),
    ]
    for text in tables {
      #expect(own.allSatisfy(text.contains) && !text.contains(other), "\(text)")
    }
  }

  @Test(arguments: Families.names) func attributesStates(_ name: String) throws {
    let result = try GraftProcess.run(
      "attribute", Families.path(name), "--text", Families.text(name), "--exact", "--json"
    ).json()["results"].item(0)
    let found = try result["contributions"].array().flatMap { try $0.array().flatMap { try $0.doubles() } }
    expectClose(found, try Families.golden(name).doubles("attribution").values, absolute: 2e-6, relative: 0, "shares")
  }

  /// All tokens and the exact inverse keep every inner product.
  @Test(arguments: [("distilbert", 1145), ("roberta", 701)]) func keepsEverythingAtV(_ name: String, _ V: Int) throws {
    let vectors = try GraftProcess.run(
      "experiment", "keep-k", Families.path(name), "-n", "20", "--k", "10,\(V)", "--json"
    ).json()["vectors"].array()
    for sort in vectors {
      for curve in try sort["curves"].array() {
        let points = try curve["points"].array()
        #expect(try points.map { try $0["k"].int() } == [10, V])
        let cosine = try points[1]["cosine"].double()
        if try curve["projection"].string() == "pinv" {
          #expect(try abs(cosine - 1) < 1e-6 && points[0]["cosine"].double() < 0.99)
        }
      }
    }
  }
}
