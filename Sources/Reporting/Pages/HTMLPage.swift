import Files

/// A self-contained page: no script, style, font or picture comes from elsewhere, so it opens from a folder, a mail
/// or an archive in ten years. All text is escaped; it is well-formed XML as well as HTML; it reads on paper, in the
/// dark, on a telephone, and without its script, which sorts tables,
/// works heat maps and draws matrices.
package struct HTMLPage: Sendable {
  package struct Section: Sendable {
    package let title: String
    package let blocks: [Block]

    package init(_ title: String, _ blocks: [Block]) {
      self.title = title
      self.blocks = blocks
    }
  }

  package enum Block: Sendable {
    case paragraph(String)
    /// A paragraph set apart, for what a reader must know before trusting the numbers.
    case note(String)
    case table(Table)
    case chart(LineChart, caption: String)
    /// As wide as the window; the page's script switches between its statistics.
    case heatMap(HeatMap, caption: String)
    /// Side by side where the window is wide enough.
    case heatMaps([(HeatMap, caption: String)])
    /// As wide as the window; the page's script draws it.
    case matrices(MatrixPanels, caption: String)
    /// Filtered by the page's script.
    case catalogue(Catalogue)
    /// A box in which words are looked up.
    case wordIndex(WordIndex)
    /// Titles and where they lead, relative to the page.
    case links([(title: String, target: String)])
    /// A command line, kept as it is.
    case command(String)
    /// Closed until the reader opens it; pretty JSON with sorted keys.
    case details(String, JSON)

    fileprivate var isHeatMap: Bool {
      switch self {
      case .heatMap, .heatMaps: return true
      default: return false
      }
    }
  }

  package let title: String
  /// One line under the title; none when empty.
  package let subtitle: String
  /// At the foot.
  package let provenance: Provenance
  package let sections: [Section]

  package init(title: String, subtitle: String = "", provenance: Provenance, sections: [Section]) {
    self.title = title
    self.subtitle = subtitle
    self.provenance = provenance
    self.sections = sections
  }

  /// The whole page: the same bytes for the same content.
  package var html: String {
    let head: [Markup] = [
      .element("meta", ["charset": "utf-8"]),
      .element("meta", ["name": "viewport", "content": "width=device-width, initial-scale=1"]),
      .element("meta", ["name": "color-scheme", "content": "light dark"]),
      // The browser itself now refuses anything from elsewhere.
      .element(
        "meta",
        [
          "http-equiv": "Content-Security-Policy",
          "content": "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'",
        ]),
      .element("title", text: title),
      .element(
        "style", [:],
        [.verbatim(Self.styleSheet)] + (hasHeatMap ? [.verbatim(HeatMap.styleSheet)] : [])
          + (hasHeatMap || hasMatrices ? [.text(HeatMap.pageColors)] : [])
          + (hasMatrices ? [.verbatim(MatrixPanels.styleSheet)] : [])
          + (hasCatalogue ? [.verbatim(Catalogue.styleSheet)] : [])),
    ]
    var header: [Markup] = [.element("h1", text: title)]
    if !subtitle.isEmpty { header.append(.element("p", ["class": "subtitle"], text: subtitle)) }
    let body = sections.map { section in
      Markup.element(
        "section", [:], [.element("h2", text: section.title)] + section.blocks.map { Self.markup($0) })
    }
    let page = Markup.element(
      "html", ["lang": "en"],
      [
        .element("head", [:], head),
        .element(
          "body", [:],
          [
            .element("header", [:], header), .element("main", [:], body), provenance.markup(),
            .element(
              "script", [:],
              [.verbatim(Self.sortingScript)] + (hasHeatMap ? [.verbatim(HeatMap.script)] : [])
                + (hasMatrices ? [.verbatim(MatrixPanels.script)] : [])
                + (hasCatalogue ? [.verbatim(Catalogue.script)] : [])),
          ]),
      ])
    return "<!DOCTYPE html>\n" + page.rendered
  }

  private var hasHeatMap: Bool { hasBlock { $0.isHeatMap } }
  private var hasMatrices: Bool { hasBlock { if case .matrices = $0 { true } else { false } } }
  private var hasCatalogue: Bool {
    hasBlock {
      switch $0 {
      case .catalogue, .wordIndex, .links: true
      default: false
      }
    }
  }

  private func hasBlock(_ matches: (Block) -> Bool) -> Bool { sections.contains { $0.blocks.contains(where: matches) } }

  private static func markup(_ block: Block) -> Markup {
    switch block {
    case .paragraph(let text): return .element("p", text: text)
    case .note(let text): return .element("p", ["class": "note"], text: text)
    case .table(let table): return markup(table)
    case .chart(let chart, let caption):
      let picture = chart.markup(.inline)
      let text = caption.isEmpty ? [] : [Markup.element("figcaption", text: caption)]
      return .element("figure", ["tabindex": "0"], [picture] + text)
    case .heatMap(let map, let caption): return map.markup(caption: caption)
    case .heatMaps(let maps):
      return .element("div", ["class": "beside"], maps.map { $0.markup(caption: $1) })
    case .matrices(let panels, let caption): return panels.markup(caption: caption)
    case .catalogue(let catalogue): return catalogue.markup()
    case .wordIndex(let index): return index.markup()
    case .links(let links):
      return .element("nav", [:], links.map { .element("a", [("href", $0.target)], [.text($0.title)]) })
    case .command(let line):
      return .element("pre", ["class": "command", "tabindex": "0"], [.element("code", text: line)])
    case .details(let summary, let value):
      let pre = Markup.element("pre", ["tabindex": "0"], [.element("code", text: value.serialized(.pretty))])
      return .element("details", [:], [.element("summary", text: summary), pre])
    }
  }

  private static func markup(_ table: Table) -> Markup {
    func cell(_ name: String, _ text: String, _ column: Table.Column, _ tone: Tone) -> Markup {
      let classes = [column.alignment == .trailing ? "number" : nil, tone.htmlClass].compactMap { $0 }
      var attributes = classes.isEmpty ? [] : [("class", classes.joined(separator: " "))]
      if name == "th" { attributes.insert(("scope", "col"), at: 0) }
      return .element(name, attributes, [.text(text)])
    }
    let titles = table.columns.map { cell("th", $0.title, $0, .plain) }
    let rows = table.rows.map { row in
      Markup.element("tr", [:], zip(row, table.columns).map { cell("td", $0.text, $1, $0.tone) })
    }
    let caption = table.caption.isEmpty ? [] : [Markup.element("caption", text: table.caption)]
    let content: [Markup] =
      caption + [.element("thead", [:], [.element("tr", [:], titles)]), .element("tbody", [:], rows)]
    return .element("div", ["class": "scroll", "tabindex": "0"], [.element("table", [:], content)])
  }
}
