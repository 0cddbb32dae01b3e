import Checkpoints
import DenseMath
import TestSupport
import Testing
import Transformer

/// Packed batches give what the texts give alone, bit for bit, on any number of threads.
@Suite struct BatchTests {
  @Test func plansBatchesThatFit() {
    let most = PackedBatch.plannedTokens
    #expect(PackedBatch.plan([]) == [])
    #expect(PackedBatch.plan([most, 1, most - 1, 1]) == [0..<1, 1..<3, 3..<4])
    #expect(PackedBatch.plan([most + 5, 1, most]) == [0..<1, 1..<2, 2..<3])
  }

  static let models = [
    "tiny/bert", "tiny/bert-classifier", "tiny/gpt2", "tiny/gpt2-mean-classifier", "variants/bert-three-types",
    "variants/gpt2-last-token-classifier", "variants/gpt2-odd-sizes",
  ]

  /// One text and the model's results for it alone.
  private struct Alone {
    let ids: [Int32]
    let types: [Int32]
    let hidden: [Float]
    let scores: [Float]?
  }

  private func texts(_ model: Model, workspace: Workspace) throws -> [Alone] {
    var numbers = SeededNumbers(seed: 21)
    return try [1, 2, 5, model.positions, 3, 17, 1, model.positions - 1].map { count in
      let ids = numbers.ids(count, below: model.dimensions.vocabulary)
      let types = numbers.ids(count, below: model.traits.hasTokenTypes ? 2 : 1)
      let batch = try PackedBatch([ids], tokenTypes: [types])
      let h = try model.forward(batch, workspace: workspace)
      let scores = model.classifier?.apply(h, batch, workspace: workspace)[0]
      return Alone(ids: ids, types: types, hidden: h.values, scores: scores)
    }
  }

  @Test(arguments: models, [1, 2, 3]) func batchesEqualSingleTexts(_ name: String, threads: Int) throws {
    let model = try Model(directory: Fixtures.path(name))
    let workspace = Workspace(threads: Threads(threads))
    let alone = try texts(model, workspace: Workspace(threads: Threads(1)))
    var numbers = SeededNumbers(seed: 22)
    for order in [Array(alone.indices), alone.indices.reversed(), alone.indices.shuffled(using: &numbers)] {
      let texts = order.map { alone[$0] }
      let batch = try PackedBatch(texts.map(\.ids), tokenTypes: texts.map(\.types))
      let h = try model.forward(batch, workspace: workspace)
      let scores = model.classifier?.apply(h, batch, workspace: workspace)
      for (index, text) in texts.enumerated() {
        let rows = batch.sequences[index]
        let values = Array(h.values[rows.lowerBound * h.width..<rows.upperBound * h.width])
        let what = "text \(order[index]) of \(text.ids.count) tokens"
        #expect(values.bits == text.hidden.bits, "\(what)")
        #expect(scores?[index].bits == text.scores?.bits, "\(what)")
      }
      let again = try model.forward(batch, workspace: Workspace(threads: Threads(threads)))
      #expect(again.values.bits == h.values.bits)
      let scoresAgain = model.classifier?.apply(again, batch, workspace: workspace)
      #expect(scoresAgain.map { $0.map(\.bits) } == scores.map { $0.map(\.bits) })
    }
  }

  /// A workspace that a longer text has used gives a shorter one the same bits.
  @Test(arguments: models) func workspacesKeepNothing(_ name: String) throws {
    let model = try Model(directory: Fixtures.path(name))
    var numbers = SeededNumbers(seed: 23)
    let used = Workspace(threads: Threads(2))
    for count in [model.positions, 4, 9, 1, model.positions] {
      let batch = try PackedBatch([numbers.ids(count, below: model.dimensions.vocabulary)])
      let fresh = try model.forward(batch, workspace: Workspace(threads: Threads(2)))
      #expect(try model.forward(batch, workspace: used).values.bits == fresh.values.bits)
    }
  }

  @Test(arguments: models) func attentionOfABatchIsThatOfItsTexts(_ name: String) throws {
    let model = try Model(directory: Fixtures.path(name))
    var numbers = SeededNumbers(seed: 24)
    let texts = [3, model.positions, 1, 8].map { numbers.ids($0, below: model.dimensions.vocabulary) }
    func weights(_ batch: PackedBatch) throws -> [SiteRecorder.Entry] {
      let recorder = SiteRecorder { $0 == .attentionWeights }
      _ = try model.forward(batch, workspace: Workspace(), observer: recorder)
      return recorder.entries
    }
    let together = try weights(PackedBatch(texts))
    for (index, text) in texts.enumerated() {
      for (own, entry) in zip(try weights(PackedBatch([text])), together.filter { $0.sequence == index }) {
        #expect(own.layer == entry.layer)
        #expect(entry.values.bits == own.values.bits, "text \(index), block \(own.layer)")
      }
    }
  }

  @Test(arguments: models) func advancingInPiecesIsTheSame(_ name: String) throws {
    let model = try Model(directory: Fixtures.path(name))
    var numbers = SeededNumbers(seed: 25)
    let batch = try PackedBatch([5, 1, 12].map { numbers.ids($0, below: model.dimensions.vocabulary) })
    let workspace = Workspace(threads: Threads(2))
    let layers = model.dimensions.layers
    let whole = try model.forward(batch, workspace: workspace).values
    for cut in 0...layers {
      var h = try model.embed(batch, workspace: workspace)
      try model.advance(&h, through: 0..<cut, batch, workspace: workspace)
      let copy = h
      let before = h.values
      try model.advance(&h, through: cut..<layers, batch, workspace: workspace)
      #expect(h.values.bits == whole.bits, "cut at \(cut)")
      #expect(copy.values.bits == before.bits, "the copy is a value of its own")
      #expect(cut == layers || copy.values.bits != whole.bits)
    }
  }

  /// States that are kept while the workspace runs other texts are not overwritten.
  @Test(arguments: models) func keptStatesStay(_ name: String) throws {
    let model = try Model(directory: Fixtures.path(name))
    var numbers = SeededNumbers(seed: 26)
    let workspace = Workspace(threads: Threads(2))
    let kept = try [9, 4, 16, 2].map { count in
      let batch = try PackedBatch([numbers.ids(count, below: model.dimensions.vocabulary)])
      let h = try model.forward(batch, workspace: workspace)
      return (h, h.values)
    }
    for (h, values) in kept { #expect(h.values.bits == values.bits) }
  }

  @Test(arguments: models) func aBatchOfNothingIsNothing(_ name: String) throws {
    let model = try Model(directory: Fixtures.path(name))
    let batch = try PackedBatch([])
    let h = try model.forward(batch, workspace: Workspace(), observer: SiteRecorder())
    #expect(h.tokens == 0)
    #expect(h.values.isEmpty)
    #expect(model.classifier?.apply(h, batch, workspace: Workspace()).isEmpty ?? true)
  }

  /// The golden inputs in one batch with other texts, against the golden results.
  @Test(arguments: Fixtures.tiny) func batchesMatchTheGoldenFiles(_ golden: Fixtures.Golden) throws {
    let file = try SafetensorsFile(golden.expected)
    let ids = try Verification.input(of: file).ids
    let model = try Model(directory: golden.model)
    let batch = try PackedBatch([Array(ids.prefix(3)), ids, [ids[5]], ids.reversed()])
    let d = model.dimensions.hidden
    let h = try model.forward(batch, workspace: Workspace(threads: Threads(2)))
    let expected = Array(try file.doubles("hidden").values.suffix(ids.count * d))
    expectCloseToLargest(Array(h.values[3 * d..<(3 + ids.count) * d]), expected, fraction: 2e-5, golden.description)
  }
}
