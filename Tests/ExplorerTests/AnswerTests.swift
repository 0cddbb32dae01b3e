import DenseMath
import Evaluation
import Explorer
import Files
import Interpretability
import Reporting
import TestSupport
import Testing
import Tokenization
import Transformer

/// The numbers of an answer are those of the library's calls.
@Suite(.ownThread) struct AnswerTests {
  /// What `LogitLens` says of a text, in the form of a result.
  private func reading(
    _ name: String, _ text: String, masking: Bool = false, changes: [SiteChange] = [], target: String? = nil
  ) throws -> JSONNode {
    let reading = try LensReading.ofLibrary(name, text, masking: masking, changes: changes, target: target)
    return JSONNode(try JSON.parse(JSON(encoding: reading).serialized(), path: "library"), path: "library")
  }

  private func expectEqual(_ node: JSONNode, _ expected: JSONNode) throws {
    let found = try #require(node.value)
    #expect(found.serialized() == expected.value?.serialized())
  }

  @Test func theLensOfGPT2() async throws {
    let server = try RunningExplorer("imdb-gpt2-narrow")
    let text = "This movie was a complete waste of"
    let answer = try await server.client.object(
      "/api/lens", ["model": "imdb-gpt2-narrow", "text": .string(text), "target": " time"])
    let map = try answer["maps"].array()[0]
    try expectEqual(map["reading"], reading("imdb-gpt2-narrow", text, target: " time"))
    #expect(try map["map"]["columns"].array().count == 7 && map["map"]["rows"].array().count == 5)
    #expect(try map["map"]["rows"].array()[0].string() == "L3")
    #expect(
      try answer["command"].string()
        == "graft lens imdb-gpt2-narrow --text 'This movie was a complete waste of' --target ' time'")
    #expect(!answer["difference"].isPresent)
  }

  @Test func theLensOfBERTWithMasks() async throws {
    let server = try RunningExplorer("imdb-bert-1")
    let text = "the acting is [MASK] ."
    let answer = try await server.client.object("/api/lens", ["model": "imdb-bert-1", "text": .string(text)])
    try expectEqual(try answer["maps"].array()[0]["reading"], reading("imdb-bert-1", text))
    let each = try await server.client.object(
      "/api/lens", ["model": "imdb-bert-1", "text": "a great film", "mask_each": true])
    try expectEqual(try each["maps"].array()[0]["reading"], reading("imdb-bert-1", "a great film", masking: true))
    #expect(try each["command"].string() == "graft lens imdb-bert-1 --text 'a great film' --mask-each")
  }

  @Test func changesAndTheirDifference() async throws {
    let server = try RunningExplorer("imdb-gpt2-narrow")
    let text = "a complete waste of"
    let answer = try await server.client.object(
      "/api/lens",
      [
        "model": "imdb-gpt2-narrow", "text": .string(text),
        "changes": ["L1H0=zero", "L2.mlp=mean", "L0.residPost@1=from:a great film about"],
      ])
    let maps = try answer["maps"].array()
    #expect(maps.count == 2)
    try expectEqual(maps[0]["reading"], reading("imdb-gpt2-narrow", text))
    let changes = try [
      #require(SiteChange(ablation: "L1H0=zero")), #require(SiteChange(ablation: "L2.mlp=mean")),
      #require(SiteChange(patch: "L0.residPost@1=from:a great film about")),
    ]
    try expectEqual(maps[1]["reading"], reading("imdb-gpt2-narrow", text, changes: changes))
    // Entropies are printed with two decimals; the difference is taken before that.
    func entropies(_ map: JSONNode) throws -> [Double] {
      try map["statistics"].array().first { try $0["name"].string().hasPrefix("entropy") }?["values"].array()
        .map { try $0.double() } ?? []
    }
    let (before, after) = (try entropies(maps[0]["map"]), try entropies(maps[1]["map"]))
    let difference = try entropies(answer["difference"])
    #expect(difference.count == 20 && difference.contains { abs($0) > 0.1 })
    for place in difference.indices { #expect(abs(after[place] - before[place] - difference[place]) < 0.0151) }
    #expect(
      try answer["command"].string()
        == "graft lens imdb-gpt2-narrow --text 'a complete waste of' --ablate L1H0=zero --ablate L2.mlp=mean "
        + "--patch 'L0.residPost@1=from:a great film about' --unchanged")
  }

  @Test func twoModelsSideBySide() async throws {
    let server = try RunningExplorer("imdb-bert-1", "imdb-bert-2")
    let text = "the acting is [MASK] ."
    let answer = try await server.client.object(
      "/api/lens", ["model": "imdb-bert-1", "text": .string(text), "beside": ["model": "imdb-bert-2"]])
    let maps = try answer["maps"].array()
    try expectEqual(maps[0]["reading"], reading("imdb-bert-1", text))
    try expectEqual(maps[1]["reading"], reading("imdb-bert-2", text))
  }

  @Test func theAttributionOfALogit() async throws {
    let server = try RunningExplorer("imdb-gpt2-narrow")
    let model = try RunningExplorer.model("imdb-gpt2-narrow")
    let tokenizer = try model.tokenizer()
    let ids = try tokenizer.encode("a complete waste of").ids
    let time = try SingleToken(" time", tokenizer).id
    let expected = try LogitAttribution.attributions(
      at: [(3, time)], in: ids, model: model, head: model.requireUnembedding(), workspace: Workspace())[0]
    let answer = try await server.client.object(
      "/api/attribution",
      ["model": "imdb-gpt2-narrow", "text": "a complete waste of", "position": 3, "target": " time"])
    let parts = try answer["attribution"]["parts"].array()
    #expect(try parts.map { try $0["name"].string() } == expected.parts.map(\.name))
    #expect(try parts.map { try $0["value"].double() } == expected.parts.map(\.value))
    #expect(try answer["attribution"]["logit"].double() == expected.logit)
    #expect(parts.count > 20)
  }

  @Test func aHeadAndANeuron() async throws {
    let server = try RunningExplorer("imdb-gpt2-narrow")
    let model = try RunningExplorer.model("imdb-gpt2-narrow")
    let ids = try model.tokenizer().encode("a complete waste of").ids
    let trace = try model.trace(ids, workspace: Workspace())
    let head = try await server.client.object(
      "/api/head", ["model": "imdb-gpt2-narrow", "text": "a complete waste of", "head": "L2H1"])
    let raw = try head["raw"].array().flatMap { try $0.array().map { try $0.double() } }
    let weights = trace.segments[0].attention[2][16..<32]
    #expect(raw.count == 16)
    for (found, weight) in zip(raw, weights) { #expect(abs(found - Double(weight)) < 1e-4) }
    let all = try await server.client.object(
      "/api/attention", ["model": "imdb-gpt2-narrow", "text": "a complete waste of"])
    #expect(try all["side"].int() == 4 && all["heads"].array().count == 4 && all["heads"].array()[0].array().count == 4)
    let picture = try all["heads"].array()[2].array()[1].string()
    let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    for (digit, weight) in zip(picture, weights) {
      let step = try #require(digits.firstIndex(of: digit))
      #expect(abs(Float(step) / 63 - weight) < 0.009)
    }
    let neuron = try await server.client.object(
      "/api/neuron", ["model": "imdb-gpt2-narrow", "text": "a complete waste of", "neuron": "L1:7"])
    let hidden = try #require(
      model.values(
        at: [BlockSite(layer: 1, site: .mlpHidden)], of: PackedBatch([ids]), workspace: Workspace())[
          BlockSite(layer: 1, site: .mlpHidden)])
    for (place, activation) in try neuron["activations"].array().enumerated() {
      #expect(abs(Float(try activation.double()) - hidden[row: place][7]) < 1e-6)
    }
    #expect(try neuron["vectors"].array().map { try $0["group"].string() } == ["ff-key", "ff-value"])
    let most = try await server.client.object(
      "/api/neurons", ["model": "imdb-gpt2-narrow", "text": "a complete waste of", "layer": 1, "position": 2])
    let strongest = hidden[row: 2].map { abs($0) }.max() ?? 0
    #expect(abs(abs(Float(try most["neurons"].array()[0]["activation"].double())) - strongest) < 1e-6)
    let pairs = try await server.client.object(
      "/api/pairs", ["model": "imdb-gpt2-narrow", "head": "L2H1", "matrix": "qk"])
    let found = try VocabularyProjection(model).topPairs(.qk, of: HeadPlace(layer: 2, head: 1), count: 20)
    #expect(try pairs["pairs"].array().map { try $0["score"].double() } == found.map { Double($0.score) })
  }

  @Test func theDecisionOfAClassifier() async throws {
    let server = try RunningExplorer("imdb-bert-1-sentiment")
    let model = try RunningExplorer.model("imdb-bert-1-sentiment")
    let ids = try model.tokenizer().encode("a waste of two hours").ids
    let logits = try model.classify(PackedBatch([ids]), workspace: Workspace())[0]
    let answer = try await server.client.object(
      "/api/decision", ["model": "imdb-bert-1-sentiment", "text": "a waste of two hours"])
    let levels = try answer["reading"]["levels"].array()
    #expect(try levels.last?["logits"].array().map { Float(try $0.double()) } == logits)
    #expect(
      try answer["command"].string() == "graft lens-classifier imdb-bert-1-sentiment --text 'a waste of two hours'")
  }
}
