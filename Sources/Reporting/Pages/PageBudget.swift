/// How many figures a page holds before it is too large to be opened.
package enum PageBudget {
  /// The most numbers of a page, which then has some 24 MB.
  package static let numbers = 4_000_000

  /// How many figures fit on a page, from the first one, which is always shown.
  /// - Parameter counts: how many numbers each figure holds.
  package static func shown(of counts: [Int]) -> Int {
    var total = 0
    let fitting = counts.prefix { count in
      total += count
      return total <= numbers
    }.count
    return max(fitting, min(1, counts.count))
  }
}
