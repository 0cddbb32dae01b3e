import Foundation

/// The part of an axis that is shown, and its ticks at multiples of 1, 2 or 5 times a power of ten; on a logarithmic axis
/// at 1, 2 and 5 times every power of ten, or at the powers alone where those would be many.
struct AxisScale: Equatable {
  let lower: Double
  let upper: Double
  let ticks: [Double]
  /// Whether the axis starts above the lowest value that is possible.
  let isCut: Bool
  /// 0 on a logarithmic axis.
  private let step: Double

  /// - Parameters:
  ///   - values: what must be inside; all plottable. With none, the axis' bounds or 0...1.
  ///   - tickCount: about how many ticks are wanted.
  ///   - roundsOut: whether both ends are moved outwards to a tick.
  init(fitting values: [Double], axis: LineChart.Axis, tickCount: Int, roundsOut: Bool) {
    if axis.isLogarithmic, let low = values.filter({ $0 > 0 }).min(), let high = values.max(), high > low {
      let powers = Int(log10(low).rounded(.down))...Int(log10(high).rounded(.up))
      let marks = powers.flatMap { power in [1, 2, 5].map { $0 * pow(10, Double(power)) } }
      lower = roundsOut ? marks.last { $0 <= low } ?? low : low
      upper = roundsOut ? marks.first { $0 >= high } ?? high : high
      (step, isCut) = (0, false)
      let shown = lower * 0.999...upper * 1.001
      let every = marks.filter { shown.contains($0) }
      ticks = every.count <= tickCount ? every : every.filter { log10($0).rounded() == log10($0) }
      return
    }
    let floor = axis.bounds?.lowerBound ?? -.infinity
    let ceiling = axis.bounds?.upperBound ?? .infinity
    var low = values.min() ?? (floor.isPlottable ? floor : 0)
    var high = values.max() ?? (ceiling.isPlottable ? max(low, ceiling) : low + 1)
    if high - low <= max(abs(low), abs(high), 1e-90) * 1e-9 {
      let margin = axis.isWhole && abs(low) < 1e6 || abs(low) < 1e-90 ? 0.5 : abs(low) * 0.1
      low -= margin
      high += margin
    }
    // Cutting the axis is worth its risk only when it gains much.
    if roundsOut, floor.isPlottable, low >= floor, low - floor < 0.35 * (high - floor) { low = floor }
    let step = Self.niceStep((high - low) / Double(tickCount), isWhole: axis.isWhole)
    if roundsOut {
      let data = low...high
      low = (low / step).rounded(.down) * step
      high = (high / step).rounded(.up) * step
      if data.lowerBound >= floor { low = max(low, floor) }
      if data.upperBound <= ceiling { high = min(high, ceiling) }
    }
    self.lower = low
    self.upper = high
    self.step = step
    isCut = floor.isFinite && low > floor
    let first = (low / step - 1e-6).rounded(.up)
    let count = Int(((high / step + 1e-6).rounded(.down) - first).clamped(to: -1...100))
    ticks = (0..<max(0, count + 1)).map { (first + Double($0)) * step }
  }

  var isLogarithmic: Bool { step == 0 }

  /// Where `value` lies: 0 at the lower end, 1 at the upper.
  func fraction(_ value: Double) -> Double {
    guard step == 0 else { return (value - lower) / (upper - lower) }
    return (log(max(value, lower)) - log(lower)) / (log(upper) - log(lower))
  }

  /// As many decimals as the step has.
  func label(_ value: Double) -> String {
    if step == 0, value >= 1, value < 1e9 { return value.fixed(0) }
    guard step >= 1e-6, abs(value) < 1e9 else { return String(format: "%.4g", value) }
    return value.fixed(max(0, -Int((log10(step) + 1e-9).rounded(.down))))
  }

  /// The least of 1, 2, 5 times a power of ten that is no smaller than `raw`.
  private static func niceStep(_ raw: Double, isWhole: Bool) -> Double {
    let power = pow(10, log10(raw).rounded(.down))
    let step = [1, 2, 5, 10].map { $0 * power }.first { $0 >= raw * 0.999 } ?? raw
    return isWhole ? max(1, step) : step
  }
}

extension Double {
  func clamped(to range: ClosedRange<Double>) -> Double {
    Swift.min(Swift.max(self, range.lowerBound), range.upperBound)
  }
}
