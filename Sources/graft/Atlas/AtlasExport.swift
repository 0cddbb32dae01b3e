import ArgumentParser
import Atlas
import Files
import Foundation
import Reporting

struct AtlasExport: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write an atlas as pages to browse, without a server.",
    discussion: """
      Writes index.html, where words are looked up, and one page per block: L0.html, L1.html... They open from a folder and \
      load nothing from elsewhere. Existing pages are replaced.

      EXAMPLES:
        graft atlas build imdb-gpt2-wide
        graft atlas export --html pages
      """)

  @Option(help: .folder("The folder to write into; created if it does not exist."))
  var html: FolderOutput
  @OptionGroup var atlas: AtlasArgument
  @OptionGroup var progress: ProgressOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let atlas = try atlas.open()
    try OutputFolder.create(html.path)
    var index = AtlasIndex()
    var files = ["index.html"]
    let progress = Progress(ProgressLine(label: "export", unit: "pages", total: atlas.layers + 1))
    defer { progress.clear() }
    for layer in 0..<atlas.layers {
      let readings = try atlas.readings(ofLayer: layer)
      let pages = AtlasPage(atlas, layer: layer, readings)
      try OutputFile.write(pages.html, to: html.path + "/" + AtlasPage.name(layer))
      files.append(AtlasPage.name(layer))
      index.add(readings, page: AtlasPage.name(layer))
      progress.update(layer + 1)
    }
    // Last, so that an index is never there without its pages.
    try OutputFile.write(
      AtlasPage.index(atlas, index.words(bare: atlas.searchedTexts())), to: html.path + "/index.html")
    try output.print(
      JSONMembers.header("atlas export") + atlas.progressMembers + ["files": files, "folder": html.path]
    ) { style in
      style.painted("written: ", .faint) + "\(html)/index.html and \(atlas.layers.counted("page")) of blocks\n"
        + atlas.partialNote(style)
    }
  }
}

/// The page of a block, and the index.
struct AtlasPage {
  private let atlas: Atlas
  private let layer: Int
  private let readings: [Atlas.Reading]

  init(_ atlas: Atlas, layer: Int, _ readings: [Atlas.Reading]) {
    self.atlas = atlas
    self.layer = layer
    self.readings = readings
  }

  static func name(_ layer: Int) -> String { "L\(layer).html" }

  static func index(_ atlas: Atlas, _ words: WordIndex) -> String {
    let state =
      atlas.isComplete
      ? [] : [HTMLPage.Block.note("\(atlas.done) of \(atlas.parts) parts were built when these pages were written.")]
    return HTMLPage(
      title: "Atlas of \(atlas.modelName)",
      subtitle: "Every parameter read as words, without a forward pass.",
      provenance: Provenance(stamp: atlas.stamp, command: CommandText.repeating(atlas.stamp)),
      sections: [
        .init("Blocks", state + [.links(links(atlas))]),
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

  private static func links(_ atlas: Atlas) -> [(title: String, target: String)] {
    (0..<atlas.layers).map { ("Block \($0)", name($0)) }
  }

  var html: String {
    let vectorsAndPairs = readings.filter { !$0.item.kind.isDirection }
    return HTMLPage(
      title: "\(atlas.modelName), block \(layer)",
      subtitle: "Highest pairs of heads, highest and lowest tokens of vectors and singular directions, best first.",
      provenance: Provenance(stamp: atlas.stamp, command: CommandText.repeating(atlas.stamp)),
      sections: [
        .init("Blocks", [.links([("Index and search", "index.html")] + Self.links(atlas))]),
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
      ] + AtlasKind.all.filter(\.isDirection).compactMap(directions)
    ).html
  }

  /// The singular directions of a kind, a row each; nil where there are none.
  private func directions(_ kind: AtlasKind) -> HTMLPage.Section? {
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
