import DenseMath
import Evaluation
import Transformer

/// Statistics of the states on both sides of a cut over unlabelled texts: x of A after `kept` blocks, y of B before its
/// last `transplanted` blocks, for the same tokens.
package struct Seam: Sendable {
  package internal(set) var moments: PairedMoments
  fileprivate var sumOfNorms = 0.0
  /// Pairs of states, spread evenly over the texts.
  package fileprivate(set) var sample: [(x: [Float], y: [Float])] = []

  /// The mean Euclidean norm of B's states.
  package var meanNorm: Double { sumOfNorms / Double(max(moments.count, 1)) }

  /// argmin Σ ‖x S - y‖², [d_A, d_B].
  func leastSquares() throws -> DoubleMatrix {
    try PositiveInverse(moments.xx).multipliedFromLeft(by: moments.xy.transposed).transposed
  }

  /// argmin Σ ‖x S + b - y‖².
  func affine() throws -> (matrix: DoubleMatrix, offset: [Double]) {
    let covariances = moments.covariances
    let matrix = try PositiveInverse(covariances.xx).multipliedFromLeft(by: covariances.xy.transposed).transposed
    return (matrix, matrix.offset(taking: moments.meanX, to: moments.meanY))
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
  package private(set) var seams: [StitchCut: Seam] = [:]
  /// The count of each of A's ids in the texts, [V_A].
  package private(set) var tokenCounts: [Int]
  package let texts: Int
  package var tokens: Int { tokenCounts.reduce(0, +) }

  /// - Parameters:
  ///   - kept, transplanted: the cuts.
  ///   - texts: tokenized by A; B reads the same ids. Labels are not used.
  ///   - sampled: how many pairs of states to keep at each cut.
  /// - Throws: `StitchingError` for cuts and options that do not fit; `TransformerError`.
  package init(
    pretrained: Model, finetuned: Model, kept: [Int], transplanted: [Int], options: StitchedModel.Options,
    texts: EncodedReviews, sampled: Int = 0, workspace: Workspace
  ) throws {
    try StitchedModel.check(pretrained, finetuned, options)
    guard !options.addsPositions else { throw StitchingError.notWithPositions(map: nil) }
    try StitchedModel.check(.kept, kept, of: pretrained)
    try StitchedModel.check(.transplanted, transplanted, of: finetuned)
    self.texts = texts.reviews.count
    tokenCounts = [Int](repeating: 0, count: pretrained.wE.rows)
    let (p, q) = (pretrained.dimensions.hidden, finetuned.dimensions.hidden)
    for count in Set(kept) {
      for upper in Set(transplanted) {
        seams[StitchCut(kept: count, transplanted: upper)] = Seam(moments: PairedMoments(p: p, q: q))
      }
    }
    let all = texts.reviews.reduce(0) { $0 + $1.ids.count }
    let step = sampled > 0 ? max(1, all / sampled) : Int.max
    var position = 0
    for range in texts.batches {
      let reviews = texts.reviews[range]
      for id in reviews.flatMap(\.ids) { tokenCounts[Int(id)] += 1 }
      let batch = try PackedBatch(reviews.map(\.ids))
      let lower = try Self.states(pretrained, after: Set(kept), options, batch, workspace)
      let layers = finetuned.dimensions.layers
      let upper = try Self.states(finetuned, after: Set(transplanted.map { layers - $0 }), .plain, batch, workspace)
      for cut in Array(seams.keys) {
        guard let x = lower[cut.kept], let y = upper[layers - cut.transplanted] else { continue }
        seams[cut]?.add(x, y, from: position, step: step, threads: workspace.threads)
      }
      position += batch.tokens
    }
  }

  /// Hidden states after these numbers of blocks.
  private static func states(
    _ model: Model, after depths: Set<Int>, _ options: StitchedModel.Options, _ batch: PackedBatch,
    _ workspace: Workspace
  ) throws -> [Int: HiddenState] {
    var result: [Int: HiddenState] = [:]
    var h = try model.embed(batch, workspace: workspace)
    var depth = 0
    for next in depths.sorted() {
      try model.advance(&h, through: depth..<next, batch, workspace: workspace)
      depth = next
      result[next] = options.appliesFinalNorm ? model.finalNormApplied(to: h, workspace: workspace) : h
    }
    return result
  }
}

extension Seam {
  /// Adds the states of a batch; every `step`-th token of all texts, counted from `position`, joins the sample.
  fileprivate mutating func add(_ x: HiddenState, _ y: HiddenState, from position: Int, step: Int, threads: Threads) {
    moments.add(x: x.pointer, y: y.pointer, rows: x.tokens, threads: threads)
    for token in 0..<y.tokens {
      let row = UnsafeBufferPointer(start: y.pointer + token * y.width, count: y.width)
      sumOfNorms += row.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
      guard step < Int.max, (position + token) % step == 0 else { continue }
      sample.append((Array(UnsafeBufferPointer(start: x.pointer + token * x.width, count: x.width)), Array(row)))
    }
  }
}
