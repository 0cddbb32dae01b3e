/// What token attribution says over many texts, a level each (Brunner et al. 2020, section 5.2).
public struct AttributionStatistics: Sendable {
  /// One level.
  public struct Summary: Sendable {
    /// How many tokens.
    public let tokens: Int
    /// c[j, j]: its mean and its quartiles over all tokens.
    public let own: (mean: Double, quartiles: (Double, Double, Double))
    /// The share of tokens whose largest contributor is another token (of equal ones the token itself).
    public let othersLargest: Double
    /// The mean of c[j, j + δ] over the tokens that have such a neighbour, for δ = -reach ... reach; before and after
    /// these, the mean of all that is farther, over the tokens that have something there. nil where no token has.
    public let byDistance: [Double?]
    /// What tokens that are not special take from special ones, mean of the sums. nil where no text has both.
    public let fromSpecial: Double?
    /// What special tokens take from the others.
    public let toSpecial: Double?
  }

  /// The largest distance that stands by itself.
  public let reach: Int
  private var levels: [Level]

  private struct Level {
    var own: [Double] = []
    var othersLargest = 0
    var distances: [(sum: Double, count: Int)]
    var fromSpecial = (sum: 0.0, count: 0)
    var toSpecial = (sum: 0.0, count: 0)
  }

  public init(levels: Int, reach: Int = 10) {
    self.reach = reach
    self.levels = (0..<levels).map { _ in
      Level(distances: [(sum: Double, count: Int)](repeating: (0, 0), count: 2 * reach + 3))
    }
  }

  /// Adds a text.
  /// - Parameters:
  ///   - contributions: [levels][T T], as `TokenAttribution` has them.
  ///   - special: whether each token is one.
  public mutating func add(contributions: [[Double]], tokens T: Int, special: [Bool]) {
    precondition(contributions.count == levels.count && special.count == T, "another number of levels or tokens")
    let hasBoth = special.contains(true) && special.contains(false)
    for (index, cells) in contributions.enumerated() {
      for j in 0..<T {
        let row = cells[j * T..<(j + 1) * T]
        let own = row[row.startIndex + j]
        levels[index].own.append(own)
        if row.contains(where: { $0 > own }) { levels[index].othersLargest += 1 }
        var far = (left: 0.0, right: 0.0)
        var taken = 0.0
        for (i, c) in row.enumerated() {
          let distance = i - j
          if distance < -reach {
            far.left += c
          } else if distance > reach {
            far.right += c
          } else {
            levels[index].distances[distance + reach + 1].sum += c
            levels[index].distances[distance + reach + 1].count += 1
          }
          if special[i] != special[j] { taken += c }
        }
        if j > reach {
          levels[index].distances[0].sum += far.left
          levels[index].distances[0].count += 1
        }
        if j + reach < T - 1 {
          levels[index].distances[2 * reach + 2].sum += far.right
          levels[index].distances[2 * reach + 2].count += 1
        }
        guard hasBoth else { continue }
        if special[j] {
          levels[index].toSpecial = (levels[index].toSpecial.sum + taken, levels[index].toSpecial.count + 1)
        } else {
          levels[index].fromSpecial = (levels[index].fromSpecial.sum + taken, levels[index].fromSpecial.count + 1)
        }
      }
    }
  }

  /// A level each. Empty before a text is added.
  public var summaries: [Summary] {
    levels.filter { !$0.own.isEmpty }.map { level in
      let sorted = level.own.sorted()
      func quantile(_ share: Double) -> Double {
        // Between the neighbours, as most tools have it (R's type 7).
        let place = share * Double(sorted.count - 1)
        let low = Int(place)
        let high = min(low + 1, sorted.count - 1)
        return sorted[low] + (place - Double(low)) * (sorted[high] - sorted[low])
      }
      func mean(_ pair: (sum: Double, count: Int)) -> Double? { pair.count > 0 ? pair.sum / Double(pair.count) : nil }
      return Summary(
        tokens: sorted.count,
        own: (sorted.reduce(0, +) / Double(sorted.count), (quantile(0.25), quantile(0.5), quantile(0.75))),
        othersLargest: Double(level.othersLargest) / Double(sorted.count), byDistance: level.distances.map(mean),
        fromSpecial: mean(level.fromSpecial), toSpecial: mean(level.toSpecial))
    }
  }
}
