import Foundation

/// Colours for numbers from 0 to 1, in as many shades as a page, a picture and a terminal all have.
enum ColorMap {
  enum Palette: CaseIterable {
    /// Dark to bright: cividis, which people with and without colour vision deficiency see alike and which keeps its order
    /// in grey (Nuñez, Anderton and Renslow 2018, PLOS ONE 13(7): e0199239).
    case sequential
    /// Orange below, light in the middle, blue above: two colours of Okabe and Ito's palette, as in `SeriesLook`.
    case diverging

    /// The colours at equal steps.
    fileprivate var steps: [Int] {
      switch self {
      case .sequential:
        [0x00224E, 0x123570, 0x3B496C, 0x575D6D, 0x707173, 0x8A8678, 0xA59C74, 0xC3B369, 0xE1CC55, 0xFEE838]
      case .diverging: [0xD55E00, 0xF7F7F7, 0x0072B2]
      }
    }
  }

  /// An odd number, so that the middle of a scale is one of them.
  static let shades = 33

  /// What is drawn where there is no value.
  static let missing = Color(red: 0xE6, green: 0xE8, blue: 0xEB)

  /// The shade at a place from 0 to 1.
  static func shade(_ place: Double) -> Int { Int((place.clamped(to: 0...1) * Double(shades - 1)).rounded()) }

  static func color(shade: Int, _ palette: Palette) -> Color {
    color(Double(shade) / Double(shades - 1), palette)
  }

  struct Color: Equatable {
    let red: Int
    let green: Int
    let blue: Int

    /// "#00224e"
    var hex: String { "#" + [red, green, blue].map { String(format: "%02x", $0) }.joined() }

    /// Relative luminance as in WCAG 2.2.
    var luminance: Double {
      func linear(_ value: Int) -> Double {
        let part = Double(value) / 255
        return part <= 0.04045 ? part / 12.92 : pow((part + 0.055) / 1.055, 2.4)
      }
      return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
    }

    /// Black or white, whichever contrasts more.
    var ink: Color { luminance > 0.179 ? Color(red: 0, green: 0, blue: 0) : Color(red: 255, green: 255, blue: 255) }

    /// The nearest of the 240 colours that every 256-colour terminal has: a 6 x 6 x 6 cube and 24 greys.
    var paletteIndex: Int {
      let steps = [0, 95, 135, 175, 215, 255]
      func nearest(_ value: Int) -> Int { steps.indices.min { abs(steps[$0] - value) < abs(steps[$1] - value) } ?? 0 }
      func distance(_ r: Int, _ g: Int, _ b: Int) -> Int {
        (red - r) * (red - r) + (green - g) * (green - g) + (blue - b) * (blue - b)
      }
      let (r, g, b) = (nearest(red), nearest(green), nearest(blue))
      let grey = min(23, max(0, ((red + green + blue) / 3 - 3) / 10))
      let level = 8 + 10 * grey
      return distance(steps[r], steps[g], steps[b]) <= distance(level, level, level)
        ? 16 + 36 * r + 6 * g + b : 232 + grey
    }
  }

  /// - Parameter fraction: from 0 to 1; what lies outside takes the nearest end.
  static func color(_ fraction: Double, _ palette: Palette) -> Color {
    let steps = palette.steps
    let place = fraction.clamped(to: 0...1) * Double(steps.count - 1)
    let lower = min(Int(place), steps.count - 2)
    func part(_ shift: Int) -> Int {
      let (low, high) = (Double(steps[lower] >> shift & 255), Double(steps[lower + 1] >> shift & 255))
      return Int((low + (high - low) * (place - Double(lower))).rounded())
    }
    return Color(red: part(16), green: part(8), blue: part(0))
  }
}
