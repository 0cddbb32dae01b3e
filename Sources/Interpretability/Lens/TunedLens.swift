import Checkpoints
import DenseMath
import Transformer

/// One affine translator per level, from the state before each block to the basis of the model's head (Belrose et al.,
/// "Eliciting Latent Predictions from Transformers with the Tuned Lens", 2023).
public struct TunedLens: Sendable {
  /// h W + b
  package struct Translator: Sendable {
    /// [d, d]
    package let weight: Tensor
    /// [d]
    package let bias: Tensor

    package init(weight: Tensor, bias: Tensor) {
      self.weight = weight
      self.bias = bias
    }

    /// The identity map.
    package static func identity(_ width: Int) -> Translator {
      Translator(
        weight: DoubleMatrix.identity(width).tensor, bias: Tensor(shape: [width], [Float](repeating: 0, count: width)))
    }

    /// - Parameters:
    ///   - h: [rows, d]; `out`: the same shape, in other memory.
    func apply(
      _ h: UnsafePointer<Float>, rows: Int, into out: UnsafeMutablePointer<Float>, threads: Threads
    ) {
      let d = bias.count
      let out = MutableMatrixView(out, rows: rows, columns: d)
      Product.multiply(
        MatrixView(h, rows: rows, columns: d), MatrixView(weight), into: out, threads: threads
      ) { rows, columns in
        for row in rows {
          VectorMath.add(
            bias.pointer + columns.lowerBound, to: out.pointer(row, columns.lowerBound), count: columns.count)
        }
      }
    }
  }

  /// Of hidden states 0..<L; the last hidden state needs none.
  package let translators: [Translator]
  /// `Unembedding.sha256` of the head that they were fitted with.
  package let unembeddingDigest: String

  package init(translators: [Translator], unembeddingDigest: String) {
    self.translators = translators
    self.unembeddingDigest = unembeddingDigest
  }

  /// - Throws: `InterpretabilityError` when the translators do not fit this model's states and head.
  func check(against model: any TransformerModel, heads: [Unembedding]) throws {
    guard heads.count == 1 else { throw InterpretabilityError.tunedLensOfSegments(model: model.name) }
    let expected = [model.blockDimensions.count, heads[0].matrix.columns]
    let found = [translators.count, translators.first?.bias.count ?? 0]
    guard expected == found else {
      throw InterpretabilityError.tunedLensDoesNotFit(model: model.name, expected: expected, found: found)
    }
    let digest = try heads[0].sha256()
    guard digest == unembeddingDigest else {
      throw InterpretabilityError.foreignTunedLens(model: model.name, expected: unembeddingDigest, found: digest)
    }
  }
}

extension TunedLens {
  private static let kind = "tuned-lens"

  /// Reads what `write` wrote.
  /// - Throws: `FileError`, `CheckpointError`; `InterpretabilityError.notATunedLens`.
  public init(path: String) throws {
    let file = try SafetensorsFile(path)
    guard file.metadata["graft.kind"] == Self.kind, let digest = file.metadata["graft.unembedding_sha256"] else {
      throw InterpretabilityError.notATunedLens(
        path: path, found: file.metadata["graft.kind"].map { "\"\($0)\"" } ?? "no graft.kind in its metadata")
    }
    let (weight, bias) = (try file.floats("weight"), try file.floats("bias"))
    guard weight.shape.count == 3, weight.shape[1] == weight.shape[2], bias.shape == Array(weight.shape.prefix(2))
    else {
      throw InterpretabilityError.notATunedLens(
        path: path, found: "weight \(weight.shape) and bias \(bias.shape) in place of [L, d, d] and [L, d]")
    }
    if let place = [weight, bias].compactMap({ $0.firstNonFinite() }).first {
      throw InterpretabilityError.notATunedLens(path: path, found: "a number that is not finite, at \(place)")
    }
    let width = weight.shape[1]
    translators = (0..<weight.shape[0]).map { state in
      let (w, b) = (weight[rows: state..<state + 1], bias[rows: state..<state + 1])
      return Translator(
        weight: Tensor(shape: [width, width], pointer: w.pointer, owner: Owner(w)),
        bias: Tensor(shape: [width], pointer: b.pointer, owner: Owner(b)))
    }
    unembeddingDigest = digest
  }

  /// Keeps the tensor from which a part borrows memory.
  private final class Owner {
    private let tensor: Tensor
    init(_ tensor: Tensor) { self.tensor = tensor }
  }

  /// Writes `weight`, [L, d, d], and `bias`, [L, d], with the head's digest as `graft.unembedding_sha256`.
  /// - Parameter metadata: more texts to store.
  /// - Throws: `FileError`.
  package func write(to path: String, metadata: [String: String] = [:]) throws {
    let own = ["graft.kind": Self.kind, "graft.unembedding_sha256": unembeddingDigest]
    var writer = SafetensorsWriter(metadata: metadata.merging(own) { $1 })
    writer.add("weight", stacking: translators.map(\.weight))
    writer.add("bias", stacking: translators.map(\.bias))
    try writer.write(to: path)
  }
}
