import Foundation

/// Plain loops in Double over [rows][columns]: the arithmetic of the oracle. Nothing here is shared with the library.
typealias Rows = [[Double]]

func product(_ a: Rows, _ b: Rows) -> Rows {
  a.map { row in
    (0..<(b.first?.count ?? 0)).map { column in
      var sum = 0.0
      for index in row.indices { sum += row[index] * b[index][column] }
      return sum
    }
  }
}

func transposed(_ a: Rows) -> Rows {
  guard let first = a.first else { return [] }
  return first.indices.map { column in a.map { $0[column] } }
}

func rows(_ values: [Double], of width: Int) -> Rows {
  stride(from: 0, to: values.count, by: width).map { Array(values[$0..<$0 + width]) }
}

func adding(_ a: Rows, _ b: Rows) -> Rows { zip(a, b).map { zip($0, $1).map { $0 + $1 } } }

func adding(_ a: Rows, bias: [Double]) -> Rows { a.map { zip($0, bias).map { $0 + $1 } } }

func layerNorm(_ x: Rows, gain: [Double], shift: [Double], epsilon: Double) -> Rows {
  x.map { row in
    let mean = row.reduce(0, +) / Double(row.count)
    let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(row.count)
    return row.indices.map { (row[$0] - mean) / (variance + epsilon).squareRoot() * gain[$0] + shift[$0] }
  }
}

func softmax(_ scores: [Double]) -> [Double] {
  let largest = scores.max() ?? 0
  let weights = scores.map { exp($0 - largest) }
  let total = weights.reduce(0, +)
  return weights.map { $0 / total }
}

/// The activation that config.json calls `name`, from its definition.
func activation(_ name: String) -> (Double) -> Double {
  switch name {
  case "gelu", "gelu_python": return { 0.5 * $0 * (1 + erf($0 / 2.0.squareRoot())) }
  case "gelu_new", "gelu_pytorch_tanh", "gelu_python_tanh", "gelu_accurate":
    return { 0.5 * $0 * (1 + tanh((2 / Double.pi).squareRoot() * ($0 + 0.044715 * $0 * $0 * $0))) }
  case "gelu_fast": return { 0.5 * $0 * (1 + tanh($0 * 0.7978845608 * (1 + 0.044715 * $0 * $0))) }
  case "relu": return { max(0, $0) }
  case "quick_gelu": return { $0 / (1 + exp(-1.702 * $0)) }
  case "silu", "swish": return { $0 / (1 + exp(-$0)) }
  case "tanh": return { tanh($0) }
  default: return { _ in .nan }
  }
}
