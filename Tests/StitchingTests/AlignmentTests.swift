import Checkpoints
import DenseMath
import Evaluation
import Stitching
import TestSupport
import Testing
import Tokenization
import Transformer

/// Alignment against the stored scores, and against its definition.
@Suite struct AlignmentTests {
  private func aligner(_ a: Model, _ b: Model) throws -> ModelAligner {
    let spaces: Set<AlignmentSpace> =
      a.dimensions.hidden == b.dimensions.hidden ? [.embedding, .feature] : [.embedding]
    return try ModelAligner(
      a, b, shared: SharedVocabulary(count: a.wE.rows), spaces: spaces, threads: Threads(2))
  }

  // Largest measured error: 6.8e-8 on the trained pair; the correlations are in Float32.
  @Test(arguments: StitchingMapTests.pairs) func scoresMatchTheStoredOnes(_ pair: StitchingMapTests.Pair) throws {
    let file = try SafetensorsFile(Places.fixture(pair.expected + "/expected.safetensors"))
    let (a, b) = (try Model(directory: pair.a), try Model(directory: pair.b))
    let aligner = try aligner(a, b)
    for kind in ParameterKind.alignmentOrder {
      let (shape, values) = try file.doubles("alignment_" + kind.symbol)
      let scores = try aligner.align(kind, in: .embedding).scores
      #expect(shape == [scores.rows, scores.columns])
      expectClose(scores.values, values, absolute: 0, relative: 1e-6, kind.symbol)
      guard a.dimensions.hidden == b.dimensions.hidden else { continue }
      let raw = try file.doubles("raw_alignment_" + kind.symbol).values
      expectClose(try aligner.align(kind, in: .feature).scores.values, raw, absolute: 0, relative: 1e-6, "raw")
    }
  }

  /// Every correlation is Pearson's of two vectors as long as the vocabulary, and the score of two layers their mean
  /// magnitude.
  @Test func correlationsAreThoseOfTheScores() throws {
    let (a, b) = (try Model(directory: Places.tiny("bert")), try Model(directory: Places.tiny("bert-wide")))
    let aligner = try aligner(a, b)
    for kind in [ParameterKind.feedForwardValue, .key] {
      let (layerA, layerB) = (1, 0)
      let found = aligner.correlations(kind, in: .embedding, layerA: layerA, layerB: layerB)
      let (x, y) = (a.parameterVectors(kind, layer: layerA), b.parameterVectors(kind, layer: layerB))
      var expected: [Double] = []
      let (left, right) = (scores(x, of: a), scores(y, of: b))
      for i in left { for j in right { expected.append(pearson(i, j)) } }
      #expect(found.shape == [x.rows, y.rows])
      expectClose(found.values.map(Double.init), expected, absolute: 1e-6, relative: 0, "correlations")
      let mean = expected.reduce(0) { $0 + abs($1) } / Double(expected.count)
      let score = try aligner.align(kind, in: .embedding).scores[layerA, layerB]
      #expect(abs(score - mean) < 1e-6 * mean)
    }
  }

  private func scores(_ vectors: Tensor, of model: Model) -> [[Double]] {
    let (d, wE) = (model.dimensions.hidden, model.wE)
    return (0..<vectors.rows).map { row in
      (0..<wE.rows).map { item in
        (0..<d).reduce(0.0) { $0 + Double(wE[item * d + $1]) * Double(vectors[row * d + $1]) }
      }
    }
  }

  private func pearson(_ x: [Double], _ y: [Double]) -> Double {
    let n = Double(x.count)
    let (meanX, meanY) = (x.reduce(0, +) / n, y.reduce(0, +) / n)
    var (xy, xx, yy) = (0.0, 0.0, 0.0)
    for (p, q) in zip(x, y) {
      xy += (p - meanX) * (q - meanY)
      xx += (p - meanX) * (p - meanX)
      yy += (q - meanY) * (q - meanY)
    }
    return xy / (xx * yy).squareRoot()
  }

  /// A model's layers and vectors align with themselves.
  @Test func aModelAlignsWithItself() throws {
    let model = try Model(directory: Places.model("imdb-gpt2-narrow"))
    let aligner = try aligner(model, model)
    for space in AlignmentSpace.allCases {
      let found = aligner.correlations(.feedForwardKey, in: space, layerA: 2, layerB: 2)
      let vectors = try VectorAlignment(found)
      #expect(vectors.pairs.allSatisfy { $0.a == $0.b && abs($0.correlation - 1) < 1e-5 })
      #expect(vectors.pairs.count == model.dimensions.feedForward)
      #expect(abs(vectors.mean - 1) < 1e-6)
    }
  }

  /// Exchanging the models transposes the scores.
  @Test func theOrderOfTheModelsTurnsTheScores() throws {
    let (a, b) = (try Model(directory: Places.tiny("gpt2-wide")), try Model(directory: Places.tiny("gpt2")))
    let there = try aligner(a, b).align(.query, in: .embedding)
    let back = try aligner(b, a).align(.query, in: .embedding)
    expectClose(back.scores.transposed.values, there.scores.values, absolute: 0, relative: 1e-6, "scores")
    #expect(
      Set(back.assignment.pairs.map { [$0.column, $0.row] }) == Set(there.assignment.pairs.map { [$0.row, $0.column] }))
  }

  @Test func featureSpaceNeedsEqualWidths() throws {
    let (a, b) = (try Model(directory: Places.tiny("gpt2-wide")), try Model(directory: Places.tiny("gpt2")))
    #expect(
      throws: StitchingError.differentFeatures(first: a.dimensions.hidden, second: b.dimensions.hidden)
    ) {
      try ModelAligner(a, b, shared: SharedVocabulary(count: a.wE.rows), threads: Threads(1))
    }
  }

  @Test func diagonalAndMargin() throws {
    // Rows 1 and 2 are exchanged; by hand: 3 + 2 + 2 against 3 + 1.5 + 1.25.
    let exchanged = try LayerAlignment(DoubleMatrix(rows: 3, columns: 3, values: [3, 0, 0, 0, 1.5, 2, 0, 2, 1.25]))
    #expect(exchanged.assignment.pairs.map(\.column) == [0, 2, 1])
    #expect(exchanged.diagonalHits == 1)
    #expect(abs(exchanged.meanOffset - 2.0 / 3) < 1e-15)
    #expect(exchanged.margin == 7 - 5.75)
    // Two layers against four: the diagonal runs from 0, 0 to 1, 3.
    let deep = try LayerAlignment(DoubleMatrix(rows: 2, columns: 4, values: [1, 0, 0, 0, 0, 0, 1, 0]))
    #expect(deep.assignment.pairs.map(\.column) == [0, 2])
    #expect(deep.offsets == [0, 1] && deep.diagonalHits == 1)
    #expect(try LayerAlignment(DoubleMatrix(rows: 1, columns: 1, values: [1])).margin == nil)
  }

  @Test func pairsOfSeveralModels() {
    let value: (Int, Int) -> Double = { [[0, 1, 2], [1, 0, 6], [2, 6, 0]][$0][$1] }
    let statistic = PairStatistic(models: 3, seed: 1, value)
    #expect(statistic.mean == 3)
    // For any draw, a mean is within the pairs'; draws of two models alone reach the ends.
    #expect(statistic.interval == Interval(low: 1, high: 6))
    #expect(PairStatistic(models: 2, seed: 1, value).interval == nil)
    #expect(PairStatistic(models: 4, seed: 3) { _, _ in 2 }.interval == Interval(low: 2, high: 2))
    #expect(statistic == PairStatistic(models: 3, seed: 1, value))
  }

  @Test func tokensOfAVector() throws {
    let model = try Model(directory: Places.tiny("bert"))
    let vector = model.parameterVectors(.feedForwardValue, layer: 1)
    for sign: Float in [1, -1] {
      let best = model.topTokens(of: vector.pointer, sign: sign, count: 3, threads: Threads(2))
      let all = scores(vector[rows: 0..<1], of: model)[0].map { Double(sign) * $0 }
      #expect(best.map(\.id) == all.indices.sorted { all[$0] > all[$1] }.prefix(3).map { $0 })
    }
  }
}
