import Checkpoints
import Transformer

/// A classifier of which some weights are trained: its model computes with the parameters' own memory.
package struct Trainable {
  package let model: Model
  package let head: ClassifierHead
  /// By the names of the checkpoint, in their order. Tensors of one axis, biases and norms, do not decay.
  package let parameters: [Parameter]
  /// Blocks before this one are frozen, with the embeddings; 0 where the embeddings are trained.
  package let firstTrainedLayer: Int
  private let trainsEmbeddings: Bool
  private let gradients: Gradients

  /// - Parameter isTrained: which of the checkpoint's tensors to train, by their stored names.
  /// - Throws: `CheckpointError`, `TransformerError`.
  package init(_ checkpoint: Checkpoint, training isTrained: (String) -> Bool) throws {
    parameters = try checkpoint.entries.filter { isTrained($0.name) }.map { entry in
      Parameter(name: entry.name, try checkpoint.floats(entry.name), decays: entry.shape.count > 1)
    }
    let tensors = Dictionary(parameters.map { ($0.name, $0.tensor) }, uniquingKeysWith: { first, _ in first })
    let model = try Model(checkpoint.replacing(tensors: tensors))
    self.model = model
    head = try model.requireClassifier()
    gradients = Gradients(parameters)
    let names = model.family.names
    trainsEmbeddings = parameters.contains { names.isEmbedding($0.name) }
    firstTrainedLayer =
      trainsEmbeddings ? 0 : parameters.compactMap { names.layer(of: $0.name) }.min() ?? model.dimensions.layers
  }

  /// The hidden state of a batch before block `firstTrainedLayer`, which training does not change unless the embeddings
  /// are trained.
  /// - Throws: `TransformerError`.
  package func frozenState(of batch: PackedBatch, workspace: Workspace) throws -> HiddenState {
    var h = try model.embed(batch, workspace: workspace)
    try model.advance(&h, through: 0..<firstTrainedLayer, batch, workspace: workspace)
    return h
  }

  /// Overwrites the parameters' gradients with those of the mean cross entropy of a batch.
  /// - Parameters:
  ///   - h: the batch's `frozenState`.
  ///   - labels: the class of each text, below the head's.
  /// - Returns: the loss and the scores.
  /// - Throws: `TransformerError`.
  package func gradient(
    from h: HiddenState, _ batch: PackedBatch, labels: [Int], workspace: Workspace, derivatives: DerivativeWorkspace
  ) throws -> (loss: Double, logits: [[Float]]) {
    for parameter in parameters { parameter.zeroGradient() }
    var h = h
    let blocks = try Linearization(
      advancing: &h, of: model, through: firstTrainedLayer..<model.dimensions.layers, batch,
      rows: head.rowsRead(of: batch),
      workspace: workspace, derivatives: derivatives)
    let classifier = ClassifierDerivative(head, at: h, batch, workspace: workspace)
    let entropy = CrossEntropy(classifier.logits, labels: labels)
    let dh = classifier.pullBack(entropy.gradient, gradients: gradients, workspace: derivatives)
    blocks.pullBack(dh.pointer, gradients: gradients, workspace: derivatives)
    if trainsEmbeddings {
      try model.pullBackEmbeddings(dh.pointer, batch, gradients: gradients, workspace: workspace)
    }
    return (entropy.loss, classifier.logits)
  }
}
