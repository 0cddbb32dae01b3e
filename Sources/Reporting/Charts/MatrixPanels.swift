/// Square matrices over the tokens of a text, such as the attention of a head, too large for a table: two of them and
/// what they differ by, side by side, for one of several items at a time. Only an HTML page shows it
/// (`HTMLPage.Block.matrices`).
package struct MatrixPanels: Equatable, Sendable {
  package struct Item: Equatable, Sendable {
    /// "L3H2"
    package let name: String
    /// One line about it.
    package let note: String
    /// Row after row, tokens x tokens numbers each.
    package let first: [Float]
    package let second: [Float]

    package init(_ name: String, note: String = "", first: [Float], second: [Float]) {
      self.name = name
      self.note = note
      self.first = first
      self.second = second
    }
  }

  package let title: String
  /// Of each row and column, in readable form.
  package let tokens: [String]
  /// What the two matrices and their difference, first minus second, are called.
  package let panels: (first: String, second: String, difference: String)
  /// The panel that comes first where they stand one below the other: 0, 1 or 2, the difference.
  package let shown: Int
  package let items: [Item]

  /// - Precondition: at least one token and item; matrices of tokens x tokens.
  package init(
    title: String, tokens: [String], panels: (first: String, second: String, difference: String), shown: Int = 0,
    items: [Item]
  ) {
    let count = tokens.count * tokens.count
    precondition(
      count > 0 && !items.isEmpty && items.allSatisfy { $0.first.count == count && $0.second.count == count },
      "matrices that do not fit their tokens")
    self.title = title
    self.tokens = tokens
    self.panels = panels
    self.shown = shown
    self.items = items
  }

  package static func == (left: MatrixPanels, right: MatrixPanels) -> Bool {
    left.title == right.title && left.tokens == right.tokens && left.panels == right.panels && left.shown == right.shown
      && left.items == right.items
  }

  /// How many characters of a page an item takes: two a number.
  package static func pageSize(ofItemWith tokens: Int) -> Int { 4 * tokens * tokens }

  /// Numbers on a page are whole multiples of a 2,047th of their item's largest magnitude.
  static let levels = 2047
  private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

  /// The numbers in steps of `scale` / `levels`, two characters each: the step plus `levels` in base 64, high digit first.
  /// What is not finite counts as 0.
  static func encoded(_ values: [Float], scale: Float) -> String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(2 * values.count)
    for value in values {
      let part = value.isFinite && scale > 0 ? Double(value / scale).clamped(to: -1...1) : 0
      let step = Int((part * Double(levels)).rounded()) + levels
      bytes.append(digits[step / 64])
      bytes.append(digits[step % 64])
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
