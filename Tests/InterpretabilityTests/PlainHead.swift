import Foundation
import Transformer

/// A head over the vocabulary in plain loops and Double, from its weights alone.
struct PlainHead {
  private let unembedding: Unembedding
  private let matrix: [[Double]]

  init(_ unembedding: Unembedding) {
    self.unembedding = unembedding
    let values = unembedding.matrix.values.map(Double.init)
    let width = unembedding.matrix.columns
    matrix = (0..<unembedding.vocabulary).map { Array(values[$0 * width..<($0 + 1) * width]) }
  }

  /// Log-probabilities of the vocabulary at a state, [V].
  func logProbabilities(_ h: [Double]) -> [Double] {
    var x = h
    switch unembedding.preparation {
    case .none: break
    case .norm(let norm): x = Self.norm(x, norm)
    case .transform(let dense, let activation, let norm):
      let weight = dense.weight.values.map(Double.init)
      let bias = dense.bias?.values.map(Double.init) ?? []
      x = (0..<dense.outputs).map { output in
        var sum = bias.isEmpty ? 0 : bias[output]
        for input in x.indices {
          sum +=
            x[input]
            * weight[dense.layout == .outputByInput ? output * x.count + input : input * dense.outputs + output]
        }
        return Self.value(activation, sum)
      }
      x = Self.norm(x, norm)
    }
    let bias = unembedding.bias?.values.map(Double.init)
    let scores = matrix.enumerated().map { id, row in zip(row, x).reduce(bias?[id] ?? 0) { $0 + $1.0 * $1.1 } }
    let most = scores.max() ?? 0
    let logTotal = most + log(scores.reduce(0) { $0 + exp($1 - most) })
    return scores.map { $0 - logTotal }
  }

  private static func norm(_ x: [Double], _ norm: Norm) -> [Double] {
    let mean = x.reduce(0, +) / Double(x.count)
    let variance = x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(x.count)
    return x.indices.map {
      (x[$0] - mean) / (variance + Double(norm.epsilon)).squareRoot() * Double(norm.gain[$0]) + Double(norm.shift[$0])
    }
  }

  private static func value(_ activation: Activation, _ x: Double) -> Double {
    switch activation {
    case .geluErf: return x * 0.5 * (1 + erf(x / 2.0.squareRoot()))
    case .geluTanh: return 0.5 * x * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
    case .geluSigmoid: return x / (1 + exp(-1.702 * x))
    case .relu: return max(0, x)
    case .silu: return x / (1 + exp(-x))
    case .tanh: return tanh(x)
    }
  }
}
