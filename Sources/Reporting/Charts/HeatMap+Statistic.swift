import Foundation

extension HeatMap {
  /// A number that each cell has, and how it becomes a colour: from dark to bright, or, where it can be negative, from one
  /// colour through a light zero to another, both ends equally far from it.
  package struct Statistic: Equatable, Sendable {
    /// Where a value lies between the ends: in proportion, by its logarithm, or by its square root, which keeps its sign.
    package enum Spacing: Sendable { case linear, logarithmic, squareRoot }
    package enum Brightest: Sendable { case highest, lowest }

    /// How a value is written in a cell.
    package enum Format: Equatable, Sendable {
      case decimals(Int)
      /// Decimals with a plus sign above 0.
      case signed(Int)
      /// A share as a whole number of per cent, without the sign.
      case percent
    }

    package let name: String
    /// One sentence about what the number says; may be empty.
    package let explanation: String
    /// The values with the colours of the ends; what lies outside takes the nearest end. Symmetric where it is signed.
    package let range: ClosedRange<Double>
    package let spacing: Spacing
    /// Without meaning where the statistic is signed.
    package let brightest: Brightest
    /// Of the legend and of what is said about a cell.
    package let decimals: Int
    package let format: Format

    /// - Parameters:
    ///   - range: for logarithmic spacing, above 0; with a negative end it is widened to be symmetric around 0.
    ///   - format: nil for `decimals` decimals.
    package init(
      _ name: String, explanation: String = "", range: ClosedRange<Double>, spacing: Spacing = .linear,
      brightest: Brightest = .highest, decimals: Int = 3, format: Format? = nil
    ) {
      self.name = name
      self.explanation = explanation
      let most = max(abs(range.lowerBound), abs(range.upperBound))
      self.range = range.lowerBound < 0 ? -most...most : range
      self.spacing = spacing
      self.brightest = range.lowerBound < 0 ? .highest : brightest
      self.decimals = decimals
      self.format = format ?? .decimals(decimals)
    }

    var isSigned: Bool { range.lowerBound < 0 }

    var palette: ColorMap.Palette { isSigned ? .diverging : .sequential }

    /// Along the colours, from 0 to 1; nil for a value that is not finite.
    func place(_ value: Double) -> Double? {
      guard value.isFinite else { return nil }
      let (low, high, place) = (spaced(range.lowerBound), spaced(range.upperBound), spaced(value.clamped(to: range)))
      let fraction = high > low ? (place - low) / (high - low) : 0
      return brightest == .highest ? fraction : 1 - fraction
    }

    private func spaced(_ value: Double) -> Double {
      switch spacing {
      case .linear: value
      case .logarithmic: log(value)
      case .squareRoot: value < 0 ? -sqrt(-value) : sqrt(value)
      }
    }

    /// A value as a cell shows it.
    func text(_ value: Double) -> String {
      switch format {
      case .decimals(let decimals): value.fixed(decimals)
      case .signed(let decimals): value.signed(decimals)
      case .percent: (100 * value).fixed(0)
      }
    }
  }

  /// What the colours of a statistic mean.
  struct Legend {
    /// The statistic and, where distances are no differences, what they are.
    let name: String
    /// The numbers at the ends of the colours, in their order; "≤" and "≥" say that cells lie outside.
    let ends: (first: String, last: String)
    /// "0" in the middle of a signed scale.
    let middle: String?
    /// Whether a cell is drawn without a colour, for want of a value.
    let hasMissing: Bool
  }

  static let missingMeaning = "no value"

  func legend(_ index: Int) -> Legend {
    let statistic = statistics[index]
    let (low, high) = (statistic.range.lowerBound, statistic.range.upperBound)
    let values = rows.lazy.flatMap(\.cells).map { $0.values[index] }.filter(\.isFinite)
    // A value that is printed as the end is printed as inside.
    let half = 0.5 * pow(10, -Double(statistic.decimals))
    func number(_ value: Double) -> String { value.fixed(statistic.decimals).trimmedDecimals }
    let lowest = (values.contains { $0 < low - half } ? "≤ " : "") + number(low)
    let highest = (values.contains { $0 > high + half } ? "≥ " : "") + number(high)
    let isRising = statistic.brightest == .highest
    let spacing =
      switch statistic.spacing {
      case .linear: ""
      case .logarithmic: " (logarithmic)"
      case .squareRoot: " (square root)"
      }
    return Legend(
      name: statistic.name + spacing, ends: isRising ? (lowest, highest) : (highest, lowest),
      middle: statistic.isSigned ? "0" : nil, hasMissing: rows.contains { $0.cells.contains { isMissing($0, index) } })
  }
}

extension HeatMap {
  /// Whether a cell lacks the value that it should have. One with an empty label stands for nothing.
  func isMissing(_ cell: Cell, _ statistic: Int) -> Bool { !cell.values[statistic].isFinite && cell.label != "" }
}

extension Double {
  /// With its sign and fixed decimals: "+1.25", "-0.30".
  package func signed(_ decimals: Int) -> String {
    let text = fixed(decimals)
    return self > 0 && text.contains { ("1"..."9").contains($0) } ? "+" + text : text
  }
}
