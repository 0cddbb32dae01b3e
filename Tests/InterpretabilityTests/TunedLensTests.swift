import DenseMath
import Foundation
import Interpretability
import TestSupport
import Testing
import Transformer

@Suite struct TunedLensTests {
  private static let names = ["tiny/gpt2", "tiny/bert"]

  /// Texts of random ids, all of whose positions predict.
  private static func texts(_ model: Model, count: Int = 40, seed: UInt64 = 9) -> [LensCorpusText] {
    var numbers = SeededNumbers(seed: seed)
    return (0..<count).map { index in
      let ids = (0..<12).map { _ in Int32(numbers.next() % UInt64(model.dimensions.vocabulary)) }
      return .causal(id: "\(index)", ids: ids, ends: ids.indices.map { $0 + 1 })
    }
  }

  private static func regression(_ model: Model, _ texts: [LensCorpusText]) throws -> TunedLensRegression {
    var regression = TunedLensRegression(model, head: try model.requireUnembedding())
    for start in stride(from: 0, to: texts.count, by: 7) {
      try regression.add(Array(texts[start..<min(start + 7, texts.count)]), workspace: Workspace())
    }
    return regression
  }

  private static func lens(_ model: Model, _ tuned: TunedLens) throws -> LogitLens {
    try LogitLens(
      model, heads: [model.requireUnembedding()],
      levels: LensLevel.all(blocks: model.dimensions.layers, tuned: true), tuned: tuned)
  }

  private static func identity(_ model: Model) throws -> TunedLens {
    let identity = TunedLens.Translator.identity(model.dimensions.hidden)
    return TunedLens(
      translators: Array(repeating: identity, count: model.dimensions.layers),
      unembeddingDigest: try model.requireUnembedding().sha256())
  }

  /// The mean KL(final ‖ level) over texts, by level.
  private static func divergences(_ lens: LogitLens, _ texts: [LensCorpusText]) throws -> [Double] {
    let sums = LensDistributions(levels: lens.levels.count, vocabulary: lens.heads[0].vocabulary)
    let found = try lens.sums(of: texts, distributions: sums, workspace: Workspace())
    let places = Double(found.reduce(0) { $0 + $1.places })
    return lens.levels.indices.map { level in found.reduce(0) { $0 + $1.levels[level].klToFinal } / places }
  }

  @Test(arguments: names) func identityIsThePlainLens(_ name: String) throws {
    let model = try Golden.model(name)
    let lens = try Self.lens(model, Self.identity(model))
    let L = model.dimensions.layers
    #expect(lens.levels.count == 2 * L + 1 && lens.levels.prefix(L).allSatisfy(\.isTuned))
    #expect(lens.levels[1].title == "L0 tuned" && lens.levels[1].name == "L0")
    let cells = try lens.readings([3, 1, 4, 1, 5], top: 5, following: { [Int32($0)] })
    for row in cells { #expect(Array(row.prefix(L)) == Array(row[L..<2 * L])) }
    // And the plain levels are the same as alone.
    let plain = try LogitLens(model).readings([3, 1, 4, 1, 5], top: 5, following: { [Int32($0)] })
    #expect(cells.map { Array($0.suffix(L + 1)) } == plain)
  }

  /// The normal equations: the residual is uncorrelated with the state and has mean 0, all in Double. Measured, as
  /// parts of the largest state and its square: at most 3.9e-8 and 1.8e-8.
  @Test(arguments: names) func solvesTheNormalEquations(_ name: String) throws {
    let model = try Golden.model(name)
    let texts = Self.texts(model)
    let regression = try Self.regression(model, texts)
    let (lens, explained) = try regression.solve(ridge: 0)
    let d = model.dimensions.hidden
    #expect(regression.places == 40 * 11)
    let states = try Self.states(model, texts)  // [levels][places][d]
    let last = try #require(states.last)
    for (level, translator) in lens.translators.enumerated() {
      let (weight, bias) = (translator.weight.values.map(Double.init), translator.bias.values.map(Double.init))
      let mapped = states[level].map { h in
        (0..<d).map { column -> Double in
          var value = bias[column]
          for row in 0..<d { value += h[row] * weight[row * d + column] }
          return value
        }
      }
      let left = zip(last, mapped).map { target, found in zip(target, found).map { $0 - $1 } }
      let largest = last.joined().reduce(0) { max($0, abs($1)) }
      let n = Double(left.count)
      let means = (0..<d).map { column in left.reduce(0) { $0 + $1[column] } / n / largest }
      expectClose(means, means.map { _ in 0 }, absolute: 1e-6, relative: 0, "means of level \(level)")
      let products = (0..<d * d).map { cell in
        zip(states[level], left).reduce(0) { $0 + $1.0[cell / d] * $1.1[cell % d] } / n / largest / largest
      }
      expectClose(products, products.map { _ in 0 }, absolute: 1e-6, relative: 0, "products of level \(level)")
      func spread(_ rows: [[Double]]) -> Double {
        (0..<d).reduce(0) { sum, column in
          let mean = rows.reduce(0) { $0 + $1[column] } / n
          return sum + rows.reduce(0) { $0 + ($1[column] - mean) * ($1[column] - mean) }
        }
      }
      expectClose([explained[level]], [1 - spread(left) / spread(last)], absolute: 1e-4, relative: 0, "\(level)")
    }
    // In the limit of a large ridge the plain lens with a shift remains.
    let flat = try regression.solve(ridge: 1e12).lens.translators[0].weight.values
    expectClose(flat, DoubleMatrix.identity(d).values, absolute: 1e-6, relative: 0, "ridge")
  }

  /// The states of the model at every position but the last of each text.
  private static func states(_ model: Model, _ texts: [LensCorpusText]) throws -> [[[Double]]] {
    let d = model.dimensions.hidden
    var states = [[[Double]]](repeating: [], count: model.dimensions.layers + 1)
    for text in texts {
      let batch = try PackedBatch([text.ids])
      var h = try model.embed(batch, workspace: Workspace())
      for level in states.indices {
        if level > 0 { try model.advance(&h, through: level - 1..<level, batch, workspace: Workspace()) }
        let values = h.values.map(Double.init)
        states[level] += text.places.map { Array(values[$0 * d..<($0 + 1) * d]) }
      }
    }
    return states
  }

  /// Against central differences of KL(final ‖ lens) in Double, through the whole head, at a translator that is no
  /// identity.
  @Test(arguments: names) func gradientIsThatOfTheDivergence(_ name: String) throws {
    let model = try Golden.model(name)
    let (d, V) = (model.dimensions.hidden, model.dimensions.vocabulary)
    let texts = Self.texts(model, count: 1)
    let states = try Self.states(model, texts)
    let (h, rows) = (states[1], states[1].count)
    let head = PlainHead(try model.requireUnembedding())
    let final = try #require(states.last).map(head.logProbabilities)

    var numbers = SeededNumbers(seed: 4)
    var weight = DoubleMatrix.identity(d).values.map { $0 + 0.1 * numbers.normal() }.map { Double(Float($0)) }
    var bias = (0..<d).map { _ in Double(Float(0.1 * numbers.normal())) }
    func divergence() -> Double {
      var sum = 0.0
      for (state, expected) in zip(h, final) {
        let moved = (0..<d).map { column -> Double in
          var value = bias[column]
          for row in 0..<d { value += state[row] * weight[row * d + column] }
          return value
        }
        for (p, q) in zip(expected, head.logProbabilities(moved)) { sum += exp(p) * (p - q) }
      }
      return sum / Double(rows)
    }
    let input = Tensor(shape: [rows, d], h.joined().map { Float($0) })
    let probabilities = Tensor(shape: [rows, V], final.joined().map { Float(exp($0)) })
    let (weights, biases) = (FloatBuffer(count: d * d), FloatBuffer(count: d))
    let translator = TunedLens.Translator(
      weight: Tensor(shape: [d, d], weight.map { Float($0) }), bias: Tensor(shape: [d], bias.map { Float($0) }))
    let mean = TranslatorGradient(try model.requireUnembedding(), workspace: Workspace()).mean(
      translator, input.pointer, final: probabilities.pointer, rows: rows, weight: weights.pointer,
      bias: biases.pointer)
    expectClose([mean], [divergence()], absolute: 1e-5, relative: 1e-5, "divergence")

    let step = 1e-4
    func slope(_ change: (Double) -> Void) -> Double {
      change(step)
      let above = divergence()
      change(-2 * step)
      let below = divergence()
      change(step)
      return (above - below) / (2 * step)
    }
    let places = stride(from: 0, to: d * d, by: d * d / 60).map { $0 }
    let found = places.map { Double(weights.pointer[$0]) } + (0..<d).map { Double(biases.pointer[$0]) }
    let expected =
      places.map { place in slope { weight[place] += $0 } } + (0..<d).map { place in slope { bias[place] += $0 } }
    expectCloseToLargest(found, expected, fraction: 2e-5, "gradient")
  }

  /// On texts that nothing was fitted on, the regression is closer to the final distribution than the plain lens, and
  /// steps closer than the regression.
  @Test func fitsComeCloser() throws {
    let model = try Golden.model("trained/imdb-gpt2-narrow")
    let texts = Self.texts(model, count: 150)
    let held = Self.texts(model, count: 30, seed: 77)
    let regression = try Self.regression(model, texts)
    let fitted = try regression.solve(ridge: 1e-2).lens
    func trained() throws -> TunedLens {
      var training = TunedLensTraining(
        regression, from: fitted, steps: 30, rate: 3e-3, seed: 1, workspace: Workspace(threads: Threads(2)))
      for step in 0..<30 { _ = try training.step(Array(texts[step % 5 * 30..<(step % 5 + 1) * 30])) }
      return training.lens
    }
    let tuned = try trained()
    let L = model.dimensions.layers
    let closedForm = try Self.divergences(Self.lens(model, fitted), held)
    let stepped = try Self.divergences(Self.lens(model, tuned), held)
    for level in 1..<L {
      #expect(closedForm[level] < closedForm[L + level], "\(level): \(closedForm)")
      #expect(stepped[level] < closedForm[level], "\(level): \(stepped) \(closedForm)")
    }
    // Seeded: the same numbers again.
    #expect(zip(try trained().translators, tuned.translators).allSatisfy { $0.weight.values == $1.weight.values })
  }

  @Test func filesHoldWhatWasFitted() throws {
    let folder = try TemporaryFolder()
    let model = try Golden.model("tiny/bert")
    let lens = try Self.regression(model, Self.texts(model)).solve(ridge: 1e-3).lens
    try lens.write(to: folder.path("a"), metadata: ["graft.fit": "{}"])
    try lens.write(to: folder.path("b"), metadata: ["graft.fit": "{}"])
    #expect(try folder.bytes("a") == folder.bytes("b"))
    let again = try TunedLens(path: folder.path("a"))
    #expect(again.unembeddingDigest == lens.unembeddingDigest)
    #expect(again.translators.count == lens.translators.count)
    for (one, other) in zip(again.translators, lens.translators) {
      #expect(one.weight.values == other.weight.values && one.bias.values == other.bias.values)
    }
    let checkpoint = Golden.tests.appendingPathComponent("TransformerTests/Fixtures/tiny/bert/model.safetensors").path
    #expect(throws: InterpretabilityError.self) { try TunedLens(path: checkpoint) }
  }

  @Test func anotherHeadIsRefused() throws {
    let model = try Golden.model("tiny/bert")
    let lens = try Self.identity(model)
    let other = TunedLens(translators: lens.translators, unembeddingDigest: String(repeating: "0", count: 64))
    #expect(
      throws: InterpretabilityError.foreignTunedLens(
        model: "bert", expected: other.unembeddingDigest, found: lens.unembeddingDigest)
    ) { try Self.lens(model, other) }
    let short = TunedLens(translators: Array(lens.translators.dropLast()), unembeddingDigest: lens.unembeddingDigest)
    #expect(throws: InterpretabilityError.tunedLensDoesNotFit(model: "bert", expected: [3, 36], found: [2, 36])) {
      try Self.lens(model, short)
    }
    // Every part of a head has an effect: the matrix alone is another head.
    #expect(try model.requireUnembedding().sha256() != Unembedding.embedding(model.wE).sha256())
  }
}
