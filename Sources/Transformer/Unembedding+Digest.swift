import DenseMath
import Files

extension Unembedding {
  /// The SHA-256 of everything that decides a score, as 64 hexadecimal digits: preparation with its shapes, epsilon and
  /// numbers, matrix and bias. Heads with the same scores have the same digest, tied or untied.
  /// - Throws: `DigestError`.
  package func sha256() throws -> String {
    let digest = Digest()
    func add(_ name: String, _ tensor: Tensor?) {
      digest.update("\(name) \(tensor?.shape ?? [])\n")
      guard let tensor else { return }
      withExtendedLifetime(tensor) {
        digest.update(UnsafeRawBufferPointer(start: tensor.pointer, count: tensor.count * MemoryLayout<Float>.size))
      }
    }
    func add(_ norm: Norm) {
      digest.update("norm \(norm.epsilon)\n")
      add("gain", norm.gain)
      add("shift", norm.shift)
    }
    switch preparation {
    case .none: break
    case .norm(let norm): add(norm)
    case .transform(let dense, let activation, let norm):
      digest.update("dense \(dense.layout) \(activation.rawValue)\n")
      add("weight", dense.weight)
      add("bias", dense.bias)
      add(norm)
    }
    add("matrix", matrix)
    add("bias", bias)
    return try digest.finish()
  }
}
