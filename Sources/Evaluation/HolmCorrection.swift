extension RunComparison {
  /// p values corrected for multiple comparisons, so that the probability of any false rejection is bounded: the k-th
  /// smallest of m times m - k + 1, never below the one before, at most 1 (Holm, Scandinavian Journal of Statistics
  /// 6:65, 1979).
  package static func holmCorrected(_ values: [Double]) -> [Double] {
    var (result, largest) = (values, 0.0)
    let ascending = values.indices.sorted { (values[$0], $0) < (values[$1], $1) }
    for (place, index) in ascending.enumerated() {
      largest = max(largest, min(1, values[index] * Double(values.count - place)))
      result[index] = largest
    }
    return result
  }
}
