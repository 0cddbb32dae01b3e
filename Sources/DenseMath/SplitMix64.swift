import Foundation

/// The seeded random generator behind all random choices: subsets, permutations, random maps.
///
/// SplitMix64 (Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014). In Python, with
/// `m = 2**64 - 1`: `s = (s + 0x9E3779B97F4A7C15) & m; z = s; z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & m;
/// z = (z ^ z >> 27) * 0x94D049BB133111EB & m; z ^= z >> 31`, where `s` starts as the seed and `z` is the next value.
package struct SplitMix64: RandomNumberGenerator, Sendable {
  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  /// 64 random bits.
  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var bits = state
    bits = (bits ^ bits >> 30) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ bits >> 27) &* 0x94D0_49BB_1331_11EB
    return bits ^ bits >> 31
  }

  /// A number in [0, 1): the upper 53 bits of the next value times 2⁻⁵³.
  package mutating func uniform() -> Double {
    Double(next() >> 11) * 0x1p-53
  }

  /// A uniform whole number in 0..<bound: the next value not below `2⁶⁴ mod bound`, modulo `bound`.
  package mutating func uniform(below bound: Int) -> Int {
    precondition(bound > 0, "bound must be positive")
    let bound = UInt64(bound)
    let rejected = (0 &- bound) % bound
    while true {
      let bits = next()
      if bits >= rejected { return Int(bits % bound) }
    }
  }

  /// A standard normal number, by the cosine of Box and Muller (1958): √(-2 ln(1 - u)) cos(2πv), u and v the next two
  /// uniform numbers.
  package mutating func normal() -> Double {
    let radius = (-2 * log(1 - uniform())).squareRoot()
    return radius * cos(2 * Double.pi * uniform())
  }

  /// The numbers 0..<count in random order (Fisher and Yates, from the last index down: index i swaps with
  /// `uniform(below: i + 1)`).
  package mutating func permutation(of count: Int) -> [Int] {
    var order = Array(0..<count)
    for place in stride(from: count - 1, to: 0, by: -1) {
      order.swapAt(place, uniform(below: place + 1))
    }
    return order
  }

  /// `count` different numbers of 0..<total, ascending, uniformly drawn (Floyd's algorithm: Bentley and Floyd, "A
  /// Sample of Brilliance", CACM 30:9, 1987); all of them if there are no more.
  package mutating func sample(_ count: Int, of total: Int) -> [Int] {
    guard count < total else { return Array(0..<max(0, total)) }
    var chosen: Set<Int> = []
    for last in total - max(0, count)..<total {
      let candidate = uniform(below: last + 1)
      chosen.insert(chosen.contains(candidate) ? last : candidate)
    }
    return chosen.sorted()
  }
}
