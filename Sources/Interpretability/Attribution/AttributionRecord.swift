import Evaluation
import Files

/// Token attribution of one text, by level: what `AttributionStatistics` takes its means over, and a line of
/// `texts.jsonl`.
package struct AttributionRecord: RunRecord, Sendable {
  /// A sum and its count.
  struct Sum: Sendable, Encodable {
    var sum = 0.0
    var count = 0

    /// nil without a count.
    var mean: Double? { count > 0 ? sum / Double(count) : nil }

    static func += (left: inout Sum, right: Sum) {
      left = Sum(sum: left.sum + right.sum, count: left.count + right.count)
    }
    static func += (left: inout Sum, right: Double) { left += Sum(sum: right, count: 1) }
  }

  /// One level.
  struct Level: Sendable, Encodable {
    /// c[j, j] of each token j.
    var own: [Double] = []
    /// Tokens whose largest contributor is another token.
    var othersLargest = 0
    /// Of c[j, j + δ] for δ = -reach ... reach; first and last of all farther tokens before and after.
    var distances: [Sum]
    var fromSpecial = Sum()
    var toSpecial = Sum()

    private enum CodingKeys: String, CodingKey {
      case own, othersLargest = "others_largest", distances, fromSpecial = "from_special", toSpecial = "to_special"
    }

    init(reach: Int) { distances = [Sum](repeating: Sum(), count: 2 * reach + 3) }

    mutating func add(_ other: Level) {
      own += other.own
      othersLargest += other.othersLargest
      for index in distances.indices { distances[index] += other.distances[index] }
      fromSpecial += other.fromSpecial
      toSpecial += other.toSpecial
    }
  }

  /// The text's name.
  package let id: String
  let levels: [Level]

  /// - Parameters:
  ///   - contributions: [levels][T T], as `TokenAttribution` has them.
  ///   - special: whether each of the T tokens is one.
  ///   - reach: the largest distance with a number of its own.
  package init(id: String, contributions: [[Double]], special: [Bool], reach: Int = 10) {
    let T = special.count
    precondition(contributions.allSatisfy { $0.count == T * T }, "another number of tokens")
    self.id = id
    let hasBoth = special.contains(true) && special.contains(false)
    levels = contributions.map { cells in
      var level = Level(reach: reach)
      for j in 0..<T {
        let row = cells[j * T..<(j + 1) * T]
        let own = row[row.startIndex + j]
        level.own.append(own)
        if row.contains(where: { $0 > own }) { level.othersLargest += 1 }
        var far = (left: 0.0, right: 0.0)
        var taken = 0.0
        for (i, c) in row.enumerated() {
          let distance = i - j
          if distance < -reach {
            far.left += c
          } else if distance > reach {
            far.right += c
          } else {
            level.distances[distance + reach + 1] += c
          }
          if special[i] != special[j] { taken += c }
        }
        if j > reach { level.distances[0] += far.left }
        if j + reach < T - 1 { level.distances[2 * reach + 2] += far.right }
        guard hasBoth else { continue }
        if special[j] { level.toSpecial += taken } else { level.fromSpecial += taken }
      }
      return level
    }
  }
}

extension AttributionRecord {
  /// Reads what was encoded.
  /// - Throws: `FileError` that names what is not as expected.
  package init(_ node: JSONNode) throws {
    /// NaN for null.
    func number(_ node: JSONNode) throws -> Double {
      if case .null? = node.value { return .nan }
      return try node.double()
    }
    func sum(_ node: JSONNode) throws -> Sum {
      Sum(sum: try number(node["sum"]), count: try node["count"].int())
    }
    id = try node["id"].string()
    levels = try node["levels"].array().map { node in
      let distances = try node["distances"].array().map(sum)
      guard distances.count >= 3, !distances.count.isMultiple(of: 2) else {
        throw node["distances"].wrong("an odd number of sums, at least 3")
      }
      var level = Level(reach: (distances.count - 3) / 2)
      level.distances = distances
      level.own = try node["own"].array().map(number)
      level.othersLargest = try node["others_largest"].int()
      level.fromSpecial = try sum(node["from_special"])
      level.toSpecial = try sum(node["to_special"])
      return level
    }
  }
}
