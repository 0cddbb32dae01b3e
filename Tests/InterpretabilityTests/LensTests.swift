import Checkpoints
import DenseMath
import Foundation
import Interpretability
import TestSupport
import Testing
import Transformer

/// The models and stored results that the forward pass is tested with.
enum Golden {
  static let names =
    ["bert", "bert-wide", "gpt2", "gpt2-wide"].map { "tiny/" + $0 }
    + ["distilbert", "roberta"].map { "variants/" + $0 }
    + ["imdb-bert-1", "imdb-gpt2-narrow"].map { "trained/" + $0 }

  static var tests: URL {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  }

  static func directory(_ name: String) -> String {
    let parts = name.split(separator: "/")
    return parts[0] == "trained"
      ? tests.deletingLastPathComponent().appendingPathComponent("models/\(parts[1])").path
      : tests.appendingPathComponent("TransformerTests/Fixtures/\(name)").path
  }

  static func model(_ name: String) throws -> Model { try Model(directory: directory(name)) }

  static func expected(_ name: String) throws -> SafetensorsFile {
    try SafetensorsFile(tests.appendingPathComponent("TransformerTests/Fixtures/\(name)/expected.safetensors").path)
  }
}

extension LogitLens {
  init(_ model: Model, head: Unembedding) throws {
    try self.init(model, heads: [head], levels: LensLevel.all(blocks: model.dimensions.layers))
  }

  /// All readings of a text, [positions][levels].
  func readings(
    _ ids: [Int32], positions: [Int]? = nil, top: Int, threads: Int = 2, following: (Int) -> [Int32?] = { _ in [] }
  ) throws -> [[LensCell]] {
    var all: [[LensCell]] = []
    try read(
      PackedBatch([ids]), rows: positions ?? Array(ids.indices), top: top, following: following,
      workspace: Workspace(threads: Threads(threads))
    ) { _, readings in all.append(readings) }
    return all
  }
}

@Suite struct LensTests {
  /// Stored results of PyTorch in Double; nats. Largest errors measured: log-probability 9.2e-6, entropy 4.9e-6,
  /// divergence 9.4e-6.
  @Test(arguments: Golden.names) func matchesTheReference(_ name: String) throws {
    let model = try Golden.model(name)
    let file = try Golden.expected(name)
    let ids = try Verification.input(of: file).ids
    let (T, levels) = (ids.count, model.dimensions.layers + 1)
    let lens = try LogitLens(model)
    let readings = try lens.readings(ids, top: 5)
    #expect(lens.levels.count == levels)
    let topIDs = try file.integers("lens_top_id").values
    let topLog = try file.doubles("lens_top_logprob").values

    for level in 0..<levels {
      for position in 0..<T {
        let found = readings[position][level].top
        let at = (level * T + position) * 5
        expectClose(
          found.map { log($0.probability) }, Array(topLog[at..<at + 5]), absolute: 1e-4, relative: 0,
          "\(level), \(position)")
        for place in 0..<5 where Int(found[place].id) != topIDs[at + place] {
          // The order may differ only where two scores are closer than Float32's rounding.
          let near = (at..<at + 5).contains {
            $0 != at + place && abs(topLog[$0] - topLog[at + place]) < 1e-5
          }
          #expect(near, "level \(level), position \(position), place \(place)")
        }
      }
    }
    func flat(_ value: (LensCell) -> Double) -> [Double] {
      (0..<levels).flatMap { level in readings.map { value($0[level]) } }
    }
    expectClose(flat(\.entropy), try file.doubles("lens_entropy").values, absolute: 1e-4, relative: 0, "entropy")
    expectClose(
      flat(\.klToFinal), try file.doubles("lens_kl_to_final").values, absolute: 1e-4, relative: 0, "KL to final")
  }

  /// Top-k, ranks and followed tokens against the model's own scores, sorted: bit for bit, for any other positions.
  @Test(arguments: Golden.names) func theLastLevelIsTheModel(_ name: String) throws {
    let model = try Golden.model(name)
    let ids = try Verification.input(of: try Golden.expected(name)).ids
    let workspace = Workspace()
    let h = try model.forward(try PackedBatch([ids]), workspace: workspace)
    let scores = try (0..<ids.count).map { try model.tokenScores(h, row: $0, workspace: workspace) }
    let lens = try LogitLens(model)
    let next = { (position: Int) in [ids[(position + 1) % ids.count], 0] }
    let readings = try lens.readings(ids, top: 7, following: { next($0) })
    for (position, scores) in scores.enumerated() {
      let last = try #require(readings[position].last)
      let order = scores.logits.indices.sorted {
        (scores.logits[$1], $0) < (scores.logits[$0], $1)
      }
      #expect(last.top.map(\.id) == order.prefix(7).map(Int32.init))
      #expect(last.klToFinal == 0 && last.agrees)
      for (item, own) in zip(last.top, scores.top(7)) {
        #expect(item.id == own.id && item.logit == own.logit)
        expectClose([item.probability], [own.probability], absolute: 0, relative: 1e-6, "\(position)")
      }
      for (followed, id) in zip(last.followed, next(position)) {
        #expect(followed?.rank == (order.firstIndex(of: Int(id)) ?? -1) + 1)
      }
      // Elsewhere the rank of the final item is 1 exactly where the first items are the same.
      for reading in readings[position] { #expect(reading.agrees == (reading.top[0].id == last.top[0].id)) }
    }
  }

  @Test func neitherThreadsNorPlacesChangeABit() throws {
    let lens = try LogitLens(try Golden.model("trained/imdb-gpt2-narrow"), sublayers: true, updates: true)
    let ids = try Verification.input(of: try Golden.expected("trained/imdb-gpt2-narrow")).ids
    let all = try lens.readings(ids, top: 10, threads: 1, following: { [Int32($0)] })
    #expect(try lens.readings(ids, top: 10, threads: 3, following: { [Int32($0)] }) == all)
    let some = [5, 0, 3]
    #expect(try lens.readings(ids, positions: some, top: 10, following: { [Int32(some[$0])] }) == some.map { all[$0] })
  }

  /// Sites inside the blocks are the right ones: attention's output added to the state before it is the state between
  /// (GPT-2), so their levels must be those of the forward pass.
  @Test func sublayersComeInOrder() throws {
    let lens = try LogitLens(try Golden.model("tiny/gpt2"), sublayers: true, updates: true)
    #expect(
      lens.levels.prefix(6).map(\.name) == [
        "embed", "L0.attn", "L0.residMid", "L0.mlp", "L0", "L1.attn",
      ])
    let plain = try LogitLens(try Golden.model("tiny/gpt2"))
    let ids: [Int32] = [1, 5, 9, 2]
    let full = try lens.readings(ids, top: 3)
    let outputs = lens.levels.indices.filter { plain.levels.contains(lens.levels[$0]) }
    #expect(try plain.readings(ids, top: 3) == full.map { readings in outputs.map { readings[$0] } })
  }

  /// wE alone: the scores are h wEᵀ of the raw state, summed here in Double.
  @Test func theEmbeddingHeadIsTheMatrixAlone() throws {
    let model = try Golden.model("tiny/bert")
    let lens = try LogitLens(model, head: .embedding(model.wE))
    let ids: [Int32] = [3, 1, 4, 1, 5]
    let h = try model.forward(try PackedBatch([ids]), workspace: Workspace())
    let readings = try lens.readings(ids, top: 1)
    for position in ids.indices {
      let scores = (0..<model.wE.rows).map { id in
        (0..<h.width).reduce(0.0) {
          $0 + Double(h.pointer[position * h.width + $1]) * Double(model.wE.pointer[id * h.width + $1])
        }
      }
      let most = try #require(scores.max())
      let logTotal = most + log(scores.reduce(0) { $0 + exp($1 - most) })
      let best = try #require(readings[position].last?.top.first)
      #expect(Int(best.id) == scores.firstIndex(of: most))
      expectClose([log(best.probability)], [most - logTotal], absolute: 1e-4, relative: 0, "position \(position)")
    }
  }

  @Test func whatIsNotThereIsNamed() throws {
    let lens = try LogitLens(try Golden.model("tiny/gpt2"))
    #expect(throws: InterpretabilityError.noSuchRow(4, tokens: 2)) {
      try lens.readings([1, 2], positions: [0, 4], top: 1)
    }
    #expect(throws: InterpretabilityError.noSuchToken(-1, vocabulary: lens.heads[0].vocabulary)) {
      try lens.readings([1, 2], top: 1, following: { _ in [-1] })
    }
    #expect(throws: TransformerError.self) { try LogitLens(try Golden.model("tiny/bert-classifier")) }
    let wide = try Golden.model("tiny/gpt2-wide")
    #expect(throws: InterpretabilityError.self) {
      try LogitLens(try Golden.model("tiny/gpt2"), head: try wide.requireUnembedding())
    }
  }
}
