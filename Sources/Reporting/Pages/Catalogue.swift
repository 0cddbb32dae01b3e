import Files

/// A long table to look things up in, on a page: links reach its rows by name, and a box above it leaves only the rows
/// that hold what is typed.
package struct Catalogue: Equatable, Sendable {
  package struct Row: Equatable, Sendable {
    /// Unique on the page; the first cell.
    package let name: String
    /// The other cells.
    package let cells: [String]

    package init(_ name: String, _ cells: [String]) {
      self.name = name
      self.cells = cells
    }

    /// What a link to the row of a name ends in, behind "#".
    package static func anchor(_ name: String) -> String { name.replacing(" ", with: "-") }
  }

  package let columns: [String]
  package let rows: [Row]

  /// - Precondition: a cell a column in every row, the name included.
  package init(columns: [String], rows: [Row]) {
    precondition(rows.allSatisfy { $0.cells.count + 1 == columns.count }, "rows that do not fit the columns")
    self.columns = columns
    self.rows = rows
  }

  func markup() -> Markup {
    let titles = columns.map { Markup.element("th", ["scope": "col"], text: $0) }
    let body = rows.map { row in
      Markup.element(
        "tr", ["id": Row.anchor(row.name)],
        [.element("th", ["scope": "row"], text: row.name)]
          + row.cells.map { .element("td", $0.count < 12 ? ["class": "short"] : [:], text: $0) })
    }
    let box = Markup.element(
      "input",
      ["type": "search", "class": "filter", "placeholder": "only rows with…", "aria-label": "only rows with this text"])
    let table = Markup.element(
      "table", ["class": "catalogue cells"],
      [.element("thead", [:], [.element("tr", [:], titles)]), .element("tbody", [:], body)])
    return .element("div", ["class": "catalogue-frame"], [box, .element("div", ["class": "scroll"], [table])])
  }
}

/// Words and the places on other pages where they stand, for a search without a server.
package struct WordIndex: Sendable {
  package struct Place: Equatable, Sendable {
    /// What is shown.
    package let name: String
    /// Where it leads, relative to the page.
    package let link: String
    /// What decides between places that a search finds equally good; the least comes first.
    package let order: Int

    package init(name: String, link: String, order: Int) {
      self.name = name
      self.link = link
      self.order = order
    }
  }

  /// Where a word stands at a place: its rank from 1, on one of at most four sides.
  package struct Hit: Equatable, Sendable {
    package let rank: Int
    /// From 0 to 3.
    package let side: Int

    package init(rank: Int, side: Int) {
      self.rank = rank
      self.side = side
    }
  }

  package struct Word: Sendable {
    /// As it is shown.
    package let text: String
    /// As it is searched for.
    package let bare: String
    /// Indices of places, and where the word stands there.
    package let places: [(place: Int, hits: [Hit])]

    package init(_ text: String, bare: String, places: [(place: Int, hits: [Hit])]) {
      self.text = text
      self.bare = bare
      self.places = places
    }
  }

  package let places: [Place]
  package let words: [Word]

  package init(places: [Place], words: [Word]) {
    self.places = places
    self.words = words
  }

  func markup() -> Markup {
    let data: JSON = [
      "places": .array(places.map { .array([.string($0.name), .string($0.link), .integer($0.order)]) }),
      "words": .array(
        words.map { word in
          .array([
            .string(word.text), .string(word.bare), .array(word.places.map { .integer($0.place) }),
            .array(word.places.map { .array($0.hits.map { .integer(4 * $0.rank + $0.side) }) }),
          ])
        }),
    ]
    return .element(
      "div", ["class": "word-search"],
      [
        .element(
          "input",
          ["type": "search", "class": "filter", "placeholder": "a word, words, or begin*", "aria-label": "search"]),
        .element("p", ["class": "count", "role": "status"]), .element("ul", ["class": "found"]),
        .element("script", [("type", "application/json")], [.json(data)]),
      ])
  }
}
