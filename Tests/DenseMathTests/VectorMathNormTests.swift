import DenseMath
import TestSupport
import Testing

@Suite struct LayerNormTests {
  /// The definition, in Double, of Float32 inputs.
  static func exact(_ x: [Float], gain: [Float], shift: [Float], epsilon: Float) -> [Double] {
    let row = x.map(Double.init)
    let count = Double(row.count)
    let mean = row.reduce(0, +) / count
    let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
    let scale = 1 / (variance + Double(epsilon)).squareRoot()
    return row.indices.map { (row[$0] - mean) * scale * Double(gain[$0]) + Double(shift[$0]) }
  }

  static func layerNorm(_ x: [Float], gain: [Float], shift: [Float], epsilon: Float) -> [Float] {
    var y = [Float](repeating: .nan, count: x.count)
    VectorMath.layerNorm(x, gain: gain, shift: shift, epsilon: epsilon, into: &y, count: x.count)
    return y
  }

  // Largest error measured, as a fraction of the row's largest magnitude: 2.0e-7, whatever the offset.
  @Test(arguments: Rows.sets, [(0.0, 1.0), (1000, 1), (-1e6, 10), (0, 1e-4), (3, 1e5)])
  func equalsItsDefinition(set: InstructionSet, moments: (mean: Double, deviation: Double)) throws {
    var numbers = SeededNumbers(seed: 6)
    for count in Rows.counts {
      let x = numbers.normal(mean: moments.mean, deviation: moments.deviation, count: count)
      let gain = numbers.uniform(0.5, 1.5, count: count)
      let shift = numbers.normal(deviation: 0.1, count: count)
      for epsilon: Float in [1e-12, 1e-5] {
        let found = try set.run { Self.layerNorm(x, gain: gain, shift: shift, epsilon: epsilon) }
        expectCloseToLargest(
          found, Self.exact(x, gain: gain, shift: shift, epsilon: epsilon), fraction: 3e-7,
          "\(count) numbers of mean \(moments.mean), epsilon \(epsilon)")
      }
    }
  }

  @Test(arguments: Rows.sets)
  func survivesAnOutlier(set: InstructionSet) throws {
    var numbers = SeededNumbers(seed: 7)
    var x = numbers.normal(mean: 5, count: 768)
    x[0] = 3000
    x[700] = -1500
    let ones = [Float](repeating: 1, count: 768)
    let zeros = [Float](repeating: 0, count: 768)
    let found = try set.run { Self.layerNorm(x, gain: ones, shift: zeros, epsilon: 1e-12) }
    // Measured 0.54 of this bound; the absolute part is for elements next to the mean.
    expectClose(
      found, Self.exact(x, gain: ones, shift: zeros, epsilon: 1e-12), absolute: 1e-8, relative: 4e-7, "outliers")
  }

  @Test(arguments: Rows.sets)
  func givesAConstantRowItsShift(set: InstructionSet) throws {
    for count in Rows.counts {
      let ones = [Float](repeating: 1, count: count)
      let shift = [Float](repeating: 0.5, count: count)
      let found = try set.run {
        Self.layerNorm([Float](repeating: 1000.1, count: count), gain: ones, shift: shift, epsilon: 1e-12)
      }
      // Measured 0; a distance of 1e-11 from the mean would show, since it is divided by √1e-12.
      expectClose(found, shift.map(Double.init), absolute: 1e-5, relative: 0, "\(count) equal numbers")
    }
  }

  @Test(arguments: Rows.sets, [Float.nan, .infinity, -.infinity])
  func becomesNaNThroughout(set: InstructionSet, bad: Float) throws {
    for count in Rows.counts where count > 0 {
      for place in [0, count / 2, count - 1] {
        var x = [Float](repeating: 1, count: count)
        x[place] = bad
        let found = try set.run { Self.layerNorm(x, gain: x.map { _ in 1 }, shift: x.map { _ in 0 }, epsilon: 1e-5) }
        #expect(found.allSatisfy { $0.isNaN })
      }
    }
  }

  @Test(arguments: Rows.sets, [true, false])
  func fusedEqualsTwoStepsBitForBit(set: InstructionSet, hasBias: Bool) throws {
    var numbers = SeededNumbers(seed: 8)
    for count in Rows.counts {
      let x = numbers.normal(count: count)
      let bias = hasBias ? numbers.normal(count: count) : nil
      let residual = numbers.normal(mean: 3, count: count)
      let gain = numbers.uniform(0.5, 1.5, count: count)
      let shift = numbers.normal(count: count)
      var (stepped, inPlace, stream) = (x, x, x)
      var norm = [Float](repeating: .nan, count: count)
      try set.run {
        Self.withOptional(bias) {
          VectorMath.add(bias: $0, residual: residual, to: &stepped, count: count)
          VectorMath.addThenNormInPlace(
            &inPlace, bias: $0, residual: residual, gain: gain, shift: shift, epsilon: 1e-5, count: count)
          VectorMath.addThenNorm(
            &stream, bias: $0, residual: residual, gain: gain, shift: shift, epsilon: 1e-5, into: &norm, count: count)
        }
        let expected = Self.layerNorm(stepped, gain: gain, shift: shift, epsilon: 1e-5).map(\.bitPattern)
        #expect(inPlace.map(\.bitPattern) == expected)
        #expect(norm.map(\.bitPattern) == expected)
        #expect(stream.map(\.bitPattern) == stepped.map(\.bitPattern))
        stepped.withUnsafeMutableBufferPointer { row in
          guard let start = row.baseAddress else { return }
          VectorMath.layerNorm(start, gain: gain, shift: shift, epsilon: 1e-5, into: start, count: count)
        }
        #expect(stepped.map(\.bitPattern) == expected)
      }
    }
  }

  private static func withOptional(_ row: [Float]?, _ body: (UnsafePointer<Float>?) -> Void) {
    if let row { row.withUnsafeBufferPointer { body($0.baseAddress) } } else { body(nil) }
  }
}
