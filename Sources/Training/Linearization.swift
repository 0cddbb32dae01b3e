import DenseMath
import Transformer

/// Some neighbouring blocks of a model at one batch: their derivative as a linear map, for as many tangents and
/// cotangents as are wanted. It holds what the forward pass made in these blocks, some 8 d + 2 dFF numbers per token and
/// block and the attention weights.
package struct Linearization {
  /// The blocks.
  package let layers: Range<Int>
  /// T
  package let tokens: Int
  /// d
  package let width: Int
  private let blocks: [BlockDerivative]

  /// Carries `h` through the blocks, by the model's own forward pass.
  /// - Parameters:
  ///   - rows: the rows of the batch that are read after the last block, ascending; nil for all. Cotangents of the others
  ///     are 0, and there are no tangents.
  ///   - derivatives: lends the memory that the linearization holds until it is gone.
  /// - Throws: as `Model.advance`.
  package init(
    advancing h: inout HiddenState, of model: Model, through layers: Range<Int>, _ batch: PackedBatch,
    rows: [Int]? = nil, workspace: Workspace, derivatives: DerivativeWorkspace
  ) throws {
    self.layers = layers
    tokens = h.tokens
    width = h.width
    let tape = Tape(
      keeping: BlockDerivative.sites(model.traits.normPlacement), of: layers, workspace: derivatives)
    try model.advance(&h, through: layers, batch, rows: rows, workspace: workspace, observer: tape)
    let selection = rows.flatMap { $0.count < batch.tokens ? RowSelection($0, of: batch.tokens) : nil }
    blocks = layers.enumerated().map { index, layer in
      BlockDerivative(
        model, layer: layer, tape, index, batch, selection: layer == layers.upperBound - 1 ? selection : nil,
        workspace: derivatives)
    }
  }

  /// Takes cotangents of hidden state `layers.upperBound` to hidden state `layers.lowerBound`, in place.
  /// - Parameters:
  ///   - dh: [count, T, d]
  ///   - layers: some of the blocks; nil for all.
  ///   - gradients: what the gradients of the blocks' weights are added to, when `count` is 1.
  package func pullBack(
    _ dh: UnsafeMutablePointer<Float>, count: Int = 1, through layers: Range<Int>? = nil,
    gradients: Gradients = .none, workspace: DerivativeWorkspace
  ) {
    precondition(count == 1 || gradients.isEmpty, "gradients of weights are those of one cotangent")
    for layer in (layers ?? self.layers).reversed() {
      blocks[layer - self.layers.lowerBound]
        .pullBack(dh, count: count, gradients: gradients, workspace: workspace)
    }
  }

  /// Takes tangents of hidden state `layers.lowerBound` to hidden state `layers.upperBound`, in place.
  /// - Parameters:
  ///   - dh: [count, T, d]
  ///   - layers: some of the blocks; nil for all.
  package func pushForward(
    _ dh: UnsafeMutablePointer<Float>, count: Int = 1, through layers: Range<Int>? = nil,
    workspace: DerivativeWorkspace
  ) {
    for layer in layers ?? self.layers {
      blocks[layer - self.layers.lowerBound].pushForward(dh, count: count, workspace: workspace)
    }
  }
}

extension Model {
  /// From cotangents of hidden state 0, [T, d], which it may overwrite, to the gradients of the embeddings.
  /// - Throws: as `embed`.
  package func pullBackEmbeddings(
    _ dh: UnsafeMutablePointer<Float>, _ batch: PackedBatch, gradients: Gradients, workspace: Workspace
  ) throws {
    if let embeddingNorm {
      let sums = try sumEmbeddings(batch, workspace: workspace)
      NormDerivative(embeddingNorm, at: sums.buffer, rows: batch.tokens, threads: workspace.threads)
        .pullBack(dh, into: dh, gradients: gradients, threads: workspace.threads)
    }
    let d = dimensions.hidden
    let places = positionRows(of: batch)
    gradients.addRows(dh, to: wE, width: d, batch) { Int(batch.ids[$0]) }
    gradients.addRows(dh, to: wPos, width: d, batch) { places[$0] }
    if let wType {
      gradients.addRows(dh, to: wType, width: d, batch) { batch.tokenTypes.isEmpty ? 0 : Int(batch.tokenTypes[$0]) }
    }
  }
}

extension Gradients {
  /// Adds the row of each token to the row of an embedding that `place` says.
  func addRows(
    _ dh: UnsafePointer<Float>, to embedding: Tensor, width: Int, _ batch: PackedBatch,
    place: (_ row: Int) -> Int
  ) {
    guard let sum = self[embedding] else { return }
    for row in 0..<batch.tokens { VectorMath.add(dh + row * width, to: sum + place(row) * width, count: width) }
  }
}
