/// Where everything in a heat map's SVG goes, in units of its view box. For a width on paper cells become narrower than
/// usual, so that text can be read: numbers that do not fit are left out, names stand upright, tokens are cut.
struct HeatMapLayout {
  static let margin = 16.0
  private static let usualWidth = 460.0
  private static let usualCellHeight = 24.0
  /// An estimate for one column of 11-unit text in a common monospaced face.
  private static let letterWidth = 6.7
  private static let mostLetters = 12
  /// Of a token that is cut.
  private static let leastLetters = 4
  /// How many times as wide as asked for a map may become before its cells do not: its text then has 5.5 of 7 points.
  private static let mostStretch = 1.28

  /// Letters that a cell shows; 0 where its colour alone says what there is.
  private(set) var letters: Int
  /// Letters of a column's name.
  private(set) var columnLetters: Int
  /// Letters of a row's name.
  private(set) var rowLetters: Int
  private(set) var cellWidth: Double
  private(set) var cellHeight = usualCellHeight
  private(set) var namesAreUpright = false
  /// Every how many columns one has its name.
  private(set) var columnStep = 1
  let width: Double
  let titleLines: [String]
  let subtitleLines: [String]

  /// - Parameter asked: how wide the map should be; nil for the usual width.
  init(_ map: HeatMap, width asked: Double?) {
    func widest(_ texts: [String]) -> Int { texts.map { DisplayWidth.of($0.printable) }.max() ?? 0 }
    let cells = map.rows.flatMap(\.cells)
    let columns = Double(max(1, map.columns.count))
    let (nameLetters, cellLetters) = (widest(map.columns), widest(cells.map { map.text($0, map.shown) }))
    letters = min(max(nameLetters, cellLetters, Self.leastLetters), Self.mostLetters)
    columnLetters = letters
    rowLetters = widest(map.rows.map(\.name))
    cellWidth = Double(letters) * Self.letterWidth + 14
    func frame(_ rowLetters: Int) -> Double { Double(rowLetters) * Self.letterWidth + 10 + 2 * Self.margin }
    if let asked, frame(rowLetters) + columns * cellWidth > asked * Self.mostStretch {
      rowLetters = min(rowLetters, Self.mostLetters)
      let share = (asked * Self.mostStretch - frame(rowLetters)) / columns
      if cells.allSatisfy({ ($0.label ?? "").isEmpty }) {
        // A part of a number would be another one.
        letters = Double(cellLetters) * Self.letterWidth + 3 <= share ? cellLetters : 0
      } else {
        let fitting = Int((share - 4) / Self.letterWidth)
        letters = min(max(fitting, Self.leastLetters), min(cellLetters, Self.mostLetters))
      }
      cellWidth = min(cellWidth, max(share, 4, letters == 0 ? 0 : Double(letters) * Self.letterWidth + 3))
      if letters == 0 { cellHeight = min(Self.usualCellHeight, max(cellWidth, 12)) }
      columnLetters = min(nameLetters, Self.mostLetters)
      namesAreUpright = Double(columnLetters) * Self.letterWidth + 4 > cellWidth
      columnStep = namesAreUpright ? Int((12.5 / cellWidth).rounded(.up)) : 1
    }
    let legend = map.legend(map.shown)
    let legendLetters = DisplayWidth.of("\(legend.name)  \(legend.ends.first)") + DisplayWidth.of(legend.ends.last)
    let legendWidth = Double(legendLetters) * 6.6 + Double(ColorMap.shades) * 4 + 6 + 2 * Self.margin
    width = max(asked ?? Self.usualWidth, frame(rowLetters) + columns * cellWidth, legendWidth)
    titleLines = map.title.printable.wrapped(toColumns: Int((width - 2 * Self.margin) / 9.4))
    subtitleLines =
      map.subtitle.isEmpty ? [] : map.subtitle.printable.wrapped(toColumns: Int((width - 2 * Self.margin) / 6.4))
  }

  /// Where the cells begin.
  var left: Double { Self.margin + Double(rowLetters) * Self.letterWidth + 10 }

  var headingHeight: Double { Double(titleLines.count) * 20 + Double(subtitleLines.count) * 17 }

  /// From the cells down to the foot of the columns' names.
  var namesHeight: Double { namesAreUpright ? Double(columnLetters) * Self.letterWidth + 8 : 18 }
}
