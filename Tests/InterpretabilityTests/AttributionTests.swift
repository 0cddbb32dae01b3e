import Checkpoints
import DenseMath
import Files
import Foundation
import Interpretability
import TestSupport
import Testing
import Training
import Transformer

/// Hidden token attribution against stored results, and the estimates against the exact values.
@Suite struct AttributionTests {
  private static let goldens =
    ["bert", "bert-classifier", "bert-wide", "gpt2", "gpt2-mean-classifier", "gpt2-wide"]
    .map { "tiny/" + $0 } + ["variants/distilbert", "variants/roberta"]

  private static let classifiers = [
    "tiny/bert-classifier", "tiny/gpt2-mean-classifier", "variants/distilbert-three-labels",
    "variants/roberta-three-labels",
  ]

  private func attribution(
    _ model: Model, _ ids: [Int32], _ definition: TokenAttribution.Definition, memory: Int = 128 << 20, threads: Int = 2
  ) throws -> TokenAttribution {
    try TokenAttribution(
      of: model, PackedBatch([ids]), definition: definition, memory: memory,
      workspace: Workspace(threads: Threads(threads)), derivatives: DerivativeWorkspace(threads: Threads(threads)))
  }

  private func ids(_ name: String) throws -> [Int32] {
    try Golden.expected(name).integers("ids").values.map { Int32($0) }
  }

  /// 1e-4 of a row's largest; measured: at most 5.2e-7.
  @Test(arguments: goldens) func exactMatchesTheGolden(_ name: String) throws {
    let file = try Golden.expected(name)
    let (shape, expected) = try file.doubles("attribution")
    let found = try attribution(Golden.model(name), ids(name), .exact)
    #expect(shape == [found.levels, found.tokens, found.tokens])
    let T = found.tokens
    for (level, cells) in found.contributions.enumerated() {
      for j in 0..<T {
        let row = (level * T + j) * T
        expectCloseToLargest(
          Array(cells[j * T..<(j + 1) * T]), Array(expected[row..<row + T]), fraction: 1e-4, "level \(level + 1), \(j)")
      }
    }
    // One direction at a time, on one thread: the same bits.
    #expect(
      try attribution(Golden.model(name), ids(name), .exact, memory: 1, threads: 1).contributions == found.contributions
    )
  }

  /// 256 probes, seed 42. Of all contributions at least 99% within 3 of their standard errors, all
  /// within 5.
  @Test(arguments: ["tiny/bert-wide", "tiny/gpt2-wide", "trained/imdb-bert-1", "trained/imdb-gpt2-narrow"])
  func probesAreWithinTheirErrors(_ name: String) throws {
    let model = try Golden.model(name)
    let text = Array(try ids(name).prefix(24))
    let exact = try attribution(model, text, .exact)
    let probes = try attribution(model, text, .probes(count: 256, seed: 42))
    var (count, outside) = (0, 0)
    for level in exact.contributions.indices {
      for (cell, c) in exact.contributions[level].enumerated() where c > 0 {
        let distance = abs(probes.contributions[level][cell] - c) / probes.standardErrors[level][cell]
        // The last token of a row that sees itself alone has no variance.
        if c == 1 { continue }
        count += 1
        if distance > 3 { outside += 1 }
        #expect(distance <= 5, "level \(level + 1), cell \(cell): \(distance)")
      }
    }
    #expect(Double(outside) <= 0.01 * Double(count), "\(outside) of \(count) outside 3")
    #expect(count > 400)
    #expect(
      try attribution(model, text, .probes(count: 256, seed: 42), memory: 1).contributions == probes.contributions)
    #expect(try attribution(model, text, .probes(count: 256, seed: 43)).contributions != probes.contributions)
  }

  /// ‖1ᵀ J‖ from differences of the sum of each state's numbers.
  @Test(arguments: TinyCheckpoint.Kind.allCases) func onesIsTheGradientOfTheSum(_ kind: TinyCheckpoint.Kind) throws {
    let folder = try TemporaryFolder()
    try TinyCheckpoint.make(kind, positions: 6).write(to: folder.path)
    let oracle = try Oracle(directory: folder.path).loaded()
    let model = try Model(directory: folder.path)
    let text: [Int32] = [4, 7, 1, 4]
    let found = try attribution(model, text, .ones, memory: 1)
    let start = try oracle.forward(text.map(Int.init)).hidden[0]
    let (T, d) = (4, 12)
    var norms = [[Double]](repeating: [Double](repeating: 0, count: T * T), count: 2)
    for input in start.indices {
      func states(_ step: Double) throws -> [[Double]] {
        var changed = start
        changed[input] += step
        return try oracle.forward(text.map(Int.init), startingFrom: changed).hidden
      }
      let (high, low) = (try states(1e-5), try states(-1e-5))
      for level in 0..<2 {
        for j in 0..<T {
          let sum = (0..<d).reduce(0.0) { $0 + high[level + 1][j * d + $1] - low[level + 1][j * d + $1] } / 2e-5
          norms[level][j * T + input / d] += sum * sum
        }
      }
    }
    for level in 0..<2 {
      let expected = (0..<T).flatMap { j -> [Double] in
        let row = norms[level][j * T..<(j + 1) * T].map { $0.squareRoot() }
        // BERT's norms keep the sum of a state constant except for gain: the row is small, not 0.
        return row.map { $0 / row.reduce(0, +) }
      }
      expectClose(found.contributions[level], expected, absolute: 1e-4, relative: 0, "level \(level + 1)")
    }
  }

  /// x · ∂score/∂x is the score's derivative along x.
  @Test(arguments: classifiers) func inputTimesGradient(_ name: String) throws {
    let model = try Golden.model(name)
    let oracle = try Oracle(directory: model.checkpoint.directory).loaded()
    let text = Array(try ids(name).prefix(5))
    let found = try DecisionAttribution.inputTimesGradient(
      of: model, PackedBatch([text]), label: 1, workspace: Workspace(threads: Threads(2)),
      derivatives: DerivativeWorkspace(threads: Threads(2)))
    let start = try oracle.forward(text.map(Int.init)).hidden[0]
    let d = start.count / text.count
    let expected = try text.indices.map { row -> Double in
      func score(_ step: Double) throws -> Double {
        var changed = start
        for column in 0..<d { changed[row * d + column] *= 1 + step }
        return try #require(oracle.forward(text.map(Int.init), startingFrom: changed).classifierLogits)[1]
      }
      return (try score(1e-5) - score(-1e-5)) / 2e-5
    }
    expectCloseToLargest(found.tokens, expected, fraction: 1e-5, name)
    #expect(found.baselineScore == nil && found.completenessError == nil)
  }

  /// Each token's (x - b) · ∂s/∂x at the midpoints of three steps, by differences, with a baseline computed by hand.
  @Test(arguments: classifiers, DecisionAttribution.Baseline.allCases)
  func integratedGradientsFollowTheDefinition(_ name: String, baseline: DecisionAttribution.Baseline) throws {
    let model = try Golden.model(name)
    let oracle = try Oracle(directory: model.checkpoint.directory).loaded()
    let (text, mask, steps) = (Array(try ids(name).prefix(5)), 4, 3)
    let special = [true, false, false, false, true]
    let found = try DecisionAttribution.integratedGradients(
      of: model, text, label: 1, baseline: baseline, keeping: special, mask: Int32(mask), steps: steps,
      workspace: Workspace(threads: Threads(2)), derivatives: DerivativeWorkspace(threads: Threads(2)))
    let x = try oracle.forward(text.map(Int.init)).hidden[0]
    let d = x.count / text.count
    let masked = try oracle.forward(text.map { _ in mask }).hidden[0]
    let b = x.indices.map { index -> Double in
      if special[index / d] { return x[index] }
      switch baseline {
      case .zero: return 0
      case .mask: return masked[index]
      case .mean: return text.indices.reduce(0) { $0 + x[$1 * d + index % d] } / Double(text.count)
      }
    }
    func score(_ h: [Double]) throws -> Double {
      try #require(oracle.forward(text.map(Int.init), startingFrom: h).classifierLogits)[1]
    }
    expectClose(
      [found.score, try #require(found.baselineScore)], [try score(x), try score(b)], absolute: 1e-5, relative: 0,
      "scores")
    let expected = try text.indices.map { token in
      try (0..<steps).reduce(0.0) { sum, step in
        let share = (Double(step) + 0.5) / Double(steps)
        func moved(_ by: Double) -> [Double] {
          x.indices.map { b[$0] + (share + ($0 / d == token ? by : 0)) * (x[$0] - b[$0]) }
        }
        return try sum + (score(moved(1e-5)) - score(moved(-1e-5))) / 2e-5 / Double(steps)
      }
    }
    expectCloseToLargest(found.tokens, expected, fraction: 2e-5, "\(name), \(baseline)")
  }

  /// The sum over tokens is the difference of the scores, more exactly with more steps.
  @Test(arguments: ["imdb-bert-1-sentiment", "imdb-gpt2-narrow-sentiment"], DecisionAttribution.Baseline.allCases)
  func integratedGradientsAreComplete(_ name: String, baseline: DecisionAttribution.Baseline) throws {
    let model = try Golden.model("trained/" + name)
    let isBERT = !model.traits.isCausal
    let text: [Int32] = [2, 140, 900, 77, 1500, 300, 4000, 3]
    let special = text.indices.map { isBERT && ($0 == 0 || $0 == 7) }
    func attribution(_ steps: Int, memory: Int = 256 << 20) throws -> DecisionAttribution {
      try DecisionAttribution.integratedGradients(
        of: model, text, baseline: baseline, keeping: special, mask: isBERT ? 4 : nil, steps: steps, memory: memory,
        workspace: Workspace(threads: Threads(2)), derivatives: DerivativeWorkspace(threads: Threads(2)))
    }
    if baseline == .mask, !isBERT {
      #expect(throws: InterpretabilityError.self) { try attribution(4) }
      return
    }
    let (coarse, fine) = (try attribution(8), try attribution(512))
    let difference = fine.score - (try #require(fine.baselineScore))
    let error = abs(try #require(fine.completenessError))
    #expect(error < 0.01 * max(1, abs(difference)), "\(error) of \(difference)")
    #expect(error < abs(try #require(coarse.completenessError)) || error < 1e-5)
    for (row, isSpecial) in special.enumerated() where isSpecial { #expect(fine.tokens[row] == 0) }
    #expect(try attribution(8, memory: 1).tokens == coarse.tokens, "one point at a time")
  }

  /// Means over texts by hand.
  @Test func statistics() throws {
    var statistics = AttributionStatistics(levels: 1, reach: 1)
    let records = [
      AttributionRecord(
        id: "a", contributions: [[0.5, 0.3, 0.2, 0.6, 0.4, 0.0, 0.1, 0.1, 0.8]], special: [true, false, false], reach: 1
      ),
      AttributionRecord(id: "b", contributions: [[1]], special: [false], reach: 1),
    ]
    var again = statistics
    for record in records {
      statistics.add(record)
      again.add(
        try AttributionRecord(JSONNode(JSON.parse(JSON(encoding: record).serialized(), path: "texts"), path: "")))
    }
    #expect(try JSON(encoding: again) == JSON(encoding: statistics), "from the lines of a run")
    let level = statistics.summaries[0]
    #expect(level.tokens == 4)
    expectClose([level.own.mean], [(0.5 + 0.4 + 0.8 + 1) / 4], absolute: 1e-12, relative: 0, "own")
    expectClose(
      level.own.quartiles, [0.475, 0.65, 0.85], absolute: 1e-12,
      relative: 0, "quartiles")
    #expect(level.othersLargest == 0.25)
    expectClose(
      ([level.fartherLeft] + level.byDistance + [level.fartherRight]).map { $0 ?? -1 },
      [0.1, (0.6 + 0.1) / 2, 2.7 / 4, (0.3 + 0.0) / 2, 0.2], absolute: 1e-12,
      relative: 0, "distance")
    // From the special token to the others; from the others to the special token.
    expectClose([level.fromSpecial ?? -1], [(0.6 + 0.1) / 2], absolute: 1e-12, relative: 0, "from special")
    expectClose([level.toSpecial ?? -1], [0.5], absolute: 1e-12, relative: 0, "to special")
  }
}
