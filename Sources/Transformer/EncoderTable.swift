import Checkpoints
import DenseMath

/// Where a family with BERT's forward pass stores its weights: the names of its tensors, without the ending `.weight` or
/// `.bias`. Embeddings have the same names in all of them.
struct EncoderTable: Sendable {
  /// A layer's name and whether it stands behind the checkpoint's prefix or beside the body.
  struct Place: Sendable {
    let name: String
    let part: WeightReader.Part

    static func body(_ name: String) -> Place { Place(name: name, part: .body) }
    static func head(_ name: String) -> Place { Place(name: name, part: .head) }
  }

  /// Names after "`blocks`.N.".
  struct BlockNames: Sendable {
    let wQ: String
    let wK: String
    let wV: String
    let wO: String
    let attentionNorm: String
    let wIn: String
    let wOut: String
    let mlpNorm: String
  }

  /// The head over the vocabulary: dense, activation, norm, and a matrix that may be tied.
  struct VocabularyHead: Sendable {
    let dense: String
    /// nil for that of the feed-forward layers.
    let activation: Activation?
    let norm: String
    let decoder: String
    /// A bias of its own, which is tied to the decoder's; nil where there is the decoder's alone.
    let bias: String?
    /// What the names of its tensors begin with.
    let modules: [String]
  }

  /// The classifier of sequences: dense and activation on the first token, then a score per class.
  struct Classifier: Sendable {
    let dense: Place
    let activation: ClassifierHead.FirstTokenActivation
    let output: String
  }

  /// The name before the number of a block.
  let blocks: String
  let block: BlockNames
  let vocabularyHead: VocabularyHead
  let classifier: Classifier
  /// First parts of the names of the body.
  let body: Set<String>
  /// Stored tensors that no computed head needs.
  var ignored: [WeightPattern] = []
  /// What the names of a head begin with that shares its first part with a computed one, and is left out.
  var leftOut: String?

  /// The token embedding, whose name shows the checkpoint's prefix.
  static let anchor = "embeddings.word_embeddings"
  static let positions = "embeddings.position_embeddings"
  static let types = "embeddings.token_type_embeddings"
  static let embeddingNorm = "embeddings.LayerNorm"

  /// Constant buffers that earlier versions of Hugging Face store.
  static let buffers: [WeightPattern] = [.body("embeddings.position_ids"), .body("embeddings.token_type_ids")]

  /// Names of BertModel and of models that copied its modules.
  static let bertBlock = BlockNames(
    wQ: "attention.self.query", wK: "attention.self.key", wV: "attention.self.value", wO: "attention.output.dense",
    attentionNorm: "attention.output.LayerNorm", wIn: "intermediate.dense", wOut: "output.dense",
    mlpNorm: "output.LayerNorm")
}

extension ModelFamily.WeightNames {
  /// - Parameter prefix: that of the body's tensors in a checkpoint with a head.
  init(_ table: EncoderTable, prefix: String) {
    let dense = table.classifier.dense
    let layers = [EncoderTable.anchor, table.blocks] + (dense.part == .body ? [dense.name] : [])
    self.init(
      prefix: prefix, anchor: EncoderTable.anchor + ".weight", blocks: table.blocks, embeddings: ["embeddings"],
      body: Set(layers.compactMap { $0.split(separator: ".").first.map(String.init) }),
      firstTokenClassifier: ModelFamily.FirstTokenClassifier(
        dense: (dense.part == .body ? prefix : "") + dense.name, output: table.classifier.output))
  }
}

extension BERT {
  /// Takes the encoder and whichever heads the checkpoint has, under the names of a table.
  static func load(
    _ checkpoint: Checkpoint, _ configuration: EncoderConfiguration, _ table: EncoderTable
  ) throws -> (any TransformerBody, Heads) {
    var reader = try WeightReader(checkpoint, anchor: EncoderTable.anchor + ".weight")
    let bert = try BERT(&reader, configuration, table)
    let unembedding = try Unembedding(&reader, configuration, table.vocabularyHead, wE: bert.wE)
    let classes = try ModelClasses(checkpoint.config)
    let classifier = try ClassifierHead(&reader, configuration, table.classifier, classes)
    let left = try reader.finish(
      ignoring: EncoderTable.buffers + table.ignored, body: table.body, heads: table.vocabularyHead.modules)
    let leftOut = table.leftOut.map { checkpoint.names(beginning: $0 + ".") } ?? []
    return (
      bert,
      Heads(
        unembedding: unembedding, classifier: classifier, other: OtherHead(leftOut + left, classes),
        classifierIsAssumed: classifier != nil && classes.classifySequences == nil)
    )
  }

  private init(_ reader: inout WeightReader, _ configuration: EncoderConfiguration, _ table: EncoderTable) throws {
    let size = configuration.dimensions
    let (d, dFF, epsilon) = (size.hidden, size.feedForward, configuration.normEpsilon)
    wE = try reader.take(EncoderTable.anchor + ".weight", shape: [size.vocabulary, d])
    wPos = try reader.take(
      EncoderTable.positions + ".weight", shape: [size.positions + configuration.positionRows.first, d])
    wType = try configuration.tokenTypes.map { try reader.take(EncoderTable.types + ".weight", shape: [$0, d]) }
    embeddingNorm = try reader.norm(.body(EncoderTable.embeddingNorm), width: d, epsilon: epsilon)
    // One at a time: a config.json may claim more blocks than memory has room for.
    var blocks: [Block] = []
    for layer in 0..<size.layers {
      func place(_ name: String) -> EncoderTable.Place { .body("\(table.blocks).\(layer).\(name)") }
      let names = table.block
      blocks.append(
        Block(
          projections: .separate(
            wQ: try reader.linear(place(names.wQ), from: d, to: d),
            wK: try reader.linear(place(names.wK), from: d, to: d),
            wV: try reader.linear(place(names.wV), from: d, to: d)),
          wO: try reader.linear(place(names.wO), from: d, to: d),
          attentionNorm: try reader.norm(place(names.attentionNorm), width: d, epsilon: epsilon),
          wIn: try reader.linear(place(names.wIn), from: d, to: dFF),
          wOut: try reader.linear(place(names.wOut), from: dFF, to: d),
          mlpNorm: try reader.norm(place(names.mlpNorm), width: d, epsilon: epsilon),
          attentionScale: 1 / Float(size.headSize).squareRoot()))
    }
    self.blocks = blocks
    dimensions = size
    activation = configuration.activation
    positionRows = configuration.positionRows
  }
}

extension Unembedding {
  /// nil where the checkpoint has no such head.
  fileprivate init?(
    _ reader: inout WeightReader, _ configuration: EncoderConfiguration, _ head: EncoderTable.VocabularyHead,
    wE: Tensor
  ) throws {
    guard try reader.contains(head.dense + ".weight", .head) else { return nil }
    let (V, d) = (wE.rows, wE.columns)
    let (weight, decoderBias) = (head.decoder + ".weight", head.decoder + ".bias")
    var bias = try reader.take(head.bias ?? decoderBias, .head, shape: [V])
    var untied: Tensor?
    if configuration.tiesEmbeddings {
      let path = reader.checkpoint.weightsPath
      var pairs = [(weight, wE, EncoderTable.anchor + ".weight")]
      if let own = head.bias { pairs.append((decoderBias, bias, own)) }
      for (name, tied, other) in pairs
      where try reader.takeUntied(name, .head, shape: tied.shape, from: tied) != nil {
        throw TransformerError.contradiction(path: path, tensor: name, other: other)
      }
    } else {
      untied = try reader.take(weight, .head, shape: [V, d])
      // Hugging Face ties the two biases by the same option, and adds the decoder's.
      if head.bias != nil { bias = try reader.takeIfPresent(decoderBias, .head, shape: [V]) ?? bias }
    }
    self.init(
      preparation: .transform(
        dense: try reader.linear(.head(head.dense), from: d, to: d),
        activation: head.activation ?? configuration.activation,
        norm: try reader.norm(.head(head.norm), width: d, epsilon: configuration.normEpsilon)),
      matrix: untied ?? wE, bias: bias, isTied: untied == nil)
  }
}

extension ClassifierHead {
  /// nil where the checkpoint has no classifier of sequences. A classifier of tokens may store an output layer of the
  /// same name, but no dense layer.
  fileprivate init?(
    _ reader: inout WeightReader, _ configuration: EncoderConfiguration, _ names: EncoderTable.Classifier,
    _ classes: ModelClasses
  ) throws {
    let (d, checkpoint) = (configuration.dimensions.hidden, reader.checkpoint)
    let hasDense = try reader.contains(names.dense.name + ".weight", names.dense.part)
    guard let shape = try reader.shape(of: names.output + ".weight", .head), classes.classifySequences ?? hasDense
    else { return nil }
    let count = try checkpoint.classes(shape, of: d, tensor: names.output + ".weight")
    try ConfigReader(checkpoint.config).refusePooling()
    self.init(
      pooling: .firstToken(dense: try reader.linear(names.dense, from: d, to: d), activation: names.activation),
      weight: try reader.take(names.output + ".weight", .head, shape: [count, d]),
      bias: try reader.take(names.output + ".bias", .head, shape: [count]))
  }
}

extension WeightReader {
  /// PyTorch's Linear: [out, in] and [out].
  fileprivate mutating func linear(
    _ place: EncoderTable.Place, from inputs: Int, to outputs: Int
  ) throws -> Linear {
    Linear(
      weight: try take(place.name + ".weight", place.part, shape: [outputs, inputs]), layout: .outputByInput,
      bias: try take(place.name + ".bias", place.part, shape: [outputs]))
  }

  /// PyTorch's LayerNorm, [width] and [width].
  fileprivate mutating func norm(_ place: EncoderTable.Place, width: Int, epsilon: Float) throws -> Norm {
    Norm(
      gain: try take(place.name + ".weight", place.part, shape: [width]),
      shift: try take(place.name + ".bias", place.part, shape: [width]), epsilon: epsilon)
  }
}
