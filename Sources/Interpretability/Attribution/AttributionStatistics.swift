import Files

/// What token attribution says over many texts, a level each (Brunner et al. 2020, section 5.2).
package struct AttributionStatistics: Sendable {
  /// One level.
  package struct Summary: Sendable {
    /// How many tokens.
    package let tokens: Int
    /// c[j, j]: its mean and its quartiles over all tokens.
    package let own: (mean: Double, quartiles: (Double, Double, Double))
    /// The share of tokens whose largest contributor is another token (of equal ones the token itself).
    package let othersLargest: Double
    /// The mean of c[j, j + δ] over the tokens that have such a neighbour, for δ = -reach ... reach; before and after
    /// these, the mean of all that is farther, over the tokens that have something there. nil where no token has.
    package let byDistance: [Double?]
    /// What tokens that are not special take from special ones, mean of the sums. nil where no text has both.
    package let fromSpecial: Double?
    /// What special tokens take from the others.
    package let toSpecial: Double?
  }

  /// The largest distance that stands by itself.
  package let reach: Int
  private var levels: [AttributionRecord.Level]

  package init(levels: Int, reach: Int = 10) {
    self.reach = reach
    self.levels = (0..<levels).map { _ in AttributionRecord.Level(reach: reach) }
  }

  /// Adds a text. The numbers depend on the order of the texts in their last digits.
  package mutating func add(_ record: AttributionRecord) {
    precondition(
      record.levels.count == levels.count && record.levels.allSatisfy { $0.distances.count == 2 * reach + 3 },
      "another number of levels, or another reach")
    for index in levels.indices { levels[index].add(record.levels[index]) }
  }

  /// A level each. Empty before a text is added.
  package var summaries: [Summary] {
    levels.filter { !$0.own.isEmpty }.map { level in
      let sorted = level.own.sorted()
      func quantile(_ share: Double) -> Double {
        // Between the neighbours, as most tools have it (R's type 7).
        let place = share * Double(sorted.count - 1)
        let low = Int(place)
        let high = min(low + 1, sorted.count - 1)
        return sorted[low] + (place - Double(low)) * (sorted[high] - sorted[low])
      }
      return Summary(
        tokens: sorted.count,
        own: (sorted.reduce(0, +) / Double(sorted.count), (quantile(0.25), quantile(0.5), quantile(0.75))),
        othersLargest: Double(level.othersLargest) / Double(sorted.count), byDistance: level.distances.map(\.mean),
        fromSpecial: level.fromSpecial.mean, toSpecial: level.toSpecial.mean)
    }
  }

  /// `levels` and `reach`, as they stand in a result.
  package var members: [JSON.Member] {
    func optional(_ value: Double?) -> JSON { value.map { .number($0) } ?? .null }
    let levels = summaries.enumerated().map { index, level -> JSON in
      let near = level.byDistance.dropFirst().dropLast()
      return [
        "level": .integer(index + 1), "tokens": .integer(level.tokens),
        "own": [
          "mean": .number(level.own.mean),
          "quartiles": .array(
            [level.own.quartiles.0, level.own.quartiles.1, level.own.quartiles.2].map { .number($0) }),
        ],
        "others_largest": .number(level.othersLargest), "by_distance": .array(near.map(optional)),
        "farther_left": optional(level.byDistance.first ?? nil),
        "farther_right": optional(level.byDistance.last ?? nil),
        "from_special": optional(level.fromSpecial), "to_special": optional(level.toSpecial),
      ]
    }
    return [JSON.Member("levels", .array(levels)), JSON.Member("reach", .integer(reach))]
  }
}
