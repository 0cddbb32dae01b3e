import DenseMath
import Transformer

/// The attention of one block at one batch: z = A v with A = softmax(scale q kᵀ), for every head and sequence.
///
/// Tangents and cotangents of q, k and v lie side by side, [count, T, 3 d]; those of z are [count, T, d].
struct AttentionDerivative {
  let heads: Int
  let headSize: Int
  let scale: Float
  let sequences: [Range<Int>]
  /// [T, d] each.
  let queries: FloatBuffer
  let keys: FloatBuffer
  let values: FloatBuffer
  /// z, [T, d]
  let outputs: FloatBuffer
  /// A of each sequence, [H, n, n]; 0 where a causal head does not look.
  let weights: [FloatBuffer]

  private var d: Int { heads * headSize }
  /// T
  private var tokens: Int { sequences.last?.upperBound ?? 0 }

  /// dV = Aᵀ dZ; dA = dZ Vᵀ; dS = A (dA - r) with r = Σ A dA = z · dZ; dQ = scale dS K; dK = scale dSᵀ Q.
  func pullBack(
    _ dz: UnsafePointer<Float>, count: Int, into dqkv: UnsafeMutablePointer<Float>, workspace: DerivativeWorkspace
  ) {
    runHeads(workspace) { sequence, head, memory in
      let (n, first, column) = (sequence.rows.count, sequence.rows.lowerBound, head * headSize)
      var memory = memory
      let rows = first * d + column
      let valuesTurned = memory.factor(values.pointer + rows, stride: d, transposed: true, rows: headSize, columns: n)
      let keyFactor = memory.factor(keys.pointer + rows, stride: d, transposed: false, rows: n, columns: headSize)
      let queryFactor = memory.factor(
        queries.pointer + rows, stride: d, transposed: false, rows: n, columns: headSize)
      let (scores, turned, weightsTurned) = (memory.take(n * n), memory.take(n * n), memory.take(n * n))
      let weights = sequence.weights.pointer + head * n * n
      VectorMath.transpose(weights, stride: n, rows: n, columns: n, into: weightsTurned, stride: n)
      for item in 0..<count {
        let dzRows = dz + item * tokens * d + rows
        let out = dqkv + (item * tokens + first) * 3 * d + column
        var rest = memory
        let dzFactor = rest.factor(dzRows, stride: d, transposed: false, rows: n, columns: headSize)
        valuesTurned.multiply(dzRows, stride: d, m: n, into: scores, stride: n)  // [n, n]
        for row in 0..<n {
          let offset = VectorMath.dot(outputs.pointer + rows + row * d, dzRows + row * d, count: headSize)
          VectorMath.softmaxDerivative(
            scores + row * n, weights: weights + row * n, offset: Float(offset), count: n)
        }
        VectorMath.transpose(scores, stride: n, rows: n, columns: n, into: turned, stride: n)
        keyFactor.multiply(scores, stride: n, m: n, alpha: scale, into: out, stride: 3 * d)  // [n, dHead]
        queryFactor.multiply(turned, stride: n, m: n, alpha: scale, into: out + d, stride: 3 * d)  // [n, dHead]
        dzFactor.multiply(weightsTurned, stride: n, m: n, into: out + 2 * d, stride: 3 * d)  // [n, dHead]
      }
    }
  }

  /// dS = scale (dQ Kᵀ + Q dKᵀ); dA = A (dS - Σ A dS); dZ = dA V + A dV.
  func pushForward(
    _ dqkv: UnsafePointer<Float>, count: Int, into dz: UnsafeMutablePointer<Float>, workspace: DerivativeWorkspace
  ) {
    runHeads(workspace) { sequence, head, memory in
      let (n, first, column) = (sequence.rows.count, sequence.rows.lowerBound, head * headSize)
      var memory = memory
      let rows = first * d + column
      let keysTurned = memory.factor(keys.pointer + rows, stride: d, transposed: true, rows: headSize, columns: n)
      let valueFactor = memory.factor(values.pointer + rows, stride: d, transposed: false, rows: n, columns: headSize)
      let scores = memory.take(n * n)
      let weights = sequence.weights.pointer + head * n * n
      for item in 0..<count {
        let from = dqkv + (item * tokens + first) * 3 * d + column
        let out = dz + item * tokens * d + rows
        var rest = memory
        let dkTurned = rest.factor(from + d, stride: 3 * d, transposed: true, rows: headSize, columns: n)
        let dvFactor = rest.factor(from + 2 * d, stride: 3 * d, transposed: false, rows: n, columns: headSize)
        keysTurned.multiply(from, stride: 3 * d, m: n, alpha: scale, into: scores, stride: n)  // [n, n]
        dkTurned.multiply(
          queries.pointer + rows, stride: d, m: n, alpha: scale, adding: true, into: scores, stride: n)
        for row in 0..<n {
          let offset = VectorMath.dot(weights + row * n, scores + row * n, count: n)
          VectorMath.softmaxDerivative(
            scores + row * n, weights: weights + row * n, offset: Float(offset), count: n)
        }
        valueFactor.multiply(scores, stride: n, m: n, into: out, stride: d)  // [n, dHead]
        dvFactor.multiply(weights, stride: n, m: n, adding: true, into: out, stride: d)
      }
    }
  }

  private struct Sequence {
    let rows: Range<Int>
    let weights: FloatBuffer
  }

  /// A thread's own memory, handed out from the front.
  private struct Memory {
    var pointer: UnsafeMutablePointer<Float>

    mutating func take(_ count: Int) -> UnsafeMutablePointer<Float> {
      defer { pointer += (count + 15) / 16 * 16 }
      return pointer
    }

    mutating func factor(
      _ b: UnsafePointer<Float>, stride: Int, transposed: Bool, rows: Int, columns: Int
    ) -> PackedFactor {
      PackedFactor(
        b, stride: stride, transposed: transposed, rows: rows, columns: columns,
        memory: take(PackedFactor.size(rows: rows, columns: columns)))
    }
  }

  /// One task a head and sequence, with memory for three score matrices and four packed factors.
  private func runHeads(_ workspace: DerivativeWorkspace, _ body: (Sequence, _ head: Int, Memory) -> Void) {
    let longest = sequences.reduce(0) { max($0, $1.count) }
    let factor = max(
      PackedFactor.size(rows: headSize, columns: longest), PackedFactor.size(rows: longest, columns: headSize))
    let size = 4 * (factor + 16) + 3 * (longest * longest + 16)
    let memory = workspace.buffer(.attention, count: size * workspace.threads.count)
    // The longest first, so that the threads finish at about the same time.
    let order = sequences.indices.sorted { (sequences[$1].count, $0) < (sequences[$0].count, $1) }
    workspace.threads.run(order.count * heads) { task, worker in
      let index = order[task / heads]
      body(
        Sequence(rows: sequences[index], weights: weights[index]), task % heads,
        Memory(pointer: memory.pointer + worker * size))
    }
  }
}
