import DenseMath
import Evaluation
import Stitching
import TestSupport
import Testing
import Tokenization
import Transformer

/// Cut statistics of unlabelled texts, and the maps fitted to them.
@Suite struct SeamTests {
  private let a: Model
  private let b: Model
  private let maps: StitchingMaps
  private let texts: EncodedReviews
  private let statistics: SeamStatistics
  private let cut = StitchCut(kept: 3, transplanted: 2)

  init() throws {
    a = try Model(directory: Places.model("imdb-gpt2-wide"))
    b = try Model(directory: Places.model("imdb-gpt2-narrow-sentiment"))
    maps = try StitchingMaps(a, b, allowsPartialVocabulary: false, seed: 5, threads: Threads(2))
    texts = try EncodedReviews(
      Dataset.read(Places.reviews).subset(limit: 24, seed: 3),
      tokenizer: Tokenizer.load(directory: a.tokenizerDirectory, modelType: a.modelType), cleaning: .br, maxLength: 64,
      threads: Threads(2))
    statistics = try SeamStatistics(
      pretrained: a, finetuned: b, kept: [0, 3], transplanted: [2], options: .plain, texts: texts, sampled: 100,
      workspace: Workspace(threads: Threads(2)))
  }

  /// Rows of states on both sides of the cut, computed here one text at a time.
  private func states() throws -> (x: [[Double]], y: [[Double]]) {
    return (
      try stateRows(a, after: 3, of: texts), try stateRows(b, after: b.dimensions.layers - 2, of: texts)
    )
  }

  @Test func countsTokensAndNorms() throws {
    let (x, y) = try states()
    #expect(statistics.tokens == x.count && statistics.texts == 24)
    #expect(statistics.tokenCounts.count == a.wE.rows)
    let ids = texts.reviews.flatMap(\.ids)
    #expect(statistics.tokenCounts[Int(ids[5])] == ids.count { $0 == ids[5] })
    let seam = try #require(statistics.seam(cut))
    #expect(seam.moments.count == x.count)
    #expect((90...110).contains(seam.sample.count))
    let norms = y.map { $0.reduce(0) { $0 + $1 * $1 }.squareRoot() }
    expectClose([seam.meanNorm], [norms.reduce(0, +) / Double(norms.count)], absolute: 0, relative: 1e-5, "mean norm")
  }

  /// The fit cannot be improved: the residual is orthogonal to every feature of x, and to 1 where there is a constant.
  @Test(arguments: ["least-squares", "affine"]) func fitsAreTheBest(_ name: String) throws {
    let (x, y) = try states()
    let map = try maps.map(MapRecipe(name), texts: statistics, cut: cut)
    let fitted = map.applied(to: x)
    let scale = y.flatMap { $0 }.reduce(0) { $0 + abs($1) }
    for feature in [0, 7, a.dimensions.hidden - 1] {
      for column in [0, 31, b.dimensions.hidden - 1] {
        let dot = x.indices.reduce(0.0) { $0 + x[$1][feature] * (fitted[$1][column] - y[$1][column]) }
        #expect(abs(dot) < 1e-5 * scale)
      }
    }
    let sums = (0..<b.dimensions.hidden).map { column in
      x.indices.reduce(0.0) { $0 + fitted[$1][column] - y[$1][column] } / Double(x.count)
    }
    if name == "affine" {
      expectClose(sums, [Double](repeating: 0, count: sums.count), absolute: 1e-5, relative: 0, "mean residual")
    } else {
      #expect(sums.contains { abs($0) > 1e-5 })
    }
  }

  /// Every feature of a mapped state gets the mean and the variance of B's.
  @Test func momentsMatch() throws {
    let (x, y) = try states()
    let map = try maps.map(MapRecipe(.pinv, matching: .moments), texts: statistics, cut: cut)
    let carried = map.applied(to: x)
    func moments(_ rows: [[Double]], _ column: Int) -> (mean: Double, deviation: Double) {
      let mean = rows.reduce(0) { $0 + $1[column] } / Double(rows.count)
      let variance = rows.reduce(0) { $0 + ($1[column] - mean) * ($1[column] - mean) } / Double(rows.count)
      return (mean, variance.squareRoot())
    }
    for column in [0, 17, b.dimensions.hidden - 1] {
      let (here, there) = (moments(carried, column), moments(y, column))
      expectClose(
        [here.mean, here.deviation], [there.mean, there.deviation], absolute: 1e-4, relative: 1e-4, "moments")
    }
    let plain = try maps.map(.pinv).applied(to: x)
    #expect(abs(moments(plain, 17).deviation - moments(y, 17).deviation) > 1e-3)
  }

  @Test func normsMatch() throws {
    let map = try maps.map(MapRecipe(.transpose, matching: .norm), texts: statistics, cut: cut)
    let seam = try #require(statistics.seam(cut))
    let x = Tensor(shape: [seam.sample.count, a.dimensions.hidden], seam.sample.flatMap(\.x))
    let out = FloatBuffer(count: seam.sample.count * b.dimensions.hidden)
    map.apply(x.pointer, rows: seam.sample.count, into: out.pointer, threads: Threads(2))
    for row in 0..<seam.sample.count {
      let state = (0..<b.dimensions.hidden).map { Double(out.pointer[row * b.dimensions.hidden + $0]) }
      let norm = state.reduce(0) { $0 + $1 * $1 }.squareRoot()
      #expect(abs(norm - seam.meanNorm) < 1e-4 * seam.meanNorm)
    }
  }

  /// Weighted by counts plus one: the same as repeating every row of both embeddings that often.
  @Test func weightingIsRepeating() throws {
    let weighted = try maps.map(MapRecipe(.weighted), texts: statistics)
    var rows: [Int] = []
    for (id, count) in statistics.tokenCounts.enumerated() {
      rows += [Int](repeating: id, count: count + 1)
    }
    func repeated(_ wE: Tensor) -> Tensor {
      Tensor(
        shape: [rows.count, wE.columns], rows.flatMap { row in (0..<wE.columns).map { wE[row * wE.columns + $0] } })
    }
    let byHand = try StitchingMaps(
      repeated(a.wE), repeated(b.wE), shared: SharedVocabulary(count: rows.count), seed: 1, threads: Threads(2)
    ).map(.pinv)
    expectCloseToLargest(weighted.matrix.values, byHand.matrix.values, fraction: 1e-9, "weighted")
  }

  /// B's own states, mapped by the identity, are B's own states.
  @Test func aModelIsSimilarToItself() throws {
    let same = try SeamStatistics(
      pretrained: b, finetuned: b, kept: [2], transplanted: [b.dimensions.layers - 2], options: .plain, texts: texts,
      sampled: 50, workspace: Workspace(threads: Threads(2)))
    let cut = StitchCut(kept: 2, transplanted: b.dimensions.layers - 2)
    let seam = try #require(same.seam(cut))
    let own = try StitchingMaps(b, b, allowsPartialVocabulary: false, seed: 1, threads: Threads(2))
    let reference = try #require(SeamSimilarity.Reference(same, at: cut, wE: b.wE, threads: Threads(2)))
    let perfect = try #require(SeamSimilarity(of: own.map(.identity), to: reference, threads: Threads(2)))
    expectClose([perfect.alignment, perfect.cosine], [1, 1], absolute: 1e-6, relative: 0, "of itself")
    #expect(perfect.tokenOverlap == 1 && perfect.sampled == seam.sample.count)
    let noise = try #require(SeamSimilarity(of: own.map(.random), to: reference, threads: Threads(2)))
    #expect(noise.cosine < 0.5 && noise.tokenOverlap < 0.5)
    let fitted = try #require(
      SeamSimilarity(
        of: own.map(MapRecipe(.affine), texts: same, cut: cut), to: reference, threads: Threads(2)))
    #expect(fitted.cosine > 0.999)
  }

  @Test func positionsAreNotAddedTwice() {
    #expect(throws: StitchingError.notWithPositions(map: nil)) {
      try SeamStatistics(
        pretrained: a, finetuned: b, kept: [0], transplanted: [2], options: .asPublished, texts: texts,
        workspace: Workspace(threads: Threads(1)))
    }
  }
}
