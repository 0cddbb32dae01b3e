import DenseMath

/// The attention of one block on one batch: z = A v with A = softmax(scale q kᵀ), for every head and sequence.
///
/// Tangents and cotangents of q, k and v are side by side, [count, T, 3 d]; those of z are [count, T, d].
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
  /// A of each sequence, [H, n, n]; 0 where a causal head does not attend.
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
      func ofHead(_ x: UnsafePointer<Float>) -> MatrixView {
        MatrixView(x + rows, rows: n, columns: headSize, stride: d)
      }
      let valuesTurned = memory.factor(ofHead(values.pointer).transposed)
      let keyFactor = memory.factor(ofHead(keys.pointer))
      let queryFactor = memory.factor(ofHead(queries.pointer))
      let (scores, turned, weightsTurned) = (memory.take(n * n), memory.take(n * n), memory.take(n * n))
      let weights = sequence.weights.pointer + head * n * n
      VectorMath.transpose(weights, stride: n, rows: n, columns: n, into: weightsTurned, stride: n)
      for item in 0..<count {
        let dzRows = ofHead(dz + item * tokens * d)
        func out(_ part: Int) -> MutableMatrixView {
          MutableMatrixView(
            dqkv + (item * tokens + first) * 3 * d + part * d + column, rows: n, columns: headSize, stride: 3 * d)
        }
        var rest = memory
        let dzFactor = rest.factor(dzRows)
        valuesTurned.multiply(dzRows, into: MutableMatrixView(scores, rows: n, columns: n))
        for row in 0..<n {
          let offset = VectorMath.dot(outputs.pointer + rows + row * d, dzRows.pointer + row * d, count: headSize)
          VectorMath.softmaxDerivative(
            scores + row * n, weights: weights + row * n, offset: Float(offset), count: n)
        }
        VectorMath.transpose(scores, stride: n, rows: n, columns: n, into: turned, stride: n)
        keyFactor.multiply(MatrixView(scores, rows: n, columns: n), alpha: scale, into: out(0))  // [n, dHead]
        queryFactor.multiply(MatrixView(turned, rows: n, columns: n), alpha: scale, into: out(1))  // [n, dHead]
        dzFactor.multiply(MatrixView(weightsTurned, rows: n, columns: n), into: out(2))  // [n, dHead]
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
      func ofHead(_ x: UnsafePointer<Float>) -> MatrixView {
        MatrixView(x + first * d + column, rows: n, columns: headSize, stride: d)
      }
      let keysTurned = memory.factor(ofHead(keys.pointer).transposed)
      let valueFactor = memory.factor(ofHead(values.pointer))
      let scores = memory.take(n * n)
      let square = MutableMatrixView(scores, rows: n, columns: n)
      let weights = sequence.weights.pointer + head * n * n
      for item in 0..<count {
        func from(_ part: Int) -> MatrixView {
          MatrixView(
            dqkv + (item * tokens + first) * 3 * d + part * d + column, rows: n, columns: headSize, stride: 3 * d)
        }
        let out = MutableMatrixView(
          dz + (item * tokens + first) * d + column, rows: n, columns: headSize, stride: d)
        var rest = memory
        let dkTurned = rest.factor(from(1).transposed)
        let dvFactor = rest.factor(from(2))
        keysTurned.multiply(from(0), alpha: scale, into: square)
        dkTurned.multiply(ofHead(queries.pointer), alpha: scale, adding: true, into: square)
        for row in 0..<n {
          let offset = VectorMath.dot(weights + row * n, scores + row * n, count: n)
          VectorMath.softmaxDerivative(
            scores + row * n, weights: weights + row * n, offset: Float(offset), count: n)
        }
        valueFactor.multiply(MatrixView(square), into: out)  // [n, dHead]
        dvFactor.multiply(MatrixView(weights, rows: n, columns: n), adding: true, into: out)
      }
    }
  }

  private struct Sequence {
    let rows: Range<Int>
    let weights: FloatBuffer
  }

  /// A thread's own memory, allocated from the front.
  private struct Memory {
    var pointer: UnsafeMutablePointer<Float>

    mutating func take(_ count: Int) -> UnsafeMutablePointer<Float> {
      defer { pointer += (count + 15) / 16 * 16 }
      return pointer
    }

    mutating func factor(_ b: MatrixView) -> PackedFactor {
      PackedFactor(b, memory: take(PackedFactor.size(rows: b.rows, columns: b.columns)))
    }
  }

  /// One task per head and sequence, with memory for three score matrices and four packed factors.
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
