import Checkpoints
import DenseMath
import Files
import Foundation
import TestSupport
import Testing

/// Commands that read a text, on a DistilBERT and a RoBERTa: against PyTorch's numbers in Float64, and identities.
@Suite struct FamilyReadingTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func lens(_ name: String, _ options: String...) throws -> JSONNode {
    try GraftProcess.run(["lens", Families.path(name)] + options + ["--json"]).json()["results"].item(0)
  }

  private func cells(_ result: JSONNode) throws -> [JSONNode] {
    try result["levels"].array().flatMap { try $0["places"].array() }
  }

  /// The ids of Hugging Face's own tokenizers, and their special tokens.
  @Test(arguments: Families.names) func tokenizes(_ name: String) throws {
    let texts = try Families.dataset(folder).texts
    let run = try GraftProcess.run(
      ["tokenize", Families.path(name), "--json", "--text", Families.text(name)] + texts.flatMap { ["--text", $0] })
    let lines = try run.output.split(separator: "\n").map { JSONNode(try JSON.parse(String($0), path: ""), path: "") }
    try #require(lines.count == 1 + Families.reviews)
    #expect(try lines[0]["ids"].ints() == Families.golden(name).integers("ids").values.map { Int($0) })
    let special = name == "roberta" ? ["<s>", "<mask>", "</s>"] : ["[CLS]", "[MASK]", "[SEP]"]
    let tokens = try lines[0]["tokens"].strings()
    #expect([tokens[0], tokens[Families.maskPlace(name)], tokens[tokens.count - 1]] == special)
    for (line, expected) in zip(lines.dropFirst(), try Families.expected()["ids"][name].array()) {
      let (ids, expected) = (try line["ids"].ints(), try expected.ints())
      #expect(expected.count == Families.maxLength && ids.count > expected.count)
      #expect(Array(ids.prefix(expected.count - 1)) + [ids[ids.count - 1]] == expected)
    }
  }

  @Test(arguments: [("distilbert", 2, [2, 3, 4, 0]), ("roberta", 3, [0, 2, 700, 1])])
  func describes(_ name: String, _ blocks: Int, _ special: [Int]) throws {
    let result = try GraftProcess.run("inspect", Families.path(name), "--json").json()
    #expect(try result["model_type"].string() == name && result["norm_placement"].string() == "post")
    #expect(try result["positions"].int() == 40 && result["parts"].item(0)["blocks"].int() == blocks)
    #expect(try result["language_head"]["tied"].bool() && result["classifier"].value == .null)
    let tokens = result["tokenizer"]["special_tokens"]
    #expect(try ["cls", "sep", "mask", "pad"].map { try tokens[$0].int() } == special)
    let classifier = try GraftProcess.run("inspect", Families.path(name + "-sentiment"), "--json").json()
    #expect(try classifier["classifier"]["labels"].strings() == ["NEGATIVE", "POSITIVE"])
    #expect(classifier["language_head"].value == .null)
  }

  /// `forward` writes PyTorch's states, weights and scores; `verify` and `convert` say so, too.
  @Test(arguments: Families.names) func runsForward(_ name: String) throws {
    let (states, golden) = (folder.path("states"), try Families.golden(name))
    let written = try GraftProcess.run(
      "forward", Families.path(name), "--text", Families.text(name), "-o", states, "--json"
    ).json()
    #expect(try written["ids"].ints() == golden.integers("ids").values.map { Int($0) })
    let found = try SafetensorsFile(states)
    for tensor in ["hidden", "attention", "logits"] {
      let (shape, values) = try golden.doubles(tensor)
      #expect(try found.doubles(tensor).shape == shape)
      expectCloseToLargest(try found.doubles(tensor).values, values, fraction: 2e-6, tensor)
    }
    let converted = folder.path("converted")
    let result = try GraftProcess.run("convert", Families.path(name), "-o", converted, "--json").json()
    #expect(try result["tensors"].int() == Checkpoint(directory: Families.path(name)).entries.count)
    let verified = try GraftProcess.run(
      "verify", converted, "--expected", Families.path(name) + "/expected.safetensors", "--json"
    ).json()
    #expect(try verified["passed"].bool() && verified["stages"].array().count == 2 * golden.doubles("hidden").shape[0])
    #expect(
      try GraftProcess.run("tokenize", converted, "--text", "Good films").output
        == GraftProcess.run("tokenize", Families.path(name), "--text", "Good films").output)
  }

  /// The probabilities of the mask from PyTorch's scores.
  @Test(arguments: Families.names) func predicts(_ name: String) throws {
    let scores = try logits(name)
    let result = try GraftProcess.run(
      "predict", Families.path(name), "--text", Families.text(name), "--top", "7", "--json"
    ).json()
    let places = try result["results"].item(0)["places"].array()
    try #require(places.count == 1)
    #expect(try places[0]["position"].int() == Families.maskPlace(name))
    let top = try places[0]["top"].array()
    let order = scores.indices.sorted { scores[$0] > scores[$1] }
    #expect(try top.map { try $0["id"].int() } == Array(order.prefix(7)))
    let sum = scores.reduce(0) { $0 + exp($1) }
    expectClose(
      try top.map { try $0["probability"].double() }, order.prefix(7).map { exp(scores[$0]) / sum }, absolute: 0,
      relative: 1e-5, "probabilities")
    let mask = Families.mask(name)
    let none = try GraftProcess.run("predict", Families.path(name), "--text", "a film")
    #expect(none.status == 1 && none.error.contains("has no \(mask): put \(mask) where"), "\(none.error)")
    let longer = try GraftProcess.run("predict", Families.path(name), "--text", "a \(mask)", "--generate", "2")
    #expect(longer.status == 1 && longer.error.contains("this one fills masks"), "\(longer.error)")
  }

  /// PyTorch's scores of the mask.
  private func logits(_ name: String) throws -> [Double] {
    let (shape, values) = try Families.golden(name).doubles("logits")
    return Array(values[Families.maskPlace(name) * shape[1]..<(Families.maskPlace(name) + 1) * shape[1]])
  }

  @Test(arguments: Families.names) func readsEveryLayer(_ name: String) throws {
    let golden = try Families.golden(name)
    let result = try lens(name, "--text", Families.text(name), "--target", " the", "--versus", " and", "--top", "5")
    let cells = try cells(result)
    for (key, tensor) in [("entropy", "lens_entropy"), ("kl_to_final", "lens_kl_to_final")] {
      expectClose(
        try cells.map { try $0[key].double() }, try golden.doubles(tensor).values, absolute: 1e-5, relative: 1e-5, key)
    }
    let top = try cells.flatMap { try $0["top"].array() }
    #expect(try top.map { try $0["id"].int() } == golden.integers("lens_top_id").values.map { Int($0) })
    expectClose(
      try top.map { log(try $0["probability"].double()) }, try golden.doubles("lens_top_logprob").values,
      absolute: 1e-5, relative: 1e-5, "log-probability")
    // What is followed, at the mask of the last level.
    let scores = try logits(name)
    let last = try result["levels"].array().last?["places"].item(Families.maskPlace(name))
    let vocabulary = try GraftProcess.run("tokenize", Families.path(name), "--text", " the", "--text", " and", "--json")
    let ids = try vocabulary.output.split(separator: "\n").map {
      try JSONNode(JSON.parse(String($0), path: ""), path: "")["ids"].item(1).int()
    }
    let cell = try #require(last)
    expectClose(
      [try cell["target"]["logit"].double(), try cell["versus"]["logit"].double()], ids.map { scores[$0] },
      absolute: 1e-5, relative: 0, "logits of the tokens followed")
    // The last level is what the model predicts.
    let predicted = try GraftProcess.run(
      "predict", Families.path(name), "--text", Families.text(name), "--top", "5", "--json"
    ).json()["results"].item(0)["places"].item(0)["top"].array()
    #expect(
      try cell["top"].array().map { try $0["logit"].double() } == predicted.map { try $0["logit"].double() })
  }

  @Test(arguments: Families.names) func masksEachTokenInTurn(_ name: String) throws {
    let each = try lens(name, "--text", "The film", "--mask-each")
    let byHand = try lens(name, "--text", "\(Families.mask(name)) film", "--tokens", "1")
    for (one, other) in zip(try each["levels"].array(), try byHand["levels"].array()) {
      let cell = try one["places"].item(0)
      #expect(try one["places"].array().count == 2 && cell["position"].int() == 1)
      #expect(try cell["entropy"].double() == other["places"].item(0)["entropy"].double())
    }
  }

  /// The parts add up to PyTorch's logit, at the mask unless other places are named.
  @Test(arguments: Families.names) func attributesALogit(_ name: String) throws {
    let scores = try logits(name)
    let result = try lens(name, "--text", Families.text(name), "--attribute")
    let attributions = try result["attributions"].array()
    try #require(attributions.count == 1)
    #expect(try attributions[0]["position"].int() == Families.maskPlace(name))
    let target = try attributions[0]["target"]["id"].int()
    #expect(target == scores.indices.max { scores[$0] < scores[$1] })
    let parts = try attributions[0]["parts"].array()
    let sum = try parts.reduce(0) { try $0 + $1["value"].double() }
    expectClose([sum], [scores[target]], absolute: 1e-5, relative: 0, "the sum of the parts")
    // DistilBERT has no token type to attribute to.
    let names = try parts.map { try $0["name"].string() }
    #expect(names.contains("position") && names.contains("type") == (name == "roberta"))
    let refused = try GraftProcess.run("lens", Families.path(name), "--text", "a film", "--attribute")
    #expect(refused.status == 1 && refused.error.contains("has no \(Families.mask(name))"), "\(refused.error)")
  }

  /// A head that is ablated is one whose rows of wO are zero; a state that is patched everywhere is the other text's.
  @Test(arguments: [
    ("distilbert", "distilbert.transformer.layer.1.attention.out_lin.weight"),
    ("roberta", "roberta.encoder.layer.1.attention.output.dense.weight"),
  ]) func ablatesAndPatches(_ name: String, _ wO: String) throws {
    let text = Families.text(name)
    let without = try Families.write(name, to: folder) { stored, tensor in
      guard stored == wO else { return (stored, tensor) }
      return (stored, Tensor(shape: tensor.shape, tensor.values.enumerated().map { $0 % 16 < 8 ? $1 : 0 }))
    }
    let ablated = try cells(lens(name, "--text", text, "--ablate", "L1H1"))
    let other = try GraftProcess.run("lens", without, "--text", text, "--json").json()["results"].item(0)
    func entropies(_ cells: [JSONNode]) throws -> [Double] { try cells.map { try $0["entropy"].double() } }
    expectClose(
      try entropies(ablated), try entropies(cells(other)), absolute: 1e-6, relative: 0, "entropy without the head")
    #expect(try entropies(ablated) != entropies(cells(lens(name, "--text", text))))

    let swapped = try lens(
      name, "--text", text.replacing("The", with: "A"), "--patch", "L0.residPost=from:" + text)
    let (levels, own) = (try swapped["levels"].array(), try lens(name, "--text", text)["levels"].array())
    for (one, same) in zip(levels.dropFirst(), own.dropFirst()) {
      #expect(try entropies(one["places"].array()) == entropies(same["places"].array()))
    }
    #expect(try entropies(levels[0]["places"].array()) != entropies(own[0]["places"].array()))
  }

  /// A dataset of one text of one token is that token's prompt, and loss is that token's.
  @Test(arguments: Families.names) func readsADataset(_ name: String) throws {
    let one = try folder.write(#"{"id": "1", "text": "The", "label": 0}"# + "\n", to: "one.jsonl")
    let statistics = try GraftProcess.run("lens", Families.path(name), "--dataset", one, "--json").json()
    #expect(try statistics["places"].int() == 1 && statistics["bytes"].int() == 3)
    let prompt = try lens(name, "--text", Families.mask(name), "--target", "The", "--tokens", "1")
    let levels = try statistics["levels"].array().reversed()
    let (cells, byName) = (
      try prompt["levels"].array(),
      try Dictionary(uniqueKeysWithValues: levels.map { (try $0["level"].string(), $0) })
    )
    #expect(cells.count == levels.count)
    for level in cells {
      let (cell, mean) = (try level["places"].item(0), try #require(byName[try level["level"].string()]))
      let loss = -(try cell["target"]["logprob"].double())
      expectClose(
        [try mean["entropy"].double(), try mean["loss"].double(), try mean["bits_per_byte"].double()],
        [try cell["entropy"].double(), loss, loss / log(2) / 3], absolute: 1e-6, relative: 1e-6, "statistics")
    }
  }

  /// A tuned lens brings every level closer to the last one, and is refused with another head.
  @Test(arguments: Families.names) func fitsATunedLens(_ name: String) throws {
    let (dataset, file) = (try Families.dataset(folder).path, folder.path("lens.safetensors"))
    let texts = ["--dataset", dataset, "--max-length", "24"]
    let fit = try GraftProcess.run(
      ["lens-fit", Families.path(name)] + texts + ["--mask-share", "0.5", "-o", file, "--json"]
    ).json()
    #expect(try fit["levels"].array().allSatisfy { try (0.5...1).contains($0["explained_variance"].double()) })
    let levels = try GraftProcess.run(["lens", Families.path(name)] + texts + ["--tuned", file, "--json"]).json()[
      "levels"
    ].array()
    func divergence(_ level: String, tuned: Bool) throws -> Double {
      let found = try levels.first { try $0["level"].string() == level && $0["tuned"].bool() == tuned }
      return try #require(found)["kl_to_final"].double()
    }
    for level in ["embed", "L0"] {
      #expect(try divergence(level, tuned: true) < 0.5 * divergence(level, tuned: false), "\(level)")
    }
    let refused = try GraftProcess.run(
      "lens", Families.path(name), "--text", "a", "--head", "embedding", "--tuned", file)
    #expect(refused.status == 1 && refused.error.contains("fitted with the unembedding"), "\(refused.error)")
  }

  @Test(arguments: Families.names) func drawsPictures(_ name: String) throws {
    let (svg, html) = (folder.path("a.svg"), folder.path("a.html"))
    let run = try GraftProcess.run(
      "lens", Families.path(name), "--text", Families.text(name), "--show", "kl", "--svg", svg, "--html", html)
    #expect(run.status == 0, "\(run.error)")
    let picture = try XMLTree.parse(String(contentsOfFile: svg, encoding: .utf8))
    #expect(picture.all("text").contains { $0.text == Families.mask(name) })
    let page = try XMLTree.parse(String(contentsOfFile: html, encoding: .utf8))
    #expect(page.all("th").contains { $0.text == Families.mask(name) })
  }
}
