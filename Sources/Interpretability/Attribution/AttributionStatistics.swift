/// Token attribution over many texts, by level (Brunner et al. 2020, section 5.2).
package struct AttributionStatistics: Sendable {
  /// One level.
  package struct Summary: Sendable, Encodable {
    /// From 1.
    package let level: Int
    /// Tokens.
    package let tokens: Int
    package let own: Own
    /// The share of tokens whose largest contributor is another token (of equal ones the token itself).
    package let othersLargest: Double
    /// The mean of c[j, j + δ] over the tokens with such a neighbour, for δ = -reach ... reach; nil without any.
    package let byDistance: [Double?]
    /// The mean sum of all farther tokens before, over the tokens that have some.
    package let fartherLeft: Double?
    package let fartherRight: Double?
    /// The mean total contribution of special tokens to others; nil where no text has both.
    package let fromSpecial: Double?
    /// The mean total contribution of others to special tokens.
    package let toSpecial: Double?

    private enum CodingKeys: String, CodingKey {
      case level, tokens, own, othersLargest = "others_largest", byDistance = "by_distance"
      case fartherLeft = "farther_left", fartherRight = "farther_right", fromSpecial = "from_special"
      case toSpecial = "to_special"
    }
  }

  /// c[j, j] over all tokens.
  package struct Own: Sendable, Encodable {
    package let mean: Double
    package let quartiles: [Double]
  }

  /// The largest distance with a number of its own.
  package let reach: Int
  private var levels: [AttributionRecord.Level]

  package init(levels: Int, reach: Int = 10) {
    self.reach = reach
    self.levels = (0..<levels).map { _ in AttributionRecord.Level(reach: reach) }
  }

  /// Adds a text. The last digits depend on the order of the texts.
  package mutating func add(_ record: AttributionRecord) {
    precondition(
      record.levels.count == levels.count && record.levels.allSatisfy { $0.distances.count == 2 * reach + 3 },
      "another number of levels, or another reach")
    for index in levels.indices { levels[index].add(record.levels[index]) }
  }

  /// One per level. Empty without texts.
  package var summaries: [Summary] {
    levels.filter { !$0.own.isEmpty }.enumerated().map { index, level in
      let sorted = level.own.sorted()
      func quantile(_ share: Double) -> Double {
        // Interpolated as by most tools (R's type 7).
        let place = share * Double(sorted.count - 1)
        let low = Int(place)
        let high = min(low + 1, sorted.count - 1)
        return sorted[low] + (place - Double(low)) * (sorted[high] - sorted[low])
      }
      let byDistance = level.distances.map(\.mean)
      return Summary(
        level: index + 1, tokens: sorted.count,
        own: Own(
          mean: sorted.reduce(0, +) / Double(sorted.count), quartiles: [quantile(0.25), quantile(0.5), quantile(0.75)]),
        othersLargest: Double(level.othersLargest) / Double(sorted.count),
        byDistance: Array(byDistance.dropFirst().dropLast()), fartherLeft: byDistance.first ?? nil,
        fartherRight: byDistance.last ?? nil, fromSpecial: level.fromSpecial.mean, toSpecial: level.toSpecial.mean)
    }
  }
}

extension AttributionStatistics: Encodable {
  package func encode(to encoder: any Encoder) throws { try encoder.encode(["levels": summaries, "reach": reach]) }
}
