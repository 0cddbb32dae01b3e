import DenseMath
import Foundation
import TestSupport
import Testing

/// The instruction sets of this machine and the row lengths every function is tried on.
enum Rows {
  static let sets = InstructionSet.allCases.filter(\.isAvailable)
  static let counts = [0, 1, 2, 7, 15, 16, 17, 31, 33, 64, 100, 767, 768, 1000]
}

/// An activation, its definition in Double, and how far from it Float32 may be.
struct ActivationCase: Sendable, CustomTestStringConvertible {
  let name: String
  let apply: @Sendable (UnsafeMutablePointer<Float>, UnsafePointer<Float>?, Int) -> Void
  let exact: @Sendable (Double) -> Double
  let absolute: Double
  let relative: Double

  var testDescription: String { name }

  func callAsFunction(_ row: [Float], bias: [Float]? = nil) -> [Float] {
    var row = row
    row.withUnsafeMutableBufferPointer { row in
      guard let start = row.baseAddress else { return }
      if let bias { apply(start, bias, row.count) } else { apply(start, nil, row.count) }
    }
    return row
  }

  private static func sigmoid(_ x: Double) -> Double { x > 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x)) }

  // Tolerances beside the largest errors measured over [-120, 120], in steps of 641 floats, on all x86-64 sets. Where
  // exp would be subnormal it counts as 0, which is the absolute part of geluErf (times 13) and silu (times 87).
  static let all: [ActivationCase] = [
    // Relative 4.3e-7, also far below 0 where erf is no longer told from -1; absolute 4.6e-39.
    ActivationCase(
      name: "geluErf", apply: { VectorMath.geluErf($0, bias: $1, count: $2) },
      exact: { $0 == -.infinity ? 0 : 0.5 * $0 * erfc(-$0 / 2.0.squareRoot()) }, absolute: 6e-39, relative: 4.5e-7),
    // Relative 2.5e-7 in [-1, ∞), beyond that 5e-9 absolute: the rounding of the exponent, which is 17 at -5.
    ActivationCase(
      name: "geluTanh", apply: { VectorMath.geluTanh($0, bias: $1, count: $2) },
      exact: {
        $0 == -.infinity
          ? 0 : $0 * sigmoid(2 * (2 / Double.pi).squareRoot() * ($0 + 0.044715 * $0 * $0 * $0))
      }, absolute: 6e-9, relative: 4.5e-7),
    // Relative 7.2e-7 in [-5, ∞), 4.2e-12 absolute below.
    ActivationCase(
      name: "geluSigmoid", apply: { VectorMath.geluSigmoid($0, bias: $1, count: $2) },
      exact: { $0 == -.infinity ? 0 : $0 * sigmoid(1.702 * $0) }, absolute: 1e-11, relative: 7.5e-7),
    // Relative 2.0e-7, absolute 1.0e-36.
    ActivationCase(
      name: "silu", apply: { VectorMath.silu($0, bias: $1, count: $2) },
      exact: { $0 == -.infinity ? 0 : $0 * sigmoid($0) }, absolute: 1.2e-36, relative: 3e-7),
    // Relative 1.5e-7.
    ActivationCase(
      name: "tanh", apply: { VectorMath.tanh($0, bias: $1, count: $2) },
      exact: { Foundation.tanh($0) }, absolute: 0, relative: 1.8e-7),
    ActivationCase(
      name: "relu", apply: { VectorMath.relu($0, bias: $1, count: $2) },
      exact: { max($0, 0) }, absolute: 0, relative: 0),
  ]
}

@Suite struct ActivationTests {
  @Test(arguments: Rows.sets, ActivationCase.all)
  func equalsItsDefinition(set: InstructionSet, activation: ActivationCase) throws {
    var numbers = SeededNumbers(seed: 3)
    for count in Rows.counts {
      let row = numbers.normal(deviation: 3, count: count)
      let bias = numbers.normal(count: count)
      let (plain, biased) = try set.run { (activation(row), activation(row, bias: bias)) }
      expectClose(
        plain, row.map { activation.exact(Double($0)) }, absolute: activation.absolute, relative: activation.relative,
        "\(activation.name) of \(count)")
      expectClose(
        biased, zip(row, bias).map { activation.exact(Double($0 + $1)) }, absolute: activation.absolute,
        relative: activation.relative, "\(activation.name) with bias of \(count)")
    }
  }

  @Test(arguments: Rows.sets, ActivationCase.all)
  func equalsItsDefinitionOverTheWholeRange(set: InstructionSet, activation: ActivationCase) throws {
    let extremes: [Float] = [
      0, -0.0, .leastNonzeroMagnitude, -.leastNonzeroMagnitude, .leastNormalMagnitude / 64, -.leastNormalMagnitude / 64,
      .leastNormalMagnitude, 88, -88, 100, -100, 1e10, -1e10, .greatestFiniteMagnitude, -.greatestFiniteMagnitude,
      .infinity, -.infinity,
    ]
    let row = (-48_000...48_000).map { Float($0) / 400 } + extremes
    let found = try set.run { activation(row) }
    expectClose(
      found, row.map { activation.exact(Double($0)) }, absolute: activation.absolute, relative: activation.relative,
      activation.name)
  }

  @Test(arguments: Rows.sets, ActivationCase.all)
  func passesNaNOn(set: InstructionSet, activation: ActivationCase) throws {
    for count in 1...20 {
      for place in 0..<count {
        var row = [Float](repeating: 1, count: count)
        row[place] = .nan
        let found = try set.run { activation(row) }
        #expect(found.indices.filter { found[$0].isNaN } == [place])
      }
    }
  }

  @Test(arguments: Rows.sets, ActivationCase.all)
  func givesAnElementTheSameBitsEverywhere(set: InstructionSet, activation: ActivationCase) throws {
    var numbers = SeededNumbers(seed: 4)
    let row = numbers.normal(deviation: 4, count: 1000)
    let bias = numbers.normal(count: 1000)
    try set.run {
      let alone = zip(row, bias).map { activation([$0], bias: [$1])[0].bitPattern }
      for count in Rows.counts {
        for start in [0, 1, 5].filter({ $0 + count <= 1000 }) {
          let range = start..<(start + count)
          let found = activation(Array(row[range]), bias: Array(bias[range])).map(\.bitPattern)
          #expect(found == Array(alone[range]), "\(count) numbers from \(start)")
        }
      }
    }
  }
}

@Suite struct AddTests {
  @Test(arguments: Rows.sets)
  func isExact(set: InstructionSet) throws {
    var numbers = SeededNumbers(seed: 5)
    for count in Rows.counts {
      let x = numbers.normal(count: count)
      let bias = numbers.normal(count: count)
      let residual = numbers.normal(count: count)
      var (added, both, residualOnly) = (x, x, x)
      try set.run {
        VectorMath.add(bias, to: &added, count: count)
        VectorMath.add(bias: bias, residual: residual, to: &both, count: count)
        VectorMath.add(bias: nil, residual: residual, to: &residualOnly, count: count)
      }
      for index in 0..<count {
        #expect(added[index] == x[index] + bias[index])
        #expect(both[index] == (x[index] + bias[index]) + residual[index])
        #expect(residualOnly[index] == x[index] + residual[index])
      }
    }
  }
}
