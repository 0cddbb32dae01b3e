import Checkpoints
import DenseMath
import Files
import Foundation
import TestSupport
import Testing
import Transformer

@Suite struct PredictTests {
  private static let writer = "imdb-gpt2-wide"
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Softmax and order of one row of the logits that forward writes.
  private func expectedTop(_ count: Int, row: Int) throws -> [(id: Int, probability: Double)] {
    let (shape, values) = try SafetensorsFile(folder.path("states")).doubles("logits")
    let logits = values[row * shape[1]..<(row + 1) * shape[1]].map { $0 }
    let sum = logits.reduce(0) { $0 + exp($1) }
    let order = logits.indices.sorted { logits[$0] != logits[$1] ? logits[$0] > logits[$1] : $0 < $1 }
    return order.prefix(count).map { ($0, exp(logits[$0]) / sum) }
  }

  private func check(_ place: JSONNode, count: Int, row: Int) throws {
    let top = try place["top"].array()
    let expected = try expectedTop(count, row: row)
    #expect(try top.map { try $0["id"].int() } == expected.map(\.id))
    expectClose(
      try top.map { try $0["probability"].double() }, expected.map(\.probability), absolute: 1e-5, relative: 1e-4,
      "probabilities")
  }

  @Test func fillsEveryMask() throws {
    let text = "the acting is [MASK] and the plot is [MASK] ."
    let result = try GraftProcess.run("predict", "imdb-bert-1", "--text", text, "--top", "7", "--json").json()
    let places = try result["results"].item(0)["places"].array()
    #expect(try places.map { try $0["position"].int() } == [4, 9])
    _ = try GraftProcess.run("forward", "imdb-bert-1", "--text", text, "-o", folder.path("states"))
    for place in places { try check(place, count: 7, row: place["position"].int()) }
  }

  @Test func showsWhatMayFollow() throws {
    let result = try GraftProcess.run("predict", Self.writer, "--text", "I watched this", "--json").json()
    let place = try #require(try result["results"].item(0)["places"].array().first)
    #expect(try place["position"].int() == 3)
    _ = try GraftProcess.run("forward", Self.writer, "--text", "I watched this", "-o", folder.path("states"))
    try check(place, count: 5, row: 2)
    #expect(try place["top"].item(0)["token"].string() == "Ġmovie")
  }

  private func continuation(_ options: String..., text: String = "The best film") throws -> JSONNode {
    try GraftProcess.run(["predict", Self.writer, "--text", text, "--json", "--generate"] + options).json()["results"]
      .item(0)["continuation"]
  }

  /// Greedy through the cache, against running the whole text again for every token.
  @Test func cachingChangesNoToken() throws {
    let model = try Model(directory: Repository.model(Self.writer))
    let prompt = try GraftProcess.run("tokenize", Self.writer, "--text", "The best film", "--json").json()["ids"].ints()
    let ids = prompt.map(Int32.init)
    let slow = try model.generate(after: ids, count: 40, usesCache: false, workspace: Workspace())
    let fast = try model.generate(after: ids, count: 40, workspace: Workspace())
    #expect(slow.ids.count == 40 && slow == fast)
    #expect(try continuation("40")["ids"].ints() == slow.ids.map(Int.init))
  }

  @Test func drawsTheSameFromTheSameSeed() throws {
    func ids(_ options: String...) throws -> [Int] {
      try GraftProcess.run(
        ["predict", Self.writer, "--text", "The best film", "--json", "--generate", "12"] + options
      ).json()["results"].item(0)["continuation"]["ids"].ints()
    }
    let greedy = try ids()
    let seven = try ids("--sample", "--seed", "7")
    #expect(seven == (try ids("--sample", "--seed", "7", "-t", "1")))
    #expect(seven != (try ids("--sample", "--seed", "8")))
    #expect(seven != greedy)
    #expect(try ids("--sample", "--top-k", "1") == greedy)
    #expect(try ids("--sample", "--temperature", "0.001") == greedy)
  }

  @Test func drawsInProportion() throws {
    let model = try Model(directory: Repository.model(Self.writer))
    let workspace = Workspace()
    let prompt: [Int32] = [41, 1327, 328]  // I watched this
    let h = try model.forward(PackedBatch([prompt]), workspace: workspace)
    let top = try model.tokenScores(h, row: 2, workspace: workspace).top(3)
    let sum = top.reduce(0) { $0 + exp(Double($1.logit) / 2) }
    var counts: [Int32: Int] = [:]
    let draws = 3000
    for seed in 0..<UInt64(draws) {
      let choice = TokenChoice.sampled(temperature: 2, topK: 3, seed: seed)
      let drawn = try model.generate(after: prompt, count: 1, choosing: choice, workspace: workspace)
      counts[drawn.ids[0], default: 0] += 1
    }
    #expect(Set(counts.keys) == Set(top.map(\.id)))
    for item in top {
      let share = exp(Double(item.logit) / 2) / sum
      // Five standard deviations.
      #expect(
        abs(Double(counts[item.id] ?? 0) - share * Double(draws)) < 5
          * (Double(draws) * share * (1 - share)).squareRoot())
    }
  }

  @Test func stopsWhereTheTextFillsThePositions() throws {
    let text = String(repeating: "good film ", count: 250)
    let tokens = try GraftProcess.run("tokenize", Self.writer, "--text", text, "--json").json()["ids"].array().count
    let result = try continuation("5000", text: text)
    let stop = try result["stop"].string()
    #expect(["positions", "end_of_text"].contains(stop))
    #expect(try stop == "end_of_text" || result["ids"].array().count == 512 - tokens)
    let model = try Model(directory: Repository.model(Self.writer))
    let full = try model.generate(after: Array(repeating: 504, count: 510), count: .max, workspace: Workspace())
    #expect(full.ids.count == 2 && full.stop == .positions)
  }

  @Test func stopsAtTheTokenThatEndsAText() throws {
    let model = try Model(directory: Repository.model(Self.writer))
    let free = try model.generate(after: [40, 734], count: 10, workspace: Workspace())
    let end = free.ids[4]
    let stopped = try model.generate(after: [40, 734], count: 10, endOfText: [end], workspace: Workspace())
    let length = (free.ids.firstIndex(of: end) ?? 0) + 1
    #expect(stopped.ids == Array(free.ids[..<length]))
    #expect(stopped.stop == .endOfText)
  }

  @Test func ordersEqualScoresById() {
    let scores = TokenScores(logits: [1, 3, 2, 3, 3, 0])
    #expect(scores.top(4).map(\.id) == [1, 3, 4, 2])
    #expect(scores.top(99).map(\.id) == [1, 3, 4, 2, 0, 5])
    let probabilities = TokenScores(logits: [0, 0, 0, 0]).top(2).map(\.probability)
    #expect(probabilities == [0.25, 0.25])
  }
}
