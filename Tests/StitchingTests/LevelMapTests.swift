import DenseMath
import Evaluation
import Files
import Stitching
import TestSupport
import Testing
import Tokenization
import Transformer

/// Maps from several levels of A, against plain loops over the states.
@Suite struct LevelMapTests {
  private static let levels = MapLevels.embedAndLast
  private let a: Model
  private let b: Model
  private let maps: StitchingMaps
  private let texts: EncodedReviews
  private let fitting: SeamStatistics
  private let measuring: SeamStatistics
  private let cut = StitchCut(kept: 3, transplanted: 2)
  private let workspace = Workspace(threads: Threads(2))

  init() throws {
    a = try Model(directory: Places.model("imdb-gpt2-wide"))
    b = try Model(directory: Places.model("imdb-gpt2-narrow-sentiment"))
    maps = try StitchingMaps(a, b, seed: 5, threads: Threads(2))
    texts = try EncodedReviews(
      Dataset.read(Places.reviews).subset(limit: 24, seed: 3),
      tokenizer: Tokenizer.load(directory: a.tokenizerDirectory, modelType: a.modelType), cleaning: .br, maxLength: 64,
      threads: Threads(2))
    fitting = try Self.statistics(a, b, texts.part(0, of: 2), workspace)
    measuring = try Self.statistics(a, b, texts.part(1, of: 2), workspace)
  }

  private static func statistics(
    _ a: Model, _ b: Model, _ texts: EncodedReviews, _ workspace: Workspace
  ) throws -> SeamStatistics {
    try SeamStatistics(
      pretrained: a, finetuned: b, kept: [3], transplanted: [2], levels: [levels, .all, MapLevels("embed,last,mean")],
      withMismatch: true,
      options: .plain, texts: texts, sampled: 40, workspace: workspace)
  }

  /// Rows of A's hidden states 0 and 3 side by side, and of B's, one text at a time.
  private func states(_ texts: EncodedReviews) throws -> (x: [[Double]], y: [[Double]]) {
    func rows(_ model: Model, _ depth: Int) throws -> [[Double]] { try stateRows(model, after: depth, of: texts) }
    return (zip(try rows(a, 0), try rows(a, 3)).map { $0 + $1 }, try rows(b, b.dimensions.layers - 2))
  }

  private func error(_ rows: [[Double]], _ y: [[Double]]) -> Double {
    var sum = 0.0
    for (row, own) in zip(rows, y) {
      for (one, other) in zip(row, own) { sum += (one - other) * (one - other) }
    }
    return sum
  }

  private func map(_ name: String) throws -> StitchingMap {
    try maps.map(MapRecipe(name), texts: fitting, measuredOn: measuring, cut: cut)
  }

  /// The normal equations with a ridge: (X_cᵀX_c/n + λ v I) S = X_cᵀY_c/n, v the mean variance of a number of x.
  @Test(arguments: ["affine:embed/last", "least-squares:embed/last"])
  func theFitSolvesItsEquations(_ name: String) throws {
    let (x, y) = try states(texts.part(0, of: 2))
    let map = try map(name)
    let (n, p, q) = (Double(x.count), x[0].count, y[0].count)
    #expect(map.matrix.rows == p && map.matrix.columns == q && p == 2 * a.dimensions.hidden)
    let isAffine = map.offset != nil
    #expect(isAffine == name.hasPrefix("affine"))
    func mean(_ rows: [[Double]]) -> [Double] {
      (0..<rows[0].count).map { column in isAffine ? rows.reduce(0) { $0 + $1[column] } / n : 0 }
    }
    let (meanX, meanY) = (mean(x), mean(y))
    let squares = (0..<p).map { i in x.reduce(0) { $0 + ($1[i] - meanX[i]) * ($1[i] - meanX[i]) } }
    let ridge = try #require(map.ridge)
    // Least squares uses sums, an affine map means: the ratio of the two is the same.
    let shift = ridge * squares.reduce(0, +) / Double(p)
    let fitted = map.applied(to: x)
    let scale = y.flatMap { $0 }.reduce(0) { $0 + abs($1) }
    for feature in [0, 77, a.dimensions.hidden + 3, p - 1] {
      for column in [0, 31, q - 1] {
        var dot = 0.0
        for row in x.indices { dot += (x[row][feature] - meanX[feature]) * (y[row][column] - fitted[row][column]) }
        #expect(abs(dot - shift * map.matrix[feature, column]) < 1e-5 * scale, "\(feature), \(column)")
      }
    }
    if isAffine {
      let sums = (0..<q).map { column in x.indices.reduce(0.0) { $0 + fitted[$1][column] - y[$1][column] } / n }
      expectClose(sums, [Double](repeating: 0, count: q), absolute: 1e-5, relative: 0, "mean residual")
    }
  }

  /// The error on other texts, from moments and from every state; the chosen ridge has the least of all.
  @Test func theRidgeIsChosenOnOtherTexts() throws {
    let (x, y) = try states(texts.part(1, of: 2))
    let seam = try #require(measuring.seam(cut, levels: Self.levels))
    let fit = try #require(fitting.seam(cut, levels: Self.levels))
    let errors = try Seam.ridges.map { ridge in
      let (matrix, offset) = try fit.affine(ridge: ridge)
      let slow = error(StitchingMap(recipe: MapRecipe(.affine), matrix: matrix, offset: offset).applied(to: x), y)
      expectClose([seam.squaredError(matrix, offset)], [slow], absolute: 0, relative: 1e-6, "ridge \(ridge)")
      return slow
    }
    let map = try map("affine:embed/last")
    let best = try #require(errors.indices.min { errors[$0] < errors[$1] })
    #expect(map.ridge == Seam.ridges[best] && Set(errors).count == errors.count)
  }

  /// Of the same text and of another: two levels fit better than one, and B's state of another token not at all.
  @Test func levelsHelpAndMismatchedTextsDoNot() throws {
    let (x, y) = try states(texts.part(1, of: 2))
    let means = (0..<y[0].count).map { column in y.reduce(0) { $0 + $1[column] } / Double(y.count) }
    let whole = error(y.map { _ in means }, y)
    let one = try map("affine")
    let single = error(one.applied(to: x.map { Array($0.suffix(a.dimensions.hidden)) }), y)
    let both = error(try map("affine:embed/last").applied(to: x), y)
    let mismatched = error(try map("mismatched:embed/last").applied(to: x), y)
    #expect(both < single && single < whole && mismatched > 0.9 * whole, "\(both) \(single) \(mismatched) \(whole)")
  }

  /// A stitched model composes A's levels, the map and B's blocks; a sweep over several cuts has the same bits.
  @Test func aStitchedModelReadsItsLevels() throws {
    let map = try map("affine:embed/last")
    let model = try StitchedModel(pretrained: a, kept: 3, map: map, finetuned: b, transplanted: 2)
    #expect(model.levels == [.hidden(0), .hidden(3)] && model.name.contains("affine:embed/last"))
    let reviews = Array(texts.reviews.prefix(3))
    let batch = try PackedBatch(reviews.map(\.ids))
    var h = try a.embed(batch, workspace: workspace)
    let embedding = h.values
    try a.advance(&h, through: 0..<3, batch, workspace: workspace)
    let (d, width) = (a.dimensions.hidden, b.dimensions.hidden)
    let last = h.values
    var rows: [Float] = []
    for token in 0..<batch.tokens {
      rows += embedding[token * d..<(token + 1) * d]
      rows += last[token * d..<(token + 1) * d]
    }
    let joined = Tensor(
      shape: [batch.tokens, 2 * d],
      rows)
    var state = HiddenState(tokens: batch.tokens, width: width)
    map.apply(joined.pointer, rows: batch.tokens, into: state.pointer, threads: workspace.threads)
    withExtendedLifetime(joined) {}
    let layers = b.dimensions.layers
    try b.advance(&state, through: layers - 2..<layers, batch, workspace: workspace)
    let whole = try model.forward(batch, workspace: workspace)
    #expect(whole.values == state.values)

    let head = try b.requireClassifier()
    let logits = head.apply(whole, batch, workspace: workspace)
    let pinv = try maps.map(.pinv)
    let sweep = try StitchSweep(
      pretrained: a, finetuned: b, kept: [0, 3, 4], transplanted: [2], options: .plain, includesOwnCurve: false
    ) { $0.kept == 3 ? [pinv, map] : [pinv] }
    let records = try sweep.records(readByA: reviews, readByB: [], workspace: workspace)
    #expect(records.filter { $0.point.map == map.recipe.name }.map(\.prediction.logits) == logits)
    // pinv reads the last level alone, as without the other map.
    let alone = try StitchSweep(
      pretrained: a, finetuned: b, kept: [0, 3, 4], transplanted: [2], options: .plain, includesOwnCurve: false
    ) { _ in [pinv] }
    #expect(
      try alone.records(readByA: reviews, readByB: [], workspace: workspace).map(\.prediction.logits)
        == records.filter { $0.point.map == "pinv" }.map(\.prediction.logits))
  }

  /// Of several texts in one batch: the tokens up to each of a causal model, the whole text of another.
  @Test(arguments: [
    ("imdb-gpt2-wide", "imdb-gpt2-narrow-sentiment"), ("imdb-bert-2", "imdb-bert-1-sentiment"),
  ]) func theMeanIsOfTheTokensThatOneMayRead(_ pretrained: String, _ finetuned: String) throws {
    let (a, b) = (try Model(directory: Places.model(pretrained)), try Model(directory: Places.model(finetuned)))
    let (p, q) = (a.dimensions.hidden, b.dimensions.hidden)
    // Passes on the mean's first numbers, without a block after it.
    var matrix = DoubleMatrix(rows: p, columns: q)
    for index in 0..<q { matrix[index, index] = 1 }
    let map = StitchingMap(recipe: try MapRecipe("affine:mean"), matrix: matrix)
    let model = try StitchedModel(pretrained: a, kept: 2, map: map, finetuned: b, transplanted: 0)
    #expect(model.levels == [.mean])
    let texts: [[Int32]] = [[5, 6, 7, 8, 9], [300], [20, 21, 22]]
    let found = try model.forward(PackedBatch(texts), workspace: workspace).values
    var expected: [Double] = []
    for text in texts {
      let h = try a.embed(PackedBatch([text]), workspace: workspace).values
      for token in text.indices {
        let read = a.traits.isCausal ? 0...token : 0...text.count - 1
        for column in 0..<q {
          expected.append(read.reduce(0.0) { $0 + Double(h[$1 * p + column]) } / Double(read.count))
        }
      }
    }
    #expect(found.count == 9 * q)
    expectClose(found.map(Double.init), expected, absolute: 1e-7, relative: 1e-6, "means")
  }

  @Test func aMapOfOtherStatesIsRefused() throws {
    let map = try map("affine:all")
    #expect(map.matrix.rows == 4 * a.dimensions.hidden)
    #expect(
      throws: StitchingError.mapOfOtherStates(map: "affine:all", expected: [3 * 160, 128], found: [4 * 160, 128])
    ) { try StitchedModel(pretrained: a, kept: 2, map: map, finetuned: b, transplanted: 2) }
  }

  @Test func levelsThatCannotBeReadAreRefused() throws {
    func statistics(_ levels: String, kept: [Int]) throws -> SeamStatistics {
      try SeamStatistics(
        pretrained: a, finetuned: b, kept: kept, transplanted: [2], levels: [MapLevels(levels)], options: .plain,
        texts: texts, workspace: workspace)
    }
    #expect(throws: StitchingError.levelsAboveCut(levels: "L2", kept: 2)) { try statistics("L2", kept: [2, 3]) }
    #expect(throws: StitchingError.needsTexts(map: "affine:L0")) {
      try maps.map(MapRecipe("affine:L0"), texts: fitting, measuredOn: nil, cut: cut)
    }
    let bytes = SeamStatistics.memory(a, kept: [0, 5], levels: [.all])
    #expect(bytes == 4 * 8 * (6 * 160) * (6 * 160) && bytes < SeamStatistics.memoryLimit)
  }

  /// Kept beside the file, with its levels.
  @Test func aSavedMapKeepsItsLevels() throws {
    let folder = try TemporaryFolder()
    let map = try map("affine:embed/last/mean")
    func part(_ name: String) throws -> StitchedModelFile.Part {
      .init(model: Places.model(name), sha256: try Digest.ofFile(Places.model(name) + "/model.safetensors"))
    }
    try StitchedModelFile(
      pretrained: part("imdb-gpt2-wide"), kept: 3, map: map.recipe, draw: 0, seed: 1,
      finetuned: part("imdb-gpt2-narrow-sentiment"), transplanted: 2, options: .plain, allowsPartialVocabulary: false
    ).write(to: folder.path, fitted: map)
    let opened = try #require(try openModel(directory: folder.path) { $0 } as? StitchedModel)
    #expect(
      opened.map.recipe == map.recipe && opened.map.matrix == map.matrix
        && opened.levels == [.hidden(0), .hidden(3), .mean])
    let batch = try PackedBatch([[5, 6, 7, 8]])
    let model = try StitchedModel(pretrained: a, kept: 3, map: map, finetuned: b, transplanted: 2)
    #expect(
      try opened.forward(batch, workspace: workspace).values == model.forward(batch, workspace: workspace).values)
    let text = String(decoding: try folder.bytes("stitched.json"), as: UTF8.self)
    for (from, to) in [
      ("\"kept\": 3", "\"kept\": 900000000000"), ("embed/last/mean", "all"), ("embed/last", "nowhere"),
    ] {
      #expect(text.contains(from))
      try folder.write(text.replacing(from, with: to), to: "stitched.json")
      #expect(throws: (any Error).self, "\(to)") { try openModel(directory: folder.path) { $0 } }
    }
  }
}
