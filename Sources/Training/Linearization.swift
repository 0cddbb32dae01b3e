import DenseMath
import Transformer

/// A block at one batch, ready for tangents and cotangents, both [count, T, d] and changed in place.
protocol BlockDerivative {
  /// From residPost to residPre. Where `gradients` has a weight of the block, count is 1.
  func pullBack(_ dh: UnsafeMutablePointer<Float>, count: Int, gradients: Gradients, workspace: DerivativeWorkspace)
  /// From residPre to residPost.
  func pushForward(_ dh: UnsafeMutablePointer<Float>, count: Int, workspace: DerivativeWorkspace)
}

/// Some neighbouring blocks of a model at one batch: their derivative as a linear map, for as many tangents and
/// cotangents as are wanted. It holds what the forward pass made in these blocks, some 8 d + 2 dFF numbers a token and
/// block and the attention weights.
package struct Linearization {
  /// The blocks.
  package let layers: Range<Int>
  /// T
  package let tokens: Int
  /// d
  package let width: Int
  private let blocks: [any BlockDerivative]

  /// Carries `h` through the blocks, by the model's own forward pass.
  /// - Parameter derivatives: lends the memory that the linearization holds until it is gone.
  /// - Throws: as `Model.advance`.
  package init(
    advancing h: inout HiddenState, of model: Model, through layers: Range<Int>, _ batch: PackedBatch,
    workspace: Workspace, derivatives: DerivativeWorkspace
  ) throws {
    self.layers = layers
    tokens = h.tokens
    width = h.width
    switch model.architecture {
    case .bert(let bert):
      let tape = Tape(keeping: BERTBlockDerivative.sites, of: layers, workspace: derivatives)
      try model.advance(&h, through: layers, batch, workspace: workspace, observer: tape)
      blocks = layers.enumerated().map { BERTBlockDerivative(bert, layer: $1, tape, $0, batch, workspace: derivatives) }
    case .gpt2(let gpt2):
      let tape = Tape(keeping: GPT2BlockDerivative.sites, of: layers, workspace: derivatives)
      try model.advance(&h, through: layers, batch, workspace: workspace, observer: tape)
      blocks = layers.enumerated().map { GPT2BlockDerivative(gpt2, layer: $1, tape, $0, batch, workspace: derivatives) }
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
    switch architecture {
    case .bert(let bert):
      let sums = try sumEmbeddings(batch, workspace: workspace)
      bert.pullBackEmbeddings(dh, sums: sums, batch, gradients: gradients, threads: workspace.threads)
    case .gpt2(let gpt2): gpt2.pullBackEmbeddings(dh, batch, gradients: gradients)
    }
  }
}

extension Gradients {
  /// Adds the row of each token to the row of an embedding that `place` says.
  func addRows(
    _ dh: UnsafePointer<Float>, to embedding: Tensor, width: Int, _ batch: PackedBatch,
    place: (_ row: Int, _ position: Int) -> Int
  ) {
    guard let sum = self[embedding] else { return }
    for sequence in batch.sequences {
      for row in sequence {
        VectorMath.add(
          dh + row * width, to: sum + place(row, row - sequence.lowerBound) * width, count: width)
      }
    }
  }
}
