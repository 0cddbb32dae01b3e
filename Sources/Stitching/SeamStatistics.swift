import DenseMath
import Evaluation
import Transformer

/// Statistics of the states on both sides of a cut over unlabelled texts: x of A at one or several levels side by side, y of
/// B before its last `transplanted` blocks, for the same tokens.
package struct Seam: Sendable {
  package let moments: PairedMoments
  /// The mean Euclidean norm of B's states.
  package let meanNorm: Double
  /// Pairs of states, spread evenly over the texts.
  package let sample: [(x: [Float], y: [Float])]

  /// The ridges that are tried where several levels are read, as fractions of the mean square (or variance) of a number of x.
  /// Smaller ones cannot be told from rounding, larger ones damp what a classifier needs.
  package static let ridges = [1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2]

  /// argmin Σ ‖x S - y‖² + λ ‖S‖², [d_A, d_B].
  /// - Parameter ridge: λ, as a fraction of the mean square of a number of x.
  package func leastSquares(ridge: Double = 0) throws -> DoubleMatrix {
    try PositiveInverse(Self.damped(moments.xx, ridge)).multipliedFromLeft(by: moments.xy.transposed).transposed
  }

  /// argmin Σ ‖x S + b - y‖² + λ ‖S‖².
  package func affine(ridge: Double = 0) throws -> (matrix: DoubleMatrix, offset: [Double]) {
    let covariances = moments.covariances
    let matrix = try PositiveInverse(Self.damped(covariances.xx, ridge))
      .multipliedFromLeft(by: covariances.xy.transposed).transposed
    return (matrix, matrix.offset(taking: moments.meanX, to: moments.meanY))
  }

  private static func damped(_ gram: DoubleMatrix, _ ridge: Double) -> DoubleMatrix {
    guard ridge > 0, gram.rows > 0 else { return gram }
    let shift = ridge * (0..<gram.rows).reduce(0.0) { $0 + gram[$1, $1] } / Double(gram.rows)
    var result = gram
    for index in 0..<gram.rows { result[index, index] += shift }
    return result
  }

  /// Σ ‖x S + b - y‖² over the tokens of this seam, from its moments.
  package func squaredError(_ matrix: DoubleMatrix, _ offset: [Double]?) -> Double {
    let mapped = moments.xx * matrix
    var sum = (0..<moments.yy.rows).reduce(0.0) { $0 + moments.yy[$1, $1] }
    sum += matrix.inner(mapped) - 2 * matrix.inner(moments.xy)
    guard let offset else { return sum }
    let constant = DoubleMatrix(rows: 1, columns: matrix.rows, values: moments.sumX) * matrix
    for column in offset.indices {
      sum +=
        offset[column] * (2 * (constant[0, column] - moments.sumY[column]) + Double(moments.count) * offset[column])
    }
    return sum
  }

  /// S with its columns rescaled, and a constant, so that every feature of x S has the mean and variance of y's.
  func matched(_ matrix: DoubleMatrix) -> (matrix: DoubleMatrix, offset: [Double]) {
    let covariances = moments.covariances
    let spread = covariances.xx * matrix
    var scaled = matrix
    for column in 0..<matrix.columns {
      let variance = (0..<matrix.rows).reduce(0.0) { $0 + matrix[$1, column] * spread[$1, column] }
      let scale = variance > 0 ? (covariances.yy[column, column] / variance).squareRoot() : 1
      for row in 0..<matrix.rows { scaled[row, column] *= scale }
    }
    return (scaled, scaled.offset(taking: moments.meanX, to: moments.meanY))
  }
}

/// The statistics of all cuts of a sweep, and the tokens, of unlabelled texts, in one pass of both models.
package struct SeamStatistics: Sendable {
  /// What the products are between: states of A, hidden states of B by the number of blocks after them, and B's of other
  /// tokens.
  private enum Stream: Hashable { case a(StateOfA), b(Int), mismatched(Int) }

  private let streams: [Stream: Int]
  private var moments: StreamMoments
  /// Of each of B's streams.
  private var sumsOfNorms: [Stream: Double] = [:]
  /// The sampled states of each stream, row after row.
  private var samples: [Stream: [[Float]]] = [:]
  /// The count of each of A's ids in the texts, [V_A].
  package private(set) var tokenCounts: [Int]
  package let texts: Int
  package var tokens: Int { tokenCounts.reduce(0, +) }

  /// The most memory, in bytes, that the statistics of a run and a map fitted to them may take.
  package static let memoryLimit = 8 << 30

  /// - Parameters:
  ///   - kept, transplanted: the cuts.
  ///   - levels: those that maps read besides the last.
  ///   - withMismatch: whether B's states of other tokens are wanted too.
  ///   - texts: tokenized by A; B reads the same ids. Labels are not used.
  ///   - sampled: how many pairs of states to keep at each cut.
  /// - Throws: `StitchingError` for cuts and options that do not fit, or too much memory; `TransformerError`.
  package init(
    pretrained: Model, finetuned: Model, kept: [Int], transplanted: [Int], levels: [MapLevels] = [],
    withMismatch: Bool = false, options: StitchedModel.Options, texts: EncodedReviews, sampled: Int = 0,
    workspace: Workspace
  ) throws {
    try StitchedModel.check(pretrained, finetuned, options)
    guard !options.addsPositions else { throw StitchingError.notWithPositions(map: nil) }
    try StitchedModel.check(.kept, kept, of: pretrained)
    try StitchedModel.check(.transplanted, transplanted, of: finetuned)
    let levels = [.last] + levels
    try Self.checkMemory(pretrained, kept: kept, levels: levels)
    self.texts = texts.reviews.count
    tokenCounts = [Int](repeating: 0, count: pretrained.wE.rows)
    let sets = Set(kept.flatMap { kept in levels.map { $0.states(kept: kept) } })
    let read = Set(sets.joined()).sorted()
    let uppers = Set(transplanted).sorted()
    let lower = read.map { Stream.a($0) }
    let own = uppers.map { Stream.b($0) }
    let other = withMismatch ? uppers.map { Stream.mismatched($0) } : []
    let all = lower + own + other
    let places = Dictionary(uniqueKeysWithValues: zip(all, all.indices))
    let (p, q) = (pretrained.dimensions.hidden, finetuned.dimensions.hidden)
    var pairs: Set<StreamMoments.Pair> = []
    func keep(_ one: Stream, _ two: Stream) {
      if let one = places[one], let two = places[two] { pairs.insert(.init(one, two)) }
    }
    for set in sets { for one in set { for two in set { keep(.a(one), .a(two)) } } }
    for x in lower { for y in own + other { keep(x, y) } }
    for y in own + other { keep(y, y) }
    streams = places
    moments = StreamMoments(widths: all.indices.map { $0 < lower.count ? p : q }, pairs: pairs)
    let count = texts.reviews.reduce(0) { $0 + $1.ids.count }
    let step = sampled > 0 ? max(1, count / sampled) : Int.max
    var position = 0
    for range in texts.batches {
      let reviews = texts.reviews[range]
      for id in reviews.flatMap(\.ids) { tokenCounts[Int(id)] += 1 }
      let batch = try PackedBatch(reviews.map(\.ids))
      var x = try pretrained.states(read, batch, workspace: workspace)
      if options.appliesFinalNorm { x = x.map { pretrained.finalNormApplied(to: $0, workspace: workspace) } }
      let layers = finetuned.dimensions.layers
      let y = try finetuned.states(uppers.reversed().map { .hidden(layers - $0) }, batch, workspace: workspace)
      let states = x + y.reversed() + (other.isEmpty ? [] : y.reversed().map(\.mismatched))
      add(all, states, from: position, step: step, threads: workspace.threads)
      position += batch.tokens
    }
  }

  /// Adds the states of a batch; every `step`-th token of all texts, counted from `position`, joins the sample.
  private mutating func add(
    _ streams: [Stream], _ states: [HiddenState], from position: Int, step: Int, threads: Threads
  ) {
    guard let rows = states.first?.tokens else { return }
    moments.add(states.map { UnsafePointer($0.pointer) }, rows: rows, threads: threads)
    for (stream, h) in zip(streams, states) {
      func row(_ token: Int) -> UnsafeBufferPointer<Float> {
        UnsafeBufferPointer(start: h.pointer + token * h.width, count: h.width)
      }
      if case .a = stream {
      } else {
        for token in 0..<rows {
          sumsOfNorms[stream, default: 0] += row(token).reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        }
      }
      guard step < Int.max else { continue }
      for token in 0..<rows where (position + token) % step == 0 {
        samples[stream, default: []].append(Array(row(token)))
      }
    }
  }

  /// The statistics at a cut.
  /// - Parameters:
  ///   - levels: which states of A are x.
  ///   - mismatched: whether y is B's state of another token.
  /// - Returns: nil for a cut or levels that were not asked for.
  package func seam(_ cut: StitchCut, levels: MapLevels = .last, mismatched: Bool = false) -> Seam? {
    let x = levels.states(kept: cut.kept).map { Stream.a($0) }
    let y = mismatched ? Stream.mismatched(cut.transplanted) : .b(cut.transplanted)
    let places = x.compactMap { streams[$0] }
    guard !x.isEmpty, places.count == x.count, let place = streams[y] else { return nil }
    let own = samples[y] ?? []
    return Seam(
      moments: moments.paired(places, with: place),
      meanNorm: (sumsOfNorms[y] ?? 0) / Double(max(moments.count, 1)),
      sample: own.indices.map { row in (x: x.flatMap { samples[$0]?[row] ?? [] }, y: own[row]) })
  }
}

extension SeamStatistics {
  /// What the statistics at the widest cut and a map fitted to them take, in bytes: the products, those of one cut side by
  /// side, the same with a ridge, and its factor.
  package static func memory(_ pretrained: Model, kept: [Int], levels: [MapLevels]) -> Int {
    let widest = levels.flatMap { levels in kept.map { levels.states(kept: $0).count } }.max() ?? 0
    let width = widest * pretrained.dimensions.hidden
    return 4 * MemoryLayout<Double>.stride * width * width
  }

  private static func checkMemory(_ pretrained: Model, kept: [Int], levels: [MapLevels]) throws {
    for level in levels {
      if let empty = kept.first(where: { level.states(kept: $0).isEmpty }) {
        throw StitchingError.levelsAboveCut(levels: level.name, kept: empty)
      }
      let bytes = memory(pretrained, kept: kept, levels: [level])
      if bytes > memoryLimit {
        throw StitchingError.levelsTooWide(levels: level.name, bytes: bytes, limit: memoryLimit)
      }
    }
  }
}

extension HiddenState {
  /// Each row moved half the number of rows, the last ones to the front.
  fileprivate var mismatched: HiddenState {
    let moved = HiddenState(tokens: tokens, width: width)
    let shift = tokens / 2
    moved.pointer.update(from: pointer + shift * width, count: (tokens - shift) * width)
    (moved.pointer + (tokens - shift) * width).update(from: pointer, count: shift * width)
    return moved
  }
}
