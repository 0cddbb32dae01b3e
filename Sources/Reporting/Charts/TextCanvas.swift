/// A grid of characters in which lines are drawn with braille dots (2 by 4 a cell), or with one dot a cell in ASCII.
struct TextCanvas {
  let columns: Int
  let rows: Int
  private let style: Style
  private var cells: [Cell]

  private struct Cell {
    var dots: UInt32 = 0
    var letter: Character?
    var tone = Tone.plain
  }

  init(columns: Int, rows: Int, style: Style) {
    self.columns = columns
    self.rows = rows
    self.style = style
    cells = Array(repeating: Cell(), count: columns * rows)
  }

  /// Puts a character into a cell, over anything that was there. Cells outside are ignored.
  mutating func put(_ letter: Character, column: Int, row: Int, _ tone: Tone) {
    guard (0..<columns).contains(column), (0..<rows).contains(row) else { return }
    cells[row * columns + column].letter = letter
    cells[row * columns + column].tone = tone
  }

  /// A straight line between two places given in cells, (0, 0) being the upper left corner. Dots in a cell that already
  /// has some keep its colour.
  mutating func line(from start: (x: Double, y: Double), to end: (x: Double, y: Double), _ tone: Tone) {
    let (across, down) = style.usesUnicode ? (2.0, 4.0) : (1.0, 1.0)
    let (dx, dy) = ((end.x - start.x) * across, (end.y - start.y) * down)
    let steps = Int(max(abs(dx), abs(dy)).rounded(.up))
    for step in 0...max(1, steps) {
      let fraction = Double(step) / Double(max(1, steps))
      dot(
        x: Int((start.x * across + dx * fraction).rounded(.down)),
        y: Int((start.y * down + dy * fraction).rounded(.down)), tone)
    }
  }

  private mutating func dot(x: Int, y: Int, _ tone: Tone) {
    let (across, down) = style.usesUnicode ? (2, 4) : (1, 1)
    guard x >= 0, y >= 0, x / across < columns, y / down < rows else { return }
    let index = y / down * columns + x / across
    // Dots 1 to 8 of the braille block, by row and column.
    let bits: [[UInt32]] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]]
    if cells[index].dots == 0 { cells[index].tone = tone }
    cells[index].letter = nil
    cells[index].dots |= style.usesUnicode ? bits[y % 4][x % 2] : 1
  }

  /// One row, without spaces at its end.
  func text(row: Int) -> String {
    var text = ""
    var pending = ""
    for cell in cells[row * columns..<(row + 1) * columns] {
      let character: Character
      if let letter = cell.letter {
        character = letter
      } else if cell.dots == 0 {
        pending += " "
        continue
      } else if style.usesUnicode, let scalar = Unicode.Scalar(0x2800 + cell.dots) {
        character = Character(scalar)
      } else {
        character = "."
      }
      text += pending + style.painted(String(character), cell.tone)
      pending = ""
    }
    return text
  }
}
