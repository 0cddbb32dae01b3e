import Checkpoints
import DenseMath
import Foundation
import Interpretability
import TestSupport
import Testing
import Transformer

/// The experiments that compare parameters' tokens, against plain loops in Double over the stored tensors.
@Suite struct ParameterTokensTests {
  private static let k = 12

  /// A tiny model, its weights by their stored names, and the loop-only forward pass.
  private struct Case {
    let model: Model
    let isBERT: Bool
    let file: SafetensorsFile
    let directory: String

    init(_ name: String) throws {
      directory = Golden.directory(name)
      model = try Model(directory: directory)
      isBERT = name.contains("bert")
      file = try SafetensorsFile(directory + "/model.safetensors")
    }

    func rows(_ name: String) throws -> [[Double]] {
      let (shape, values) = try file.doubles(name)
      return (0..<shape[0]).map { Array(values[$0 * shape[1]..<($0 + 1) * shape[1]]) }
    }

    func columns(_ name: String) throws -> [[Double]] {
      let rows = try rows(name)
      return rows[0].indices.map { column in rows.map { $0[column] } }
    }

    var wE: [[Double]] {
      get throws { try rows(isBERT ? "bert.embeddings.word_embeddings.weight" : "transformer.wte.weight") }
    }

    /// PyTorch's Linear stores columns as rows, GPT-2's Conv1D does not.
    func vectors(_ kind: ParameterKind, _ layer: Int) throws -> [[Double]] {
      guard isBERT else {
        let name = "transformer.h.\(layer)."
        let d = model.dimensions.hidden
        switch kind {
        case .feedForwardKey: return try columns(name + "mlp.c_fc.weight")
        case .feedForwardValue: return try rows(name + "mlp.c_proj.weight")
        case .query: return try Array(columns(name + "attn.c_attn.weight")[0..<d])
        case .key: return try Array(columns(name + "attn.c_attn.weight")[d..<2 * d])
        case .value: return try Array(columns(name + "attn.c_attn.weight")[(2 * d)...])
        case .output: return try rows(name + "attn.c_proj.weight")
        }
      }
      let name = "bert.encoder.layer.\(layer)."
      switch kind {
      case .feedForwardKey: return try rows(name + "intermediate.dense.weight")
      case .feedForwardValue: return try columns(name + "output.dense.weight")
      case .query, .key, .value: return try rows(name + "attention.self.\(kind.rawValue).weight")
      case .output: return try columns(name + "attention.output.dense.weight")
      }
    }

    /// ln_f for GPT-2; BERT's states are normalised already.
    func normed(_ h: [Double]) throws -> [Double] {
      guard !isBERT else { return h }
      let gain = try file.doubles("transformer.ln_f.weight").values
      let shift = try file.doubles("transformer.ln_f.bias").values
      let mean = h.reduce(0, +) / Double(h.count)
      let variance = h.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(h.count)
      return h.indices.map { (h[$0] - mean) / (variance + 1e-5).squareRoot() * gain[$0] + shift[$0] }
    }
  }

  private func top(_ k: Int, _ scores: [Double]) -> [Int] {
    Array(scores.indices.sorted { (scores[$1], $0) < (scores[$0], $1) }.prefix(k))
  }

  private func tokens(_ vector: [Double], _ wE: [[Double]], magnitudes: Bool = false) -> Set<Int> {
    Set(
      top(
        Self.k,
        wE.map { row in
          let score = zip(row, vector).reduce(0) { $0 + $1.0 * $1.1 }
          return magnitudes ? abs(score) : score
        }))
  }

  @Test(arguments: ["tiny/bert", "tiny/gpt2"]) func recallMatchesPlainLoops(_ name: String) throws {
    let tiny = try Case(name)
    let (L, d) = (tiny.model.dimensions.layers, tiny.model.dimensions.hidden)
    let texts: [[Int32]] = [[5, 9, 77, 3, 120], [8, 8, 200], [1, 2, 3, 4]]
    let sample = SampledPositions(99, of: 12, seed: 3)
    #expect(sample.positions == Array(0..<12))
    let recall = ActivationRecall(tiny.model, k: Self.k, active: 2, sample: sample, seed: 3)
    let workspace = Workspace(threads: Threads(2))
    let found = try recall.recalls(
      recall.activations(over: [Array(texts[0..<2]), [texts[2]]], workspace: workspace), by: tiny.model.wE,
      workspace: workspace)
    #expect(found.count == L * 4 * 2)

    let traces = try texts.map { try Oracle(directory: tiny.directory).forward($0.map(Int.init)) }
    func site(_ name: String, _ layer: Int) throws -> [[Double]] {
      try zip(texts, traces).flatMap { text, trace in
        let values = try #require(trace.sites["\(name).\(layer)"])
        let width = values.count / text.count
        return text.indices.map { Array(values[$0 * width..<($0 + 1) * width]) }
      }
    }
    let wE = try tiny.wE
    for result in found {
      let vectors = try tiny.vectors(result.kind, result.layer)
      let activations = try site(result.kind.isAttention ? "headOutputs" : "mlpHidden", result.layer)
      let states = try site("residPost", result.target == .own ? result.layer : L - 1)
      let expected = try zip(activations, states).map { activation, state in
        let named = top(2, activation).map { tokens(vectors[$0], wE) }
        let target = tokens(try tiny.normed(state), wE)
        return Double(target.intersection(named[0].union(named[1])).count) / Double(Self.k)
      }
      #expect(result.aligned == expected, "\(result.kind), block \(result.layer), \(result.target)")
      #expect(result.random.count == 12 && vectors[0].count == d)
      // Another position's parameters: every number is a share of k, and not all are the position's own.
      #expect(result.random.allSatisfy { (0...1).contains($0) })
    }
    #expect(found.contains { $0.random != $0.aligned })
  }

  /// Of two positions each has only the other one as its random baseline.
  @Test func randomPairsAPositionWithAnother() throws {
    let tiny = try Case("tiny/gpt2")
    let workspace = Workspace(threads: Threads(1))
    func recalls(_ texts: [[Int32]]) throws -> [ActivationRecall.Recall] {
      let recall = ActivationRecall(
        tiny.model, k: 12, active: 1, sample: SampledPositions(2, of: 2, seed: 0), seed: 0)
      return try recall.recalls(
        recall.activations(over: [texts], workspace: workspace), by: tiny.model.wE, workspace: workspace)
    }
    // The same text twice: both baselines are the same.
    for result in try recalls([[7], [7]]) { #expect(result.random == result.aligned) }
    let sets = try recalls([[7], [150]])
    #expect(sets.contains { $0.random != $0.aligned })
  }

  @Test func runsOnlyWhatIsSampled() throws {
    let tiny = try Case("tiny/bert")
    let sample = SampledPositions(2, of: 9, seed: 11)
    let texts: [[[Int32]]] = [[[1, 2, 3]], [[4, 5, 6]], [[7, 8, 9]]]
    var seen: [Int: [Float]] = [:]
    try sample.visit([.residPost], of: tiny.model, over: texts, workspace: Workspace(threads: Threads(1))) {
      guard $0.layer == 1 else { return }
      seen[$2] = Array(UnsafeBufferPointer(start: $1, count: $0.columns))
    }
    #expect(seen.keys.sorted() == [0, 1] && sample.positions.count == 2)
    for (index, position) in sample.positions.enumerated() {
      let text = texts[position / 3][0]
      let trace = try Oracle(directory: tiny.directory).forward(text.map(Int.init))
      let d = tiny.model.dimensions.hidden
      let expected = try #require(trace.sites["residPost.1"])[position % 3 * d..<(position % 3 + 1) * d]
      expectCloseToLargest(try #require(seen[index]), Array(expected), fraction: 2e-5, "a sampled state")
    }
  }

  /// The vectors of keep-k: all values and all states of a text, in order; and some of them, each once.
  @Test(arguments: ["tiny/bert", "tiny/gpt2"]) func drawsFromAllValuesAndStates(_ name: String) throws {
    let tiny = try Case(name)
    let size = tiny.model.dimensions
    let values = KeepK.values(10_000, of: tiny.model, seed: 1)
    let stored = try (0..<size.layers).flatMap { try tiny.vectors(.feedForwardValue, $0) }
    #expect(values.rows == size.layers * size.feedForward)
    expectClose(values.values, stored.flatMap { $0 }, absolute: 0, relative: 1e-7, "values")
    func rows(_ tensor: Tensor) -> [[Float]] { (0..<tensor.rows).map { tensor[rows: $0..<$0 + 1].values } }
    let some = rows(KeepK.values(20, of: tiny.model, seed: 1))
    #expect(some.count == 20 && Set(some).count == 20 && Set(some).isSubset(of: Set(rows(values))))

    let texts: [[Int32]] = [[5, 9, 77], [8, 200]]
    let states = try KeepK.states(
      10_000, of: tiny.model, over: texts.map { [$0] }, tokens: 5, seed: 1, workspace: Workspace(threads: Threads(1)))
    let expected = try texts.flatMap { text in
      let trace = try Oracle(directory: tiny.directory).forward(text.map(Int.init))
      return try text.indices.flatMap { position in
        try (0..<size.layers).flatMap { layer in
          try #require(trace.sites["residPost.\(layer)"])[position * size.hidden..<(position + 1) * size.hidden]
        }
      }
    }
    #expect(states.rows == 5 * size.layers)
    expectCloseToLargest(states.values, expected, fraction: 2e-5, "states")
  }

  @Test(arguments: ["tiny/bert", "tiny/gpt2"]) func similarityMatchesPlainLoops(_ name: String) throws {
    let tiny = try Case(name)
    let wE = try tiny.wE
    let pairs = RelatedPairs(tiny.model, k: Self.k, draws: 64, seed: 6)
    for pair in RelatedPairs.Pair.allCases {
      let found = try pairs.similarities(pair, layer: 1, by: tiny.model.wE, threads: Threads(2))
      let (first, second) = (
        try tiny.vectors(pair.kinds.0, 1).map { tokens($0, wE, magnitudes: true) },
        try tiny.vectors(pair.kinds.1, 1).map { tokens($0, wE, magnitudes: true) }
      )
      let expected = zip(first, second).map { Double($0.intersection($1).count) / Double($0.union($1).count) }
      #expect(found.aligned == expected, "\(pair)")
      // On average over the draws a shuffled pair is a random pair of the block.
      let every = first.flatMap { a in second.map { Double(a.intersection($0).count) / Double(a.union($0).count) } }
      let mean = every.reduce(0, +) / Double(every.count)
      #expect(found.shuffled.count == 64 && Set(found.shuffled).count > 1)
      let average = found.shuffled.reduce(0, +) / 64
      #expect(abs(average - mean) < 0.15 * mean, "\(pair): \(average), all pairs \(mean)")
      let again = try pairs.similarities(pair, layer: 1, by: tiny.model.wE, threads: Threads(1))
      #expect(again.shuffled == found.shuffled && again.aligned == found.aligned)
    }
  }

  @Test func alikenessKeepsTheSign() throws {
    let tiny = try Case("tiny/gpt2")
    let wE = try tiny.wE
    let found = try RelatedPairs(tiny.model, k: Self.k, draws: 2, seed: 6)
      .alikeness(layer: 2, threshold: 0.05, by: tiny.model.wE, threads: Threads(2))
    let keys = try tiny.vectors(.feedForwardKey, 2).map { tokens($0, wE) }
    let values = try tiny.vectors(.feedForwardValue, 2).map { tokens($0, wE) }
    let expected = zip(keys, values).map { Double($0.intersection($1).count) / Double($0.union($1).count) }
    #expect(found.aligned == expected)
    let chosen = expected.indices.filter { expected[$0] >= 0.05 }
    #expect(!chosen.isEmpty && chosen.count < expected.count)
    #expect(found.alike.map(\.neuron) == chosen && found.alike.allSatisfy { $0.layer == 2 })
    for pair in found.alike {
      #expect(pair.shared.map(Int.init) == keys[pair.neuron].intersection(values[pair.neuron]).sorted())
      #expect(pair.similarity == expected[pair.neuron])
    }
    #expect(found.shuffled.count == 2 && found.shuffled.allSatisfy { $0.count == keys.count })
    // The threshold itself is reached; values are permuted, each used once.
    let most = try #require(expected.max())
    let reached = try RelatedPairs(tiny.model, k: Self.k, draws: 64, seed: 6)
      .alikeness(layer: 2, threshold: most, by: tiny.model.wE, threads: Threads(2))
    #expect(reached.alike.map(\.neuron) == expected.indices.filter { expected[$0] == most })
    let every = keys.flatMap { a in values.map { Double(a.intersection($0).count) / Double(a.union($0).count) } }
    let (mean, average) = (
      every.reduce(0, +) / Double(every.count),
      reached.shuffled.joined().reduce(0, +) / Double(64 * keys.count)
    )
    #expect(reached.shuffled.allSatisfy { $0 != expected } && Set(reached.shuffled).count > 1)
    #expect(abs(average - mean) < 0.15 * mean, "\(average), all pairs \(mean)")
    // Every second token alone.
    let some = try RelatedPairs(tiny.model, k: Self.k, draws: 2, seed: 6).alikeness(
      layer: 2, threshold: 0.05, by: tiny.model.wE, among: Array(stride(from: 0, to: wE.count, by: 2)),
      threads: Threads(2))
    let half = stride(from: 0, to: wE.count, by: 2).map { wE[$0] }
    #expect(
      some.aligned
        == zip(try tiny.vectors(.feedForwardKey, 2), try tiny.vectors(.feedForwardValue, 2)).map {
          let (a, b) = (tokens($0, half), tokens($1, half))
          return Double(a.intersection(b).count) / Double(a.union(b).count)
        })
    #expect(some.alike.allSatisfy { $0.shared.allSatisfy { $0 % 2 == 0 } })
  }
}
