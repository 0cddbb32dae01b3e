import DenseMath
import Foundation
import TestSupport
import Testing

@Suite struct SoftmaxTests {
  static func exact(_ x: [Float], scale: Float) -> [Double] {
    let row = x.map { Double($0) * Double(scale) }
    let most = row.max() ?? 0
    let sum = row.reduce(0) { $0 + exp($1 - most) }
    return row.map { exp($0 - most) / sum }
  }

  static func softmax(_ x: [Float], scale: Float) -> [Float] {
    var row = x
    VectorMath.softmax(&row, scale: scale, count: row.count)
    return row
  }

  // The exponent x - max is rounded once, so the error grows with |x - max|.
  @Test(arguments: Rows.sets, [(0.0, 1.0, 1.0), (0, 3, 0.125), (1000, 1, 1), (-80, 5, 1), (0, 30, 1)])
  func equalsItsDefinition(set: InstructionSet, rows: (mean: Double, deviation: Double, scale: Float)) throws {
    var numbers = SeededNumbers(seed: 9)
    for count in Rows.counts + [30_522] {
      let x = numbers.normal(mean: rows.mean, deviation: rows.deviation, count: count)
      let found = try set.run { Self.softmax(x, scale: rows.scale) }
      // Measured 2.6e-7 of the largest.
      expectCloseToLargest(
        found, Self.exact(x, scale: rows.scale), fraction: 4e-7, "\(count) numbers of mean \(rows.mean)")
      if count > 0 {
        expectClose([found.reduce(0) { $0 + Double($1) }], [1], absolute: 4e-7, relative: 0, "sum of \(count)")
      }
    }
  }

  /// Two entries, so that the lower weight is exp of their distance and nothing else: the error of exp itself.
  @Test(arguments: Rows.sets)
  func exponentialIsGoodToTwoUnitsInTheLastPlace(set: InstructionSet) throws {
    let exponents = Array(stride(from: Float(-87.328125), through: -18, by: 0.0078125))
    let found = try set.run { exponents.map { Self.softmax([0, $0], scale: 1)[1] } }
    // 2 ulp are at least 2^-23 of the value; measured 0.9e-7.
    expectClose(found, exponents.map { exp(Double($0)) }, absolute: 0, relative: 0x1p-23, "exp")
  }

  @Test(arguments: Rows.sets)
  func givesNoSubnormalWeight(set: InstructionSet) throws {
    let exponents = Array(stride(from: Float(-110), through: -87.34, by: 0.0078125))
    let found = try set.run { exponents.map { Self.softmax([0, $0], scale: 1) } }
    #expect(found.allSatisfy { $0 == [1, 0] })
  }

  @Test(arguments: Rows.sets)
  func givesMaskedEntriesExactlyZero(set: InstructionSet) throws {
    for count in Rows.counts where count > 1 {
      let x = (0..<count).map { $0 % 3 == 1 ? -Float.infinity : 0.5 }
      let found = try set.run { Self.softmax(x, scale: 0.125) }
      let kept = x.filter(\.isFinite).count
      for (index, weight) in found.enumerated() {
        #expect(x[index].isFinite ? abs(weight * Float(kept) - 1) < 1e-6 : weight == 0)
      }
    }
    let far = try set.run { Self.softmax([.greatestFiniteMagnitude, -.greatestFiniteMagnitude, -200], scale: 1) }
    #expect(far == [1, 0, 0])
  }

  @Test(arguments: Rows.sets, [[Float.nan], [.infinity], [.infinity, -.infinity], [-.infinity, .nan]])
  func becomesNaNThroughout(set: InstructionSet, bad: [Float]) throws {
    for count in Rows.counts {
      let ones = [Float](repeating: 1, count: count)
      let (before, after) = try set.run { (Self.softmax(bad + ones, scale: 1), Self.softmax(ones + bad, scale: 1)) }
      #expect((before + after).allSatisfy { $0.isNaN })
      let masked = try set.run { Self.softmax([Float](repeating: -.infinity, count: count), scale: 1) }
      #expect(masked.allSatisfy { $0.isNaN })
    }
  }
}

@Suite struct LogSumExpTests {
  @Test(arguments: Rows.sets, [(0.0, 1.0), (1000, 1), (-1e6, 100), (0, 30)])
  func equalsItsDefinition(set: InstructionSet, rows: (mean: Double, deviation: Double)) throws {
    var numbers = SeededNumbers(seed: 10)
    for count in Rows.counts + [50_257] where count > 0 {
      let x = numbers.normal(mean: rows.mean, deviation: rows.deviation, count: count)
      let most = Double(x.max() ?? 0)
      let exact = most + log(x.reduce(0) { $0 + exp(Double($1) - most) })
      let found = try set.run { VectorMath.logSumExp(x, count: count) }
      // Measured 0.44 of this bound, which is two roundings of the result; absolute for a result near 0.
      expectClose([found], [exact], absolute: 1e-7, relative: 1e-7, "\(count) numbers of mean \(rows.mean)")
    }
  }

  @Test(arguments: Rows.sets)
  func keepsInfinitiesAndNaN(set: InstructionSet) throws {
    try set.run {
      #expect(VectorMath.logSumExp([], count: 0) == -.infinity)
      for count in Rows.counts where count > 0 {
        let masked = [Float](repeating: -.infinity, count: count)
        #expect(VectorMath.logSumExp(masked, count: count) == -.infinity)
        #expect(VectorMath.logSumExp(masked + [2], count: count + 1) == 2)
        #expect(VectorMath.logSumExp(masked + [.infinity], count: count + 1) == .infinity)
        #expect(VectorMath.logSumExp(masked + [.nan], count: count + 1).isNaN)
        #expect(VectorMath.logSumExp([.infinity] + masked + [.nan], count: count + 2).isNaN)
      }
    }
  }
}

@Suite struct SoftmaxSumsTests {
  /// Entropy and divergence from the sums against their definitions in Double. Largest error measured: 4e-7 relative.
  @Test(arguments: Rows.sets) func equalTheirDefinitions(set: InstructionSet) throws {
    var numbers = SeededNumbers(seed: 13)
    try set.run {
      for count in Rows.counts + [4096, 9001] where count > 0 {
        let (x, w) = (numbers.normal(deviation: 5, count: count), numbers.uniform(0, 1, count: count))
        let most = try #require(x.max())
        let wide = x.map { Double($0) - Double(most) }
        var exponents = [Float](repeating: .nan, count: count)
        let sums = exponents.withUnsafeMutableBufferPointer {
          VectorMath.softmaxSums(x, most: most, weights: w, exponents: $0.baseAddress, count: count)
        }
        let bare = VectorMath.softmaxSums(x, most: most, count: count)
        let total = wide.reduce(0) { $0 + exp($1) }
        let own = wide.reduce(0) { $0 + exp($1) * $1 }
        let weighted = zip(wide, w).reduce(0) { $0 + $1.0 * Double($1.1) }
        expectClose(
          [sums.total, sums.own, sums.weighted], [total, own, weighted], absolute: 1e-6, relative: 2e-6, "\(count)")
        expectClose(exponents, wide.map { exp($0) }, absolute: 1e-7, relative: 2e-6, "\(count)")
        #expect(bare.total == sums.total && bare.own == sums.own && bare.weighted == 0)
      }
    }
  }
}

@Suite struct SearchTests {
  @Test(arguments: Rows.sets) func countAtLeastCounts(set: InstructionSet) throws {
    var numbers = SeededNumbers(seed: 14)
    try set.run {
      for count in Rows.counts + [9001] {
        let row = (0..<count).map { $0 % 5 == 4 ? .nan : Float(Int(numbers.uniform(-3, 3))) }
        for least in [-Float.infinity, -2, 0, 2.5, .nan] {
          #expect(VectorMath.countAtLeast(least, in: row, count: count) == row.filter { $0 >= least }.count)
        }
      }
    }
  }

  @Test(arguments: Rows.sets)
  func argmaxTakesTheLowestIndexOfTheLargest(set: InstructionSet) throws {
    var numbers = SeededNumbers(seed: 11)
    try set.run {
      #expect(VectorMath.argmax([], count: 0) == nil)
      for count in Rows.counts where count > 0 {
        // Few distinct numbers, so that nearly every row has ties.
        let row = (0..<count).map { _ in Float(Int(numbers.uniform(-3, 3))) }
        #expect(VectorMath.argmax(row, count: count) == row.firstIndex(of: row.max() ?? 0))
        for place in [0, count / 2, count - 1] {
          var peak = [Float](repeating: -.infinity, count: count)
          #expect(VectorMath.argmax(peak, count: count) == 0)
          peak[place] = -.greatestFiniteMagnitude
          #expect(VectorMath.argmax(peak, count: count) == place)
          var missing = [Float](repeating: .nan, count: count)
          #expect(VectorMath.argmax(missing, count: count) == 0)
          missing[place] = -5
          #expect(VectorMath.argmax(missing, count: count) == place)
        }
      }
    }
  }

  @Test(arguments: Rows.sets)
  func firstAtLeastFindsTheFirst(set: InstructionSet) throws {
    var numbers = SeededNumbers(seed: 12)
    try set.run {
      for count in Rows.counts {
        let row = (0..<count).map { $0 % 5 == 4 ? .nan : Float(Int(numbers.uniform(-3, 3))) }
        for least in [-Float.infinity, -2, 0, 2, 2.5, .infinity] {
          let first = row.firstIndex { $0 >= least } ?? count
          #expect(VectorMath.firstAtLeast(least, in: row, count: count) == first)
        }
        #expect(VectorMath.firstAtLeast(.nan, in: row, count: count) == count)
      }
    }
  }

  @Test(arguments: Rows.sets, [Float.nan, -.nan, .infinity, -.infinity])
  func firstNonFiniteFindsTheFirst(set: InstructionSet, bad: Float) throws {
    try set.run {
      for count in Rows.counts {
        let extremes: [Float] = [.greatestFiniteMagnitude, -.greatestFiniteMagnitude, .leastNonzeroMagnitude, -0.0]
        let row = (0..<count).map { extremes[$0 % 4] }
        #expect(VectorMath.firstNonFinite(row, count: count) == nil)
        for place in Set([0, 1, count / 2, count - 2, count - 1]).filter(row.indices.contains) {
          var spoiled = row
          spoiled[place] = bad
          #expect(VectorMath.firstNonFinite(spoiled, count: count) == place)
          spoiled[count - 1] = .nan
          #expect(VectorMath.firstNonFinite(spoiled, count: count) == place)
        }
      }
    }
  }
}
