import Atlas
import Files
import Interpretability

extension Atlas {
  /// A line about what an atlas that is not complete may lack; empty for a complete one.
  package func partialNote(_ style: Style) -> String {
    guard !isComplete else { return "" }
    return style.painted("\(done) of \(parts) parts are built; graft atlas build continues it", .faint) + "\n"
  }

  /// How far it got, as it stands in every result.
  package var progressMembers: JSONMembers {
    ["atlas": stamp, "done": done, "parts": parts]
  }
}

extension Atlas.Item {
  /// "vo", "ff-key"; of a direction with its number: "vo-svd 2".
  package var kindAndNumber: String { kind.isDirection ? "\(kind.name) \(place ?? 0)" : kind.name }

  package var members: JSONMembers { ["head": head, "kind": kind.name, "layer": layer, "name": name, "place": place] }
}

extension Atlas.Reading: Encodable {
  package func encode(to encoder: any Encoder) throws {
    try encoder.encode(item.members + (direction.map(members) ?? parts))
  }

  private var parts: JSONMembers {
    guard case .head = item.kind else { return ["highest": highest, "lowest": lowest] }
    func token(_ token: Atlas.RankedToken) -> JSONMembers { ["id": token.id, "token": token.text] }
    return [
      "pairs": pairs.map { ["left": token($0.left), "right": token($0.right), "score": $0.score] as JSONMembers }
    ]
  }

  /// As `graft project --svd` shows them.
  private func members(of direction: Atlas.Direction) -> JSONMembers {
    let isOfHead = item.head != nil
    let right = ["highest": direction.highest, "lowest": direction.lowest]
    return [
      "left": ["highest": highest, "lowest": lowest],
      "neurons": isOfHead ? nil : neurons.map { ["name": $0.text, "weight": $0.score] as JSONMembers },
      "right": isOfHead ? right : nil, "value": direction.value,
    ]
  }

  /// Of a direction of keys or values, with their weights.
  var neurons: [(text: String, score: Double)] {
    (direction?.neurons ?? []).map { ("\(VectorPlace(layer: item.layer, index: $0.index))", $0.weight) }
  }

  /// What it is, for a heading: "L3H5 W_VO", "L3:907 feed-forward key".
  var title: String {
    guard let direction, let place = item.place else { return "\(item.name) \(item.kind.title)" }
    return "\(item.name) \(item.kind.title) \(place), singular value \(direction.value.fixed(4))"
  }

  /// Its tokens and neurons by where they stand: "highest", "reads +", "neurons".
  var lists: [TokenList] {
    func list(_ title: String, _ tokens: [Atlas.RankedToken]) -> TokenList {
      TokenList(title, tokens.map { ($0.text, $0.score) })
    }
    var lists = [list(item.kind.title(of: .highest), highest), list(item.kind.title(of: .lowest), lowest)]
    if let direction, item.head != nil {
      lists.append(list(item.kind.title(of: .rightHighest), direction.highest))
      lists.append(list(item.kind.title(of: .rightLowest), direction.lowest))
    } else if direction != nil {
      lists.append(TokenList("neurons", neurons, numbers: "weight"))
    }
    return lists
  }

  package var table: Table {
    guard case .head(let matrix) = item.kind else { return .lists(title, lists) }
    return .pairs(title, of: matrix, pairs.map { ($0.left.text, $0.right.text, $0.score) })
  }
}

extension AtlasKind {
  /// For a heading.
  var title: String {
    switch self {
    case .head(.vo): return "W_VO, what is read and what is written for it"
    case .head(.qk): return "W_QK, what attends and what is attended to"
    case .headDirection, .neuronDirection: return "\(matrixTitle), direction"
    case .vector(.feedForwardKey): return "feed-forward key"
    case .vector(.feedForwardValue): return "feed-forward value"
    case .vector(.query): return "query"
    case .vector(.key): return "key"
    case .vector(.value): return "value"
    case .vector(.output): return "output"
    }
  }

  /// The matrix that a direction is of, or a head's.
  var matrixTitle: String {
    switch self {
    case .head(let matrix), .headDirection(let matrix): return matrix.title
    case .vector(let kind), .neuronDirection(let kind): return "\(AtlasKind.vector(kind).title)s"
    }
  }

  /// What the tokens of a side are.
  func title(of side: Atlas.TokenSide) -> String {
    let sides: [String]
    switch self {
    case .headDirection(let matrix): sides = matrix.sides
    case .neuronDirection: sides = ["tokens"]
    case .head, .vector: return side == .highest ? "highest" : "lowest"
    }
    switch side {
    case .highest: return sides[0] + " +"
    case .lowest: return sides[0] + " -"
    case .rightHighest: return sides[sides.count - 1] + " +"
    case .rightLowest: return sides[sides.count - 1] + " -"
    }
  }
}
