import Foundation

/// The same numbers for the same seed on every machine: SplitMix64 (Steele, Lea and Flood 2014).
public struct SeededNumbers: RandomNumberGenerator {
  private var state: UInt64

  public init(seed: UInt64) { state = seed }

  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// Uniform in [0, 1), 53 bits.
  public mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// Uniform in [`low`, `high`).
  public mutating func uniform(_ low: Double, _ high: Double) -> Double { low + (high - low) * unit() }

  /// Normal with mean 0 and standard deviation 1 (Box and Muller 1958).
  public mutating func normal() -> Double {
    let radius = (-2 * log(1 - unit())).squareRoot()
    return radius * cos(2 * Double.pi * unit())
  }

  /// `count` uniform numbers in [`low`, `high`).
  public mutating func uniform(_ low: Double, _ high: Double, count: Int) -> [Float] {
    (0..<count).map { _ in Float(uniform(low, high)) }
  }

  /// `count` normal numbers.
  public mutating func normal(mean: Double = 0, deviation: Double = 1, count: Int) -> [Float] {
    (0..<count).map { _ in Float(mean + deviation * normal()) }
  }
}
