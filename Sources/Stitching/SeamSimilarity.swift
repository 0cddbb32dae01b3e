import DenseMath
import Transformer

/// The similarity of mapped states of A to B's own states of the same tokens at the same depth.
package struct SeamSimilarity: Equatable, Sendable {
  /// Linear centred kernel alignment of the mapped states with B's own, 0 to 1 (Kornblith et al. 2019), over all
  /// tokens; before any rescaling of single states to a norm, which hardly changes it.
  package let alignment: Double
  /// The mean over the sampled tokens of the cosine of mapped and own state, -1 to 1.
  package let cosine: Double
  /// The mean over the sampled tokens of the share of the top tokens (h wE_Bᵀ) that both states have, 0 to 1.
  package let tokenOverlap: Double
  /// Tokens in `cosine` and `tokenOverlap`.
  package let sampled: Int

  /// B's side of a comparison, computed once for all maps of a cut.
  package struct Reference: Sendable {
    fileprivate let statistics: SeamStatistics
    fileprivate let cut: StitchCut
    /// The sampled states of B, [sampled, d_B].
    fileprivate let own: Tensor
    fileprivate let wE: Tensor
    fileprivate let top: Int
    /// The top tokens of each row of `own`.
    fileprivate let tokens: [Set<Int>]

    /// - Parameters:
    ///   - statistics: of texts that no map was fitted on, with a sample.
    ///   - wE: B's token embedding, [V, d_B].
    ///   - top: how many tokens are compared.
    /// - Returns: nil without a sample.
    package init?(
      _ statistics: SeamStatistics, at cut: StitchCut, wE: Tensor, top: Int = 10, threads: Threads
    ) {
      guard let seam = statistics.seam(cut), let first = seam.sample.first else { return nil }
      self.statistics = statistics
      self.cut = cut
      own = Tensor(shape: [seam.sample.count, first.y.count], seam.sample.flatMap(\.y))
      self.wE = wE
      self.top = top
      tokens = SeamSimilarity.topTokens(own, wE, top: top, threads: threads)
    }
  }
}

extension SeamSimilarity {
  /// - Parameter reference: B's own states at the map's cut.
  /// - Returns: nil for a map from levels that the statistics do not have.
  package init?(of map: StitchingMap, to reference: Reference, threads: Threads) {
    guard let seam = reference.statistics.seam(reference.cut, levels: map.levels), let first = seam.sample.first else {
      return nil
    }
    let covariances = seam.moments.covariances
    let x = Tensor(shape: [seam.sample.count, first.x.count], seam.sample.flatMap(\.x))
    let mappedCross = map.matrix.transposed * covariances.xy
    let mapped = map.matrix.transposed * (covariances.xx * map.matrix)
    let scale = mapped.frobeniusNorm * covariances.yy.frobeniusNorm
    alignment = scale > 0 ? mappedCross.frobeniusNorm * mappedCross.frobeniusNorm / scale : 0
    let (rows, width, own) = (reference.own.rows, reference.own.columns, reference.own)
    sampled = rows
    let states = FloatBuffer(count: rows * width)
    map.apply(x.pointer, rows: rows, into: states.pointer, threads: threads)
    cosine =
      (0..<rows).reduce(0.0) { $0 + Self.cosine(states.pointer + $1 * width, own.pointer + $1 * width, width) }
      / Double(rows)
    let mappedTokens = Self.topTokens(
      Tensor(shape: [rows, width], states), reference.wE, top: reference.top, threads: threads)
    let kept = Double(min(reference.top, reference.wE.rows))
    tokenOverlap =
      zip(mappedTokens, reference.tokens).reduce(0.0) { $0 + Double($1.0.intersection($1.1).count) / kept }
      / Double(rows)
  }

  private static func cosine(_ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ count: Int) -> Double {
    var (xy, xx, yy) = (0.0, 0.0, 0.0)
    for index in 0..<count {
      let (a, b) = (Double(x[index]), Double(y[index]))
      xy += a * b
      xx += a * a
      yy += b * b
    }
    return xx > 0 && yy > 0 ? xy / (xx * yy).squareRoot() : 0
  }

  /// The ids of the highest scores h wEᵀ of each row.
  private static func topTokens(_ states: Tensor, _ wE: Tensor, top: Int, threads: Threads) -> [Set<Int>] {
    Unembedding.embedding(wE).topTokens(of: states, top, threads: threads).map { Set($0.map(\.id)) }
  }
}
