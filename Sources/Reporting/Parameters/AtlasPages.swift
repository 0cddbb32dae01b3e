import Atlas
import Files
import Transformer

/// An atlas as pages: one per block, and an index.
package struct AtlasPages {
  private let atlas: Atlas
  private let command: String

  /// - Parameter command: what builds the atlas.
  package init(_ atlas: Atlas, command: String) { (self.atlas, self.command) = (atlas, command) }

  /// - Returns: the names of the files.
  /// - Throws: `FileError`, `AtlasError`; what `progress` throws.
  package func write(to directory: String, progress: ProgressHandler) throws -> [String] {
    try OutputFolder.create(directory)
    var index = AtlasIndex()
    try progress.during(.init("export", unit: "pages", total: atlas.layers + 1)) { update in
      for layer in 0..<atlas.layers {
        let readings = try atlas.readings(ofLayer: layer)
        try OutputFile.write(page(layer, readings), to: directory + "/" + Self.name(layer))
        index.add(readings, page: Self.name(layer))
        try update(layer + 1)
      }
      // Last, so that an index is never there without its pages.
      try OutputFile.write(self.index(index.words(bare: atlas.searchedTexts())), to: directory + "/index.html")
    }
    return ["index.html"] + (0..<atlas.layers).map(Self.name)
  }

  private static func name(_ layer: Int) -> String { "L\(layer).html" }

  private func index(_ words: WordIndex) -> String {
    let state =
      atlas.isComplete
      ? [] : [HTMLPage.Block.note("\(atlas.done) of \(atlas.parts) parts were built when these pages were written.")]
    return HTMLPage(
      title: "Atlas of \(atlas.modelName)",
      subtitle: "Every parameter read as words, without a forward pass.",
      provenance: Provenance(stamp: atlas.stamp, command: command),
      sections: [
        .init("Blocks", state + [.links(links)]),
        .init(
          "Search",
          [
            .paragraph(
              "The heads, neurons, sub-heads and singular directions that have a word among their highest pairs or tokens "
                + "(directions: at either end), each with the word's rank; of several words, those that have all of them. Case "
                + "does not matter; a word with * at its end is any token that begins so. graft atlas search finds the same."
            ),
            .wordIndex(words),
          ]),
        .init("How it was made", [.details("Every option", atlas.stamp)]),
      ]
    ).html
  }

  private var links: [(title: String, target: String)] { (0..<atlas.layers).map { ("Block \($0)", Self.name($0)) } }

  private func page(_ layer: Int, _ readings: [Atlas.Reading]) -> String {
    let vectorsAndPairs = readings.filter { !$0.item.kind.isDirection }
    return HTMLPage(
      title: "\(atlas.modelName), block \(layer)",
      subtitle: "Highest pairs of heads, highest and lowest tokens of vectors and singular directions, best first.",
      provenance: Provenance(stamp: atlas.stamp, command: command),
      sections: [
        .init("Blocks", [.links([("Index and search", "index.html")] + links)]),
        .init(
          "Heads",
          [
            catalogue(
              "head", vectorsAndPairs.filter { $0.item.place == nil }, [("W_VO", "vo", true), ("W_QK", "qk", true)])
          ]),
        .init(
          "Neurons",
          [
            catalogue(
              "neuron", vectorsAndPairs.filter { $0.item.head == nil },
              [
                ("key, highest", "ff-key", true), ("key, lowest", "ff-key", false),
                ("value, highest", "ff-value", true), ("value, lowest", "ff-value", false),
              ])
          ]),
        .init(
          "Sub-heads",
          [
            catalogue(
              "sub-head", vectorsAndPairs.filter { $0.item.head != nil && $0.item.place != nil },
              ["query", "key", "value", "output"].map { ("\($0), highest", $0, true) })
          ]),
      ] + AtlasKind.all.filter(\.isDirection).compactMap { directions($0, readings) }
    ).html
  }

  /// The singular directions of a kind, a row each; nil where there are none.
  private func directions(_ kind: AtlasKind, _ readings: [Atlas.Reading]) -> HTMLPage.Section? {
    let found = readings.filter { $0.item.kind == kind }
    guard let titles = found.first?.lists.map(\.title) else { return nil }
    return .init(
      "Singular directions of \(kind.matrixTitle)",
      [
        .catalogue(
          Catalogue(
            columns: ["direction", "singular value"] + titles,
            rows: found.map { reading in
              .init(
                "\(reading.item.name) \(reading.item.kindAndNumber)",
                [reading.direction?.value.fixed(4) ?? ""]
                  + reading.lists.map { $0.items.map(\.text).joined(separator: ", ") })
            }))
      ])
  }

  /// Rows by name; a column is a kind of reading and a side of it.
  private func catalogue(
    _ title: String, _ readings: [Atlas.Reading], _ columns: [(title: String, kind: String, highest: Bool)]
  ) -> HTMLPage.Block {
    let named = Dictionary(grouping: readings, by: \.item.name)
    let names = readings.filter { named[$0.item.name]?.first?.item == $0.item }.map(\.item.name)
    return .catalogue(
      Catalogue(
        columns: [title] + columns.map(\.title),
        rows: names.map { name in
          .init(
            name,
            columns.map { column in
              let reading = named[name]?.first { $0.item.kind.name == column.kind }
              return reading?.text(highest: column.highest) ?? ""
            })
        }))
  }
}

extension Atlas.Reading {
  /// Its pairs or tokens on one line.
  fileprivate func text(highest: Bool) -> String {
    guard pairs.isEmpty else { return pairs.map { "\($0.left.text) → \($0.right.text)" }.joined(separator: ", ") }
    return (highest ? self.highest : lowest).map(\.text).joined(separator: ", ")
  }
}
