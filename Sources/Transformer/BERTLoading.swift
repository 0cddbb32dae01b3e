import Checkpoints
import DenseMath

extension ModelFamily {
  package static let bert = ModelFamily(
    modelType: "bert",
    traits: ModelTraits(
      family: "BERT", isCausal: false, normPlacement: .post, objective: .maskedToken, positionOffset: 0,
      hasTokenTypes: true),
    classPrefix: "Bert",
    names: WeightNames(
      prefix: "bert.", anchor: "embeddings.word_embeddings.weight", blocks: "encoder.layer",
      embeddings: ["embeddings"], pooler: "pooler.dense"),
    settings: .bert, load: { try BERT.load($0) })
}

extension BERT {
  /// Takes the encoder and whichever heads the checkpoint has, under their Hugging Face names.
  static func load(_ checkpoint: Checkpoint) throws -> (any TransformerBody, Heads) {
    let configuration = try BERTConfiguration(checkpoint.config)
    let size = configuration.dimensions
    let (V, d, dFF) = (size.vocabulary, size.hidden, size.feedForward)
    var reader = try WeightReader(checkpoint, anchor: ModelFamily.bert.names.anchor)

    func linear(_ name: String, _ part: WeightReader.Part = .body, from inputs: Int, to outputs: Int) throws -> Linear {
      Linear(
        weight: try reader.take(name + ".weight", part, shape: [outputs, inputs]), layout: .outputByInput,
        bias: try reader.take(name + ".bias", part, shape: [outputs]))
    }
    func norm(_ name: String, _ part: WeightReader.Part = .body) throws -> Norm {
      Norm(
        gain: try reader.take(name + ".weight", part, shape: [d]),
        shift: try reader.take(name + ".bias", part, shape: [d]),
        epsilon: configuration.normEpsilon)
    }

    let wE = try reader.take("embeddings.word_embeddings.weight", shape: [V, d])
    let wPos = try reader.take("embeddings.position_embeddings.weight", shape: [size.positions, d])
    let wType = try reader.take("embeddings.token_type_embeddings.weight", shape: [configuration.tokenTypes, d])
    let embeddingNorm = try norm("embeddings.LayerNorm")
    // One at a time: a config.json may claim more blocks than memory has room for.
    var blocks: [Block] = []
    for layer in 0..<size.layers {
      let name = "encoder.layer.\(layer)"
      blocks.append(
        Block(
          projections: .separate(
            wQ: try linear(name + ".attention.self.query", from: d, to: d),
            wK: try linear(name + ".attention.self.key", from: d, to: d),
            wV: try linear(name + ".attention.self.value", from: d, to: d)),
          wO: try linear(name + ".attention.output.dense", from: d, to: d),
          attentionNorm: try norm(name + ".attention.output.LayerNorm"),
          wIn: try linear(name + ".intermediate.dense", from: d, to: dFF),
          wOut: try linear(name + ".output.dense", from: dFF, to: d), mlpNorm: try norm(name + ".output.LayerNorm"),
          attentionScale: 1 / Float(size.headSize).squareRoot()))
    }
    let bert = BERT(
      dimensions: size, wE: wE, wPos: wPos, wType: wType, embeddingNorm: embeddingNorm, blocks: blocks,
      activation: configuration.activation)

    var unembedding: Unembedding?
    if try reader.contains("cls.predictions.transform.dense.weight", .head) {
      let head = "cls.predictions"
      let decoder: Tensor?
      var bias = try reader.take(head + ".bias", .head, shape: [V])
      if configuration.tiesEmbeddings {
        decoder = nil
        for (name, tied, other) in [
          (head + ".decoder.weight", wE, "embeddings.word_embeddings.weight"),
          (head + ".decoder.bias", bias, head + ".bias"),
        ] where try reader.takeUntied(name, .head, shape: tied.shape, from: tied) != nil {
          throw TransformerError.contradiction(path: checkpoint.weightsPath, tensor: name, other: other)
        }
      } else {
        decoder = try reader.take(head + ".decoder.weight", .head, shape: [V, d])
        // Hugging Face ties the bias by the same option, and adds the decoder's.
        bias = try reader.takeIfPresent(head + ".decoder.bias", .head, shape: [V]) ?? bias
      }
      unembedding = Unembedding(
        preparation: .transform(
          dense: try linear(head + ".transform.dense", .head, from: d, to: d), activation: configuration.activation,
          norm: try norm(head + ".transform.LayerNorm", .head)),
        matrix: decoder ?? wE, bias: bias, isTied: decoder == nil)
    }

    // BertForTokenClassification also stores a classifier, but no pooler.
    let classes = try ModelClasses(checkpoint.config)
    let hasPooler = try reader.contains("pooler.dense.weight")
    var classifier: ClassifierHead?
    if let shape = try reader.shape(of: "classifier.weight", .head), classes.classifySequences ?? hasPooler {
      let count = try checkpoint.classes(shape, of: d, tensor: "classifier.weight")
      try ConfigReader(checkpoint.config).refusePooling()
      classifier = ClassifierHead(
        pooling: .firstToken(pooler: try linear("pooler.dense", from: d, to: d)),
        weight: try reader.take("classifier.weight", .head, shape: [count, d]),
        bias: try reader.take("classifier.bias", .head, shape: [count]))
    }
    let other = try reader.finish(
      ignoring: [
        .body("embeddings.position_ids"), .body("embeddings.token_type_ids"), .body("pooler.dense.weight"),
        .body("pooler.dense.bias"), .head("cls.seq_relationship.weight"), .head("cls.seq_relationship.bias"),
      ], body: ["embeddings", "encoder", "pooler"], heads: ["cls.predictions"])
    return (
      bert,
      Heads(
        unembedding: unembedding, classifier: classifier,
        other: OtherHead(checkpoint.names(beginning: "cls.seq_relationship.") + other, classes),
        classifierIsAssumed: classifier != nil && classes.classifySequences == nil)
    )
  }
}

/// The heads that a checkpoint has beside its body.
struct Heads {
  let unembedding: Unembedding?
  let classifier: ClassifierHead?
  let other: OtherHead?
  /// Whether the tensors alone, not config.json's `architectures`, show that the classifier is one.
  let classifierIsAssumed: Bool
}

extension Checkpoint {
  /// C, from the shape of a classifier's weight, [C, d].
  func classes(_ shape: [Int], of d: Int, tensor: String) throws -> Int {
    guard shape.count == 2, shape[0] > 0 else {
      throw CheckpointError.wrongShape(path: path(holding: tensor), tensor: tensor, expected: [1, d], found: shape)
    }
    return shape[0]
  }
  /// The names of stored tensors with this prefix, in the order of their bytes.
  func names(beginning prefix: String) -> [String] {
    entries.map(\.name).filter { $0.hasPrefix(prefix) }
  }
}
