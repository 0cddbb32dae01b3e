/// A table of short texts: for a terminal (`text`), for a file (`TableFormat`) and for an HTML page.
package struct Table: Equatable, Sendable {
  package enum Alignment: Sendable { case leading, trailing }

  /// A column's title, and the side its cells lean to: numbers trail.
  package struct Column: Equatable, Sendable {
    package let title: String
    package let alignment: Alignment
    /// Whether its cells are never cut to make a line fit: names that would be told apart by what is cut off.
    package let isWhole: Bool

    package init(_ title: String, _ alignment: Alignment = .leading, isWhole: Bool = false) {
      self.title = title
      self.alignment = alignment
      self.isWhole = isWhole
    }
  }

  /// A text and how it looks. A string literal is a plain cell.
  package struct Cell: Equatable, Sendable, ExpressibleByStringInterpolation {
    package let text: String
    package let tone: Tone
    /// Whether it stands for a value that there is not.
    package let isMissing: Bool

    package init(_ text: String, _ tone: Tone = .plain) { self.init(text, tone, isMissing: false) }

    private init(_ text: String, _ tone: Tone, isMissing: Bool) {
      (self.text, self.tone, self.isMissing) = (text, tone, isMissing)
    }

    package init(stringLiteral value: String) { self.init(value) }

    /// "–", for a value that there is not.
    package static func missing(_ tone: Tone = .plain) -> Cell { Cell("–", tone, isMissing: true) }

    /// A text; "–" when there is none.
    package static func known(_ text: String?, _ tone: Tone = .plain) -> Cell {
      text.map { Cell($0, tone) } ?? .missing(tone)
    }

    /// A number with fixed decimals; "–" when there is none or it is not finite.
    package static func number(_ value: Double?, decimals: Int, _ tone: Tone = .plain) -> Cell {
      guard let value, value.isFinite else { return .missing(tone) }
      return Cell(value.fixed(decimals), tone)
    }

    /// A whole number.
    package static func count(_ value: Int, _ tone: Tone = .plain) -> Cell { Cell(String(value), tone) }

    /// Two ends, as "0.450–0.549"; "–" when either is missing or not finite.
    package static func interval(_ low: Double?, _ high: Double?, decimals: Int, _ tone: Tone = .faint) -> Cell {
      guard let low, let high, low.isFinite, high.isFinite else { return .missing(tone) }
      return Cell(low.fixed(decimals) + "–" + high.fixed(decimals), tone)
    }
  }

  /// Stands above the table; none when empty.
  package let caption: String
  package let columns: [Column]
  /// One cell a column in each row.
  package private(set) var rows: [[Cell]] = []

  package init(caption: String = "", columns: [Column]) {
    self.caption = caption
    self.columns = columns
  }

  /// Adds a row, which must have one cell a column.
  package mutating func append(_ row: [Cell]) {
    precondition(row.count == columns.count, "a row of \(row.count) cells in a table of \(columns.count) columns")
    rows.append(row)
  }
}
