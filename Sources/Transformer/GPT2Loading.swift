import Checkpoints
import Files

extension ModelFamily {
  package static let gpt2 = ModelFamily(
    modelType: "gpt2",
    traits: ModelTraits(
      family: "GPT-2", isCausal: true, normPlacement: .pre, objective: .nextToken, positionOffset: 0,
      hasTokenTypes: false),
    classPrefix: "GPT2",
    names: WeightNames(
      prefix: "transformer.", anchor: "wte.weight", blocks: "h", embeddings: ["wte", "wpe"],
      body: ["wte", "wpe", "h", "ln_f"], firstTokenClassifier: nil),
    settings: .gpt2, load: { try GPT2.load($0) })
}

extension GPT2 {
  /// Takes the decoder and whichever heads the checkpoint has, under their Hugging Face names.
  static func load(_ checkpoint: Checkpoint) throws -> (any TransformerBody, Heads) {
    let configuration = try GPT2Configuration(checkpoint.config)
    let size = configuration.dimensions
    let (V, d, dFF) = (size.vocabulary, size.hidden, size.feedForward)
    var reader = try WeightReader(checkpoint, anchor: ModelFamily.gpt2.names.anchor)

    // Conv1D stores [in, out].
    func linear(_ name: String, from inputs: Int, to outputs: Int) throws -> Linear {
      Linear(
        weight: try reader.take(name + ".weight", shape: [inputs, outputs]), layout: .inputByOutput,
        bias: try reader.take(name + ".bias", shape: [outputs]))
    }
    func norm(_ name: String) throws -> Norm {
      Norm(
        gain: try reader.take(name + ".weight", shape: [d]), shift: try reader.take(name + ".bias", shape: [d]),
        epsilon: configuration.normEpsilon)
    }

    let wE = try reader.take("wte.weight", shape: [V, d])
    let wPos = try reader.take("wpe.weight", shape: [size.positions, d])
    // One at a time: a config.json may claim more blocks than memory has room for.
    var blocks: [Block] = []
    for layer in 0..<size.layers {
      let name = "h.\(layer)"
      // In the order of the forward pass, so that an error names the first tensor that is wrong.
      let attentionNorm = try norm(name + ".ln_1")
      let wQKV = try linear(name + ".attn.c_attn", from: d, to: 3 * d)
      let wO = try linear(name + ".attn.c_proj", from: d, to: d)
      let mlpNorm = try norm(name + ".ln_2")
      let wIn = try linear(name + ".mlp.c_fc", from: d, to: dFF)
      blocks.append(
        Block(
          projections: .joined(wQKV), wO: wO, attentionNorm: attentionNorm, wIn: wIn,
          wOut: try linear(name + ".mlp.c_proj", from: dFF, to: d), mlpNorm: mlpNorm,
          attentionScale: configuration.attentionScale(layer: layer)))
    }
    let finalNorm = try norm("ln_f")
    let gpt2 = GPT2(
      dimensions: size, wE: wE, wPos: wPos, blocks: blocks, finalNorm: finalNorm, activation: configuration.activation)

    let stored = try reader.takeUntied("lm_head.weight", .head, shape: [V, d], from: wE)
    if configuration.tiesEmbeddings, stored != nil {
      throw TransformerError.contradiction(
        path: checkpoint.weightsPath, tensor: "lm_head.weight", other: "wte.weight")
    }
    let hasHead = try configuration.tiesEmbeddings || reader.contains("lm_head.weight", .head)
    let unembedding =
      hasHead
      ? Unembedding(preparation: .norm(finalNorm), matrix: stored ?? wE, bias: nil, isTied: stored == nil) : nil

    let classes = try ModelClasses(checkpoint.config)
    var classifier: ClassifierHead?
    var isAssumed = false
    if let shape = try reader.shape(of: "score.weight", .head), classes.classifySequences ?? true {
      let count = try checkpoint.classes(shape, of: d, tensor: "score.weight")
      try ConfigReader(checkpoint.config).refusePooling()
      classifier = ClassifierHead(
        pooling: .lastToken(finalNorm: finalNorm, padding: configuration.padding),
        weight: try reader.take("score.weight", .head, shape: [count, d]), bias: nil)
      isAssumed = classes.classifySequences == nil
    } else if let shape = try reader.shape(of: "classifier.weight", .head),
      let normalizes = try configuration.meanClassifierNormalizes(checkpoint.config)
    {
      let count = try checkpoint.classes(shape, of: d, tensor: "classifier.weight")
      classifier = ClassifierHead(
        pooling: .mean(finalNorm: normalizes ? finalNorm : nil),
        weight: try reader.take("classifier.weight", .head, shape: [count, d]),
        bias: try reader.take("classifier.bias", .head, shape: [count]))
    }
    let other = try reader.finish(
      ignoring: [.body("h.N.attn.bias"), .body("h.N.attn.masked_bias")], body: ["wte", "wpe", "h", "ln_f"],
      heads: ["lm_head"])
    return (
      gpt2,
      Heads(
        unembedding: unembedding, classifier: classifier, other: OtherHead(other, classes),
        classifierIsAssumed: isAssumed)
    )
  }
}

extension GPT2Configuration {
  /// The factor of q kᵀ in a block: `scale_attn_weights` and `scale_attn_by_inverse_layer_idx`.
  func attentionScale(layer: Int) -> Float {
    let scale = scalesAttention ? 1 / Float(dimensions.headSize).squareRoot() : 1
    return scalesAttentionByInverseLayer ? scale / Float(layer + 1) : scale
  }

  /// A `classifier.weight` of GPT-2 scores each token: it classifies texts only where config.json says that a text's
  /// score is their mean. Whether that is taken after ln_f; nil where it is no such classifier.
  func meanClassifierNormalizes(_ config: JSONNode) throws -> Bool? {
    let graft = config["graft"]
    guard graft["pooling"].isPresent else { return nil }
    guard try graft["pooling"].string() == "mean" else {
      throw TransformerError.unsupportedOption(
        path: config.path, option: "graft.pooling", found: graft["pooling"].value?.kind ?? "absent",
        supported: "\"mean\" (a text's score is the mean of its tokens' scores)")
    }
    return graft["final_norm"].isPresent ? try graft["final_norm"].bool() : true
  }
}
