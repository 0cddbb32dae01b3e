/// Attention of one head in one text, raw and effective: for each target the mean share over the tokens.
package struct AttentionShares: Sendable, Equatable, Encodable {
  /// The sum of the attention weights on the target. Over the kinds of token they sum to 1.
  package let raw: [Double]
  /// The sum of the effective weights, which may be negative and over the kinds of token need not sum to 1.
  package let effective: [Double]
  /// The sum of the effective weights' magnitudes over that of the whole row: comparable with raw shares.
  package let magnitude: [Double]

  init(raw: [Double], effective: [Double], magnitude: [Double]) {
    (self.raw, self.effective, self.magnitude) = (raw, effective, magnitude)
  }

  /// - Parameters:
  ///   - targets: in the order of the results.
  ///   - kinds: `AttentionTarget.kinds` of the text.
  package init(_ head: EffectiveAttention.Head, targets: [AttentionTarget], kinds: [AttentionTarget], isCausal: Bool) {
    let T = head.raw.rows
    precondition(kinds.count == T, "\(kinds.count) kinds for \(T) tokens")
    var sums = [[Double]](repeating: [Double](repeating: 0, count: targets.count), count: 3)
    for row in 0..<T {
      let seen = isCausal ? row + 1 : T
      var total = 0.0
      for column in 0..<seen { total += abs(head.effective[row, column]) }
      for (index, target) in targets.enumerated() {
        var (raw, effective, magnitude) = (0.0, 0.0, 0.0)
        for column in target.places(from: row, seen: seen) where target.matches(kinds[column]) {
          raw += head.raw[row, column]
          effective += head.effective[row, column]
          magnitude += abs(head.effective[row, column])
        }
        sums[0][index] += raw
        sums[1][index] += effective
        sums[2][index] += total > 0 ? magnitude / total : 0
      }
    }
    let means = sums.map { $0.map { $0 / Double(max(T, 1)) } }
    (raw, effective, magnitude) = (means[0], means[1], means[2])
  }

  /// The shares under equal attention to all visible tokens: the chance level of a text.
  package static func uniform(targets: [AttentionTarget], kinds: [AttentionTarget], isCausal: Bool) -> [Double] {
    let T = kinds.count
    return targets.map { target in
      let sum = (0..<T).reduce(0.0) { sum, row in
        let seen = isCausal ? row + 1 : T
        return sum + Double(target.places(from: row, seen: seen).count { target.matches(kinds[$0]) }) / Double(seen)
      }
      return sum / Double(max(T, 1))
    }
  }
}

extension AttentionTarget {
  /// The positions of a target that a row sees; for a kind of token all of them.
  fileprivate func places(from row: Int, seen: Int) -> Range<Int> {
    switch self {
    case .itself: return row..<row + 1
    case .previous: return max(0, row - 1)..<row
    case .next: return min(row + 1, seen)..<min(row + 2, seen)
    default: return 0..<seen
    }
  }

  fileprivate func matches(_ kind: AttentionTarget) -> Bool {
    switch self {
    case .itself, .previous, .next: return true
    default: return kind == self
    }
  }
}

extension EffectiveAttention.Head {
  /// Pearson's correlation of raw and effective weights over all pairs of tokens that see each other; NaN where either
  /// does not vary.
  package func correlation(isCausal: Bool) -> Double {
    var (count, meanRaw, meanEffective) = (0.0, 0.0, 0.0)
    var (xx, yy, xy) = (0.0, 0.0, 0.0)
    // Welford's recurrence: weights are small and alike, so sums of squares would cancel.
    for row in 0..<raw.rows {
      for column in 0..<(isCausal ? row + 1 : raw.columns) {
        let (x, y) = (raw[row, column], effective[row, column])
        count += 1
        let (dx, dy) = (x - meanRaw, y - meanEffective)
        meanRaw += dx / count
        meanEffective += dy / count
        xx += dx * (x - meanRaw)
        yy += dy * (y - meanEffective)
        xy += dx * (y - meanEffective)
      }
    }
    return xy / (xx * yy).squareRoot()
  }

  /// ‖A - A⊥‖² / ‖A‖², Frobenius norms: the part of the weights without effect on the output.
  package var nullShare: Double {
    var (lost, all) = (0.0, 0.0)
    for (x, y) in zip(raw.values, effective.values) {
      lost += (x - y) * (x - y)
      all += x * x
    }
    return all > 0 ? lost / all : 0
  }
}
