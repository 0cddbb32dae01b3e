import DenseMath
import Foundation
import TestSupport
import Testing
import Transformer

/// Texts that a model writes by itself.
@Suite struct TextSamplingTests {
  private func texts(
    _ model: Model, _ count: Int, tokens: Int, seed: UInt64 = 7, threads: Int = 2, _ frame: TextSampling.Frame
  ) throws -> [[Int32]] {
    try TextSampling(model, tokens: tokens, seed: seed, workspace: Workspace(threads: Threads(threads)))
      .texts(count, in: frame)
  }

  private static let masks = TextSampling.Frame.masks(mask: 4, prefix: [2], suffix: [3], excluded: [0, 1, 2, 3, 4])

  /// A text depends on its number alone: not on how many are written, side by side with which, on how many threads.
  @Test(arguments: ["tiny/gpt2", "tiny/bert"]) func aTextIsItsSeedAndNumber(_ name: String) throws {
    let model = try Model(directory: Fixtures.path(name))
    let frame = model.traits.isCausal ? TextSampling.Frame.after(0) : Self.masks
    let many = try texts(model, 70, tokens: 12, frame)
    #expect(try texts(model, 3, tokens: 12, threads: 1, frame) == Array(many.prefix(3)))
    #expect(try texts(model, 70, tokens: 12, threads: 3, frame) == many)
    #expect(Set(many).count > 60)
    #expect(try texts(model, 3, tokens: 12, seed: 8, frame) != Array(many.prefix(3)))
    for text in many {
      #expect(text.allSatisfy { $0 >= 0 && Int($0) < model.dimensions.vocabulary })
      if model.traits.isCausal {
        #expect(text.count <= 12 && !text.contains(0))
      } else {
        #expect(text.count == 10 && text.allSatisfy { $0 > 4 })
      }
    }
  }

  /// First tokens have the frequencies of the model's own distribution: Pearson's χ² over items with 5 expected or more, beside
  /// its 99.9% point by Wilson and Hilferty.
  @Test(arguments: ["tiny/gpt2", "tiny/bert"]) func frequenciesAreTheModels(_ name: String) throws {
    let model = try Model(directory: Fixtures.path(name))
    let workspace = Workspace(threads: Threads(2))
    let count = 6000
    let (drawn, logits): ([Int32], [Float])
    if model.traits.isCausal {
      drawn = try texts(model, count, tokens: 1, .after(0)).map { $0.first ?? 0 }
      let h = try model.forward(PackedBatch([[0]]), workspace: workspace)
      logits = try model.tokenScores(h, row: 0, workspace: workspace).logits
    } else {
      drawn = try texts(model, count, tokens: 3, Self.masks).map { $0[0] }
      let h = try model.forward(PackedBatch([[2, 4, 3]]), workspace: workspace)
      let scores = try model.tokenScores(h, row: 1, workspace: workspace).logits
      logits = scores.enumerated().map { $0 < 5 ? -.infinity : $1 }
    }
    let weights = logits.map { exp(Double($0)) }
    let sum = weights.reduce(0, +)
    let found = Dictionary(grouping: drawn) { Int($0) }.mapValues(\.count)
    var (square, kinds, rest, foundRest) = (0.0, 0, 0.0, 0)
    for (id, weight) in weights.enumerated() {
      let expected = Double(count) * weight / sum
      if expected >= 5 {
        square += (Double(found[id] ?? 0) - expected) * (Double(found[id] ?? 0) - expected) / expected
        kinds += 1
      } else {
        rest += expected
        foundRest += found[id] ?? 0
      }
    }
    if rest >= 5 {
      square += (Double(foundRest) - rest) * (Double(foundRest) - rest) / rest
      kinds += 1
    }
    let freedom = Double(kinds - 1)
    let root = 1 - 2 / (9 * freedom) + 3.09 * (2 / (9 * freedom)).squareRoot()
    #expect(kinds > 20 && square < freedom * root * root * root, "\(square) for \(freedom)")
    #expect(square > freedom / 2)
  }

  /// Texts side by side in one cache have the bits of each alone.
  @Test func aCacheOfSeveralTextsIsSeveralCaches() throws {
    let model = try Model(directory: Fixtures.path("tiny/gpt2"))
    let workspace = Workspace(threads: Threads(2))
    let texts: [[Int32]] = [[5, 9, 11, 3, 8], [7, 7, 1, 2, 30], [100, 4, 6, 2, 1]]
    let both = KeyValueCache(model.dimensions, capacity: 6, texts: 3)
    let alone = texts.map { _ in KeyValueCache(model.dimensions, capacity: 6) }
    for range in [0..<2, 2..<3, 3..<5] {
      let h = try model.extend(sideBySide: texts.map { Array($0[range]) }, cache: both, workspace: workspace)
      let own = try zip(texts, alone).flatMap {
        try model.extend(Array($0[range]), cache: $1, workspace: workspace).values
      }
      #expect(h.values == own && both.tokens == range.upperBound)
    }
    #expect(throws: TransformerError.tooLong(tokens: 7, positions: 6)) {
      try model.extend(sideBySide: [[1, 2], [1, 2], [1, 2]], cache: both, workspace: workspace)
    }
  }

  @Test func aModelWithoutAHeadWritesNothing() throws {
    let model = try Model(directory: Fixtures.path("variants/bert-three-labels"))
    #expect(throws: TransformerError.self) { try texts(model, 1, tokens: 4, Self.masks) }
  }
}
