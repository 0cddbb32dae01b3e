import Atlas

/// Collects where words stand, for the index page: all that `Atlas.search` looks through.
struct AtlasIndex {
  private var places: [WordIndex.Place] = []
  /// By token id: its text and where it stands.
  private var tokens: [Int: (text: String, places: [Int: [WordIndex.Hit]])] = [:]

  mutating func add(_ readings: [Atlas.Reading], page: String) {
    for reading in readings {
      let place = places.count
      let item = reading.item
      let name = "\(item.name) \(item.kindAndNumber)"
      places.append(
        .init(
          name: name, link: "\(page)#\(Catalogue.Row.anchor(item.kind.isDirection ? name : item.name))", order: item.id)
      )
      func add(_ token: Atlas.RankedToken, rank: Int, side: Atlas.TokenSide) {
        tokens[token.id, default: (token.text, [:])].places[place, default: []]
          .append(.init(rank: rank, side: side.rawValue))
      }
      for (index, pair) in reading.pairs.enumerated() {
        add(pair.left, rank: index + 1, side: .highest)
        if pair.right.id != pair.left.id { add(pair.right, rank: index + 1, side: .highest) }
      }
      // A direction's sign is free: both its ends speak.
      let sides: [(Atlas.TokenSide, [Atlas.RankedToken])] =
        [(.highest, reading.highest)]
        + (reading.direction.map {
          [(.lowest, reading.lowest), (.rightHighest, $0.highest), (.rightLowest, $0.lowest)]
        } ?? [])
      for (side, ranked) in sides {
        for (index, token) in ranked.enumerated() { add(token, rank: index + 1, side: side) }
      }
    }
  }

  /// - Parameter bare: tokens as they are searched for, by id.
  func words(bare: [Int: String]) -> WordIndex {
    WordIndex(
      places: places,
      words: tokens.sorted { $0.key < $1.key }.map { id, token in
        .init(
          token.text, bare: bare[id] ?? "",
          places: token.places.sorted { $0.key < $1.key }.map { (place: $0.key, hits: $0.value) })
      })
  }
}
