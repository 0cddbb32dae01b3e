import Atlas
import Files

extension Atlas {
  /// What has all of some words.
  /// - Parameter count: how many there are; `matches` may be the first of them.
  package func table(of matches: [Match], count: Int, words: String) -> Table {
    var table = Table(
      caption: "\(modelName): \(count.counted("place")) with \(words)"
        + (count > matches.count ? ", the first \(matches.count)" : ""),
      columns: [.init("name"), .init("kind"), .init("rank", .trailing), .init("where")])
    for match in matches {
      table.append([
        .init(match.item.name, .strong), .init(match.item.kindAndNumber), .count(match.places[0].rank),
        .init(
          match.places.prefix(4).map { Self.text($0, of: match.item.kind) }.joined(separator: ", ").shortened(to: 52)),
      ])
    }
    return table
  }

  /// A place; of a direction with the side that it stands on.
  private static func text(_ place: Match.Place, of kind: AtlasKind) -> String {
    guard let side = place.side, kind.isDirection else { return place.text }
    return "\(place.text) (\(kind.title(of: side)))"
  }
}

extension Atlas.Match: Encodable {
  package func encode(to encoder: any Encoder) throws {
    try encoder.encode(
      item.members + [
        "places": places.map { place -> JSONMembers in
          ["rank": place.rank, "score": place.score, "side": place.side.map(\.name), "text": place.text]
        }
      ])
  }
}

extension Atlas.TokenSide {
  /// As recorded in a result.
  fileprivate var name: String {
    switch self {
    case .highest: return "highest"
    case .lowest: return "lowest"
    case .rightHighest: return "right-highest"
    case .rightLowest: return "right-lowest"
    }
  }
}
