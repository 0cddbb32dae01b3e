import DenseMath
import Training
import Transformer

/// Hidden token attribution (Brunner et al., "On Identifiability in Transformers", ICLR 2020, section 5): the share of
/// the embedding output of token i in hidden state j of a level,
///
///     c[j, i] = ‖∂h_j / ∂x_i‖ / Σ_k ‖∂h_j / ∂x_k‖
///
/// with x hidden state 0 (BERT: after the embedding norm) and level l hidden state l. For all levels at once.
package struct TokenAttribution: Sendable {
  /// The norm of the Jacobian.
  package enum Definition: Sendable, Equatable {
    /// The Frobenius norm, from the derivative along each of the T d directions.
    case exact
    /// The Frobenius norm, estimated from `count` random directions per token: E ‖J u‖² = ‖J‖² for normal u.
    case probes(count: Int, seed: UInt64)
    /// ‖1ᵀ J‖₂, the norm of the sum of the Jacobian's rows, which back-propagating a vector of ones computes. It is not
    /// the paper's definition.
    case ones

    /// How many directions are computed for T tokens.
    func directions(tokens T: Int, of dimensions: Dimensions) -> Int {
      switch self {
      case .exact: T * dimensions.hidden
      case .probes(let count, _): T * count
      case .ones: T * dimensions.layers
      }
    }
  }

  /// L: levels 1 to L, in order.
  package let levels: Int
  /// T
  package let tokens: Int
  /// c of each level, [L][T T]: row j, column i. Rows sum to 1.
  package let contributions: [[Double]]
  /// With probes, the standard errors of `contributions`, else empty.
  package let standardErrors: [[Double]]

  /// - Parameters:
  ///   - batch: one text.
  ///   - memory: bytes for the directions computed together, at least one: some 6 d + dFF numbers per token each.
  ///   - progress: counts the directions.
  /// - Throws: `TransformerError`.
  package init(
    of model: Model, _ batch: PackedBatch, definition: Definition, memory: Int = 128 << 20, workspace: Workspace,
    derivatives: DerivativeWorkspace, progress: ProgressHandler = .none
  ) throws {
    precondition(batch.sequences.count == 1, "one text at a time")
    let size = model.dimensions
    let (L, T, d) = (size.layers, batch.tokens, size.hidden)
    var h = try model.embed(batch, workspace: workspace)
    let map = try Linearization(
      advancing: &h, of: model, through: 0..<L, batch, workspace: workspace, derivatives: derivatives)
    let chunk = Self.chunk(model, batch, memory)
    levels = L
    tokens = T
    let work = ProgressHandler.Work("attribute", unit: "directions", total: definition.directions(tokens: T, of: size))
    (contributions, standardErrors) = try progress.during(work) { update in
      switch definition {
      case .exact:
        let norms = try Self.norms(map, tokens: 0..<T, chunk: chunk, derivatives: derivatives, progress: update)
        return (Self.normalized(norms, tokens: T), [])
      case .probes(let count, let seed):
        precondition(count >= 2, "a standard error needs two probes")
        var generator = SplitMix64(seed: seed)
        var sums = [[Double]](repeating: [Double](repeating: 0, count: T * T), count: L)
        let squares = try Self.squares(
          map, directions: T * count, chunk: chunk, tokens: 0..<T, derivatives: derivatives, progress: update
        ) { _, row in
          for column in 0..<d { row[column] = Float(generator.normal()) }
        } fold: { sum, value, place in
          sum += value * value
          sums[place.level][place.cell] += value
        }
        return Self.estimates(sums, squares, probes: count, tokens: T)
      case .ones:
        var norms: [[Double]] = []
        for level in 1...L {
          var cells = [Double](repeating: 0, count: T * T)
          for start in stride(from: 0, to: T, by: chunk) {
            let count = min(chunk, T - start)
            let dh = FloatBuffer(count: count * T * d)
            for item in 0..<count { (dh.pointer + (item * T + start + item) * d).update(repeating: 1, count: d) }
            map.pullBack(dh.pointer, count: count, through: 0..<level, workspace: derivatives)
            for row in 0..<count * T {
              cells[start * T + row] = VectorMath.dot(dh.pointer + row * d, dh.pointer + row * d, count: d).squareRoot()
            }
            try update((level - 1) * T + start + count)
          }
          norms.append(cells)
        }
        return (Self.normalized(norms, tokens: T), [])
      }
    }
  }

  /// ‖∂h_j / ∂x_i‖ in the Frobenius norm, not normalised, for some tokens i: [L][T tokens.count], row j.
  /// - Throws: `TransformerError`.
  package static func norms(
    of model: Model, _ batch: PackedBatch, tokens: Range<Int>, memory: Int = 128 << 20, workspace: Workspace,
    derivatives: DerivativeWorkspace
  ) throws -> [[Double]] {
    precondition(batch.sequences.count == 1, "one text at a time")
    var h = try model.embed(batch, workspace: workspace)
    let map = try Linearization(
      advancing: &h, of: model, through: 0..<model.dimensions.layers, batch, workspace: workspace,
      derivatives: derivatives)
    return try norms(map, tokens: tokens, chunk: Self.chunk(model, batch, memory), derivatives: derivatives)
  }

  /// The number of directions computed together.
  private static func chunk(_ model: Model, _ batch: PackedBatch, _ memory: Int) -> Int {
    let numbers = batch.tokens * (6 * model.dimensions.hidden + model.dimensions.feedForward)
    return max(1, memory / (numbers * MemoryLayout<Float>.stride))
  }

  private static func norms(
    _ map: Linearization, tokens: Range<Int>, chunk: Int, derivatives: DerivativeWorkspace,
    progress: (_ done: Int) throws -> Void = { _ in }
  ) rethrows -> [[Double]] {
    let d = map.width
    return try squares(
      map, directions: tokens.count * d, chunk: chunk, tokens: tokens, derivatives: derivatives, progress: progress
    ) { direction, row in
      row[direction % d] = 1
    } fold: { sum, value, _ in
      sum += value
    }
    .map { $0.map { $0.squareRoot() } }
  }

  /// Carries directions at the embedding output through all blocks, a chunk at a time, and adds ‖dh_j‖² of every level
  /// to entry (j, token of the direction), [L][T tokens.count]. Every token has equally many directions.
  private static func squares(
    _ map: Linearization, directions: Int, chunk: Int, tokens: Range<Int>, derivatives: DerivativeWorkspace,
    progress: (_ done: Int) throws -> Void, fill: (_ direction: Int, _ row: UnsafeMutablePointer<Float>) -> Void,
    fold: (_ sum: inout Double, _ value: Double, _ place: (level: Int, cell: Int)) -> Void
  ) rethrows -> [[Double]] {
    let (T, d) = (map.tokens, map.width)
    func token(_ direction: Int) -> Int { direction / (directions / tokens.count) }
    var result = map.layers.map { _ in [Double](repeating: 0, count: T * tokens.count) }
    let dh = FloatBuffer(uninitializedCount: min(chunk, directions) * T * d)
    var values = [Double](repeating: 0, count: min(chunk, directions) * T)
    for start in stride(from: 0, to: directions, by: chunk) {
      let count = min(chunk, directions - start)
      dh.pointer.update(repeating: 0, count: count * T * d)
      for item in 0..<count {
        fill(start + item, dh.pointer + (item * T + tokens.lowerBound + token(start + item)) * d)
      }
      for level in map.layers {
        map.pushForward(dh.pointer, count: count, through: level..<level + 1, workspace: derivatives)
        values.withUnsafeMutableBufferPointer { values in
          nonisolated(unsafe) let values = values
          derivatives.threads.runRows(count * T) { row in
            values[row] = VectorMath.dot(dh.pointer + row * d, dh.pointer + row * d, count: d)
          }
        }
        for row in 0..<count * T {
          let cell = row % T * tokens.count + token(start + row / T)
          fold(&result[level][cell], values[row], (level, cell))
        }
      }
      try progress(start + count)
    }
    return result
  }

  /// Each row divided by its sum.
  private static func normalized(_ norms: [[Double]], tokens: Int) -> [[Double]] {
    norms.map { cells in
      var cells = cells
      for j in 0..<tokens {
        let sum = cells[j * tokens..<(j + 1) * tokens].reduce(0, +)
        if sum > 0 { for i in 0..<tokens { cells[j * tokens + i] /= sum } }
      }
      return cells
    }
  }

  /// From the sums of ‖J u‖² and of its squares. With F = √mean, F's standard error is that of the mean over 2 F; those
  /// of different tokens i are independent, and c's follows by its derivatives (1 - c_i) / ΣF and -c_i / ΣF.
  ///
  /// ‖J u‖² is skewed, and the variance of a small sample is too small too often; so the variance relative to the mean
  /// is taken to be at least the average of its level's.
  private static func estimates(
    _ sums: [[Double]], _ squares: [[Double]], probes: Int, tokens: Int
  ) -> (contributions: [[Double]], errors: [[Double]]) {
    let n = Double(probes)
    let norms = sums.map { $0.map { ($0 / n).squareRoot() } }
    let contributions = normalized(norms, tokens: tokens)
    let errors = sums.indices.map { level in
      let relative = sums[level].indices.map { cell -> Double? in
        let mean = sums[level][cell] / n
        return mean > 0 ? max(0, squares[level][cell] / (n * mean * mean) - 1) / (n - 1) : nil
      }
      let known = relative.compactMap { $0 }
      let average = known.reduce(0, +) / Double(max(1, known.count))
      let variances = relative.indices.map { cell in
        relative[cell].map { max($0, average) * sums[level][cell] / n / 4 } ?? 0
      }
      var result = [Double](repeating: 0, count: tokens * tokens)
      for j in 0..<tokens {
        let row = j * tokens..<(j + 1) * tokens
        let total = norms[level][row].reduce(0, +)
        guard total > 0 else { continue }
        let all = variances[row].reduce(0, +)
        for cell in row {
          let c = contributions[level][cell]
          result[cell] = (((1 - 2 * c) * variances[cell] + c * c * all).squareRoot()) / total
        }
      }
      return result
    }
    return (contributions, errors)
  }
}
