/// The colour, marker and dash of a series: each alone tells the first seven series apart, and marker with colour the
/// first 56.
enum SeriesLook {
  /// Okabe and Ito's palette for colour-blind readers (2008, "Color Universal Design"), without its yellow, which white
  /// paper swallows; the last is the colour of the text.
  static let colors = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "currentColor"]

  private static let dashes = ["", "7 3", "2 3", "9 3 2 3", "13 4", "4 2", "9 3 2 3 2 3"]

  static func color(_ index: Int) -> String { colors[index % colors.count] }

  /// The class by which a page's style sheet finds the series' colour.
  static func className(_ index: Int) -> String { "s\(index % colors.count)" }

  static func dash(_ index: Int) -> String { dashes[index % dashes.count] }

  /// The marker's outline around (x, y), about `r` from its centre.
  static func marker(_ index: Int, x: Double, y: Double, r: Double = 4.5) -> String {
    func polygon(_ corners: [(Double, Double)]) -> String {
      "M" + corners.map { "\((x + $0.0 * r).fixed(2)) \((y + $0.1 * r).fixed(2))" }.joined(separator: "L") + "Z"
    }
    switch index % 8 {
    case 0:
      let radius = r.fixed(2), right = (2 * r).fixed(2)
      return "M\((x - r).fixed(2)) \(y.fixed(2))a\(radius) \(radius) 0 1 0 \(right) 0"
        + "a\(radius) \(radius) 0 1 0 -\(right) 0Z"
    case 1: return polygon([(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)])
    case 2: return polygon([(0, -1.2), (1.1, 0.8), (-1.1, 0.8)])
    case 3: return polygon([(0, -1.3), (1.1, 0), (0, 1.3), (-1.1, 0)])
    case 4: return polygon([(0, 1.2), (1.1, -0.8), (-1.1, -0.8)])
    case 5: return polygon(cross)
    case 6: return polygon(cross.map { (($0.0 - $0.1) * 0.75, ($0.0 + $0.1) * 0.75) })
    default: return polygon([(-1, -1.1), (1, -1.1), (-1, 1.1), (1, 1.1)])
    }
  }

  private static let cross: [(Double, Double)] = [
    (-0.35, -1.2), (0.35, -1.2), (0.35, -0.35), (1.2, -0.35), (1.2, 0.35), (0.35, 0.35), (0.35, 1.2), (-0.35, 1.2),
    (-0.35, 0.35), (-1.2, 0.35), (-1.2, -0.35), (-0.35, -0.35),
  ]
}
