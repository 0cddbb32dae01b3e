import Checkpoints
import DenseMath
import Hub

/// A checkpoint ready to run: a transformer and its heads. Immutable, so threads may share it; each pass needs a
/// `Workspace` of its own.
public struct Model: Sendable {
  /// The last component of the directory; of a model in the hub's cache its name on the hub.
  public let name: String
  /// The commit on the hub that the files are of; nil for a directory of one's own.
  public let revision: String?
  /// The stored weights.
  public let checkpoint: Checkpoint
  /// The family of models, with its traits.
  package let family: ModelFamily
  /// How the model differs from those of other families.
  public let traits: ModelTraits
  let body: any TransformerBody
  /// nil where the checkpoint has no head over the vocabulary.
  public let unembedding: Unembedding?
  /// nil where the checkpoint is no classifier.
  public let classifier: ClassifierHead?
  /// nil where every tensor beside the body belongs to a head that is computed.
  public let otherHead: OtherHead?
  /// Whether the tensors alone, not config.json's `architectures`, show that `classifier` is one.
  public let classifierIsAssumed: Bool
  /// Keys of config.json that neither Hugging Face nor Graft reads, in the order of the file.
  public let unreadKeys: [String]

  /// Opens a Hugging Face directory; weights stay in the mapped file.
  /// - Throws: `FileError`, `CheckpointError`, `TransformerError`, `SettingsError`.
  public init(directory: String) throws {
    try self.init(Checkpoint(directory: directory))
  }

  /// A model over the weights of a checkpoint, whose memory is used in place.
  /// - Throws: `CheckpointError`, `TransformerError`, `SettingsError` for a setting that changes the forward pass,
  ///   `FileError` about config.json.
  public init(_ checkpoint: Checkpoint) throws {
    self.checkpoint = checkpoint
    let snapshot = HubSnapshot(folder: checkpoint.directory)
    name = snapshot?.id ?? checkpoint.directory.split(separator: "/").last.map(String.init) ?? checkpoint.directory
    revision = snapshot?.commit
    family = try ModelFamily.of(checkpoint)
    unreadKeys = try family.settings.unreadKeys(of: checkpoint.config)
    let heads: Heads
    (body, heads) = try family.load(checkpoint)
    traits = family.traits.with(positionOffset: body.positionRows.first)
    unembedding = heads.unembedding
    classifier = heads.classifier
    otherHead = heads.other
    classifierIsAssumed = heads.classifierIsAssumed
  }

  /// config.json's `model_type`, such as "bert", for results. Code asks for `traits` instead.
  public var modelType: String { family.modelType }
  /// Its sizes.
  public var dimensions: Dimensions { body.dimensions }
  /// Its blocks, from the lowest up.
  public var blocks: [Block] { body.blocks }
  /// The activation of the feed-forward layers.
  public var activation: Activation { body.activation }
  /// The token embedding, [V, d]: the paper's E, transposed.
  public var wE: Tensor { body.wE }
  /// The position embedding, [`traits.positionOffset` + positions, d].
  public var wPos: Tensor { body.wPos }
  /// The row of the position embedding that each token of a batch reads, [T]: from `traits.positionOffset` on, where
  /// RoBERTa does not count a text's padding tokens and gives them the row before.
  public func positionRows(of batch: PackedBatch) -> [Int] { body.positionRows.rows(of: batch) }
  /// The token type embedding, [types, d]; type 0 is added where no types are given. nil where there are none.
  public var wType: Tensor? { body.wType }
  /// The norm of the summed embeddings; nil where hidden state 0 is their sum.
  public var embeddingNorm: Norm? { body.embeddingNorm }
  /// The norm of the last hidden state before a head; nil in a post-norm model, whose states are normalised.
  public var finalNorm: Norm? { body.finalNorm }

  /// Hidden state 0 of a batch: the embedding output (after `embeddingNorm`).
  /// - Throws: `TransformerError`: an id, a token type or a length that the model does not support.
  public func embed(_ batch: PackedBatch, workspace: Workspace) throws -> HiddenState {
    try body.embed(ForwardPass(batch: batch, workspace: workspace, observer: nil))
  }

  /// The sum of embeddings of each token of a batch, [T, d]: hidden state 0 before `embeddingNorm`.
  /// - Throws: as `embed`.
  package func sumEmbeddings(_ batch: PackedBatch, workspace: Workspace) throws -> HiddenState {
    try body.sumEmbeddings(ForwardPass(batch: batch, workspace: workspace, observer: nil))
  }

  /// Carries hidden state `layers.lowerBound` of a batch to hidden state `layers.upperBound`, announcing every site.
  /// - Parameters:
  ///   - rows: the rows of the batch that are read afterwards, ascending, each once; nil for all. The others are then
  ///     undefined (NaN), and the last block does not compute them unless an observer or an intervention needs them.
  ///   - interventions: those of other blocks do nothing here.
  /// - Throws: what the observer throws; `TransformerError` for an intervention at a site that does not exist.
  public func advance(
    _ h: inout HiddenState, through layers: Range<Int>, _ batch: PackedBatch, rows: [Int]? = nil, workspace: Workspace,
    observer: (any Observer)? = nil, interventions: [Intervention] = []
  ) throws {
    precondition(
      layers.lowerBound >= 0 && layers.upperBound <= dimensions.layers, "blocks \(layers) of \(dimensions.layers)")
    precondition(
      h.tokens == batch.tokens && h.width == dimensions.hidden,
      "a state of \(h.tokens) x \(h.width) for \(batch.tokens) tokens of \(dimensions.hidden)")
    precondition(
      rows.map { $0.allSatisfy((0..<batch.tokens).contains) && zip($0, $0.dropFirst()).allSatisfy(<) } ?? true,
      "rows \(rows ?? []) of \(batch.tokens) tokens")
    h.makeUnique()
    let pass = ForwardPass(
      batch: batch, workspace: workspace, observer: observer,
      interventions: try InterventionTable(interventions, blocks: blockDimensions, batch), rowsRead: rows)
    try body.advance(&h, through: layers, pass)
  }

  /// The same for the ends of texts whose first tokens an earlier pass has read, in a causal model.
  /// - Parameters:
  ///   - h: of the rows of the batch alone.
  ///   - prefixes: the tokens before each sequence.
  package func advance(
    _ h: inout HiddenState, through layers: Range<Int>, _ batch: PackedBatch, after prefixes: KeyValuePrefixes?,
    rows: [Int]?, workspace: Workspace
  ) throws {
    precondition(
      prefixes.map { traits.isCausal && $0.lengths.count == batch.sequences.count } ?? true,
      "tokens before each sequence of a causal model")
    h.makeUnique()
    let pass = ForwardPass(batch: batch, workspace: workspace, observer: nil, prefixes: prefixes, rowsRead: rows)
    try body.advance(&h, through: layers, pass)
  }

  /// Computes the rest of a block after its attention, row by row.
  /// - Parameters:
  ///   - h: `residPre` of the block; becomes its `residPost`, [T, d].
  ///   - headOutputs: of the same rows, [T, d].
  ///   - interventions: changes after attention.
  /// - Throws: `TransformerError` for an intervention at a site that does not exist.
  package func finish(
    _ layer: Int, _ h: inout HiddenState, headOutputs: HiddenState, _ batch: PackedBatch, workspace: Workspace,
    interventions: [Intervention] = []
  ) throws {
    precondition(
      h.tokens == batch.tokens && headOutputs.tokens == batch.tokens, "a state and heads' outputs of the same rows")
    h.makeUnique()
    let pass = ForwardPass(
      batch: batch, workspace: workspace, observer: nil,
      interventions: try InterventionTable(interventions, blocks: blockDimensions, batch), headOutputs: headOutputs)
    try body.advance(&h, through: layer..<layer + 1, pass)
  }

  /// The residual stream of a batch after the last block (GPT-2: before ln_f).
  public func forward(
    _ batch: PackedBatch, rows: [Int]?, workspace: Workspace, observer: (any Observer)?, interventions: [Intervention]
  ) throws -> HiddenState {
    var h = try embed(batch, workspace: workspace)
    try advance(
      &h, through: 0..<dimensions.layers, batch, rows: rows, workspace: workspace, observer: observer,
      interventions: interventions)
    return h
  }

  /// `finalNorm` of a residual stream; the unmodified state where there is none.
  public func finalNormApplied(to h: HiddenState, workspace: Workspace) -> HiddenState {
    guard let finalNorm else { return h }
    let result = HiddenState(tokens: h.tokens, width: h.width)
    finalNorm.apply(h.pointer, rows: h.tokens, into: result.pointer, threads: workspace.threads)
    return result
  }

  /// Adds the position embedding of each row's place in its sequence, whatever the ids: as Hugging Face for states in
  /// place of ids. The state's memory must not be shared.
  /// - Throws: `TransformerError.tooLong` for a sequence with more tokens than this model has positions.
  public func addPositions(to h: HiddenState, _ batch: PackedBatch) throws {
    if let long = batch.sequences.first(where: { $0.count > dimensions.positions }) {
      throw TransformerError.tooLong(tokens: long.count, positions: dimensions.positions)
    }
    let first = wPos.pointer + traits.positionOffset * h.width
    for sequence in batch.sequences {
      for row in sequence {
        VectorMath.add(first + (row - sequence.lowerBound) * h.width, to: h.pointer + row * h.width, count: h.width)
      }
    }
  }

  /// The hidden states of `ids`, which follow the text in the cache and are added to it; of `rows` alone where given. A
  /// causal model only. - Returns: [ids, d], after the last block and before ln_f. - Throws: as below.
  package func extend(
    _ ids: [Int32], rows: [Int]? = nil, cache: KeyValueCache, workspace: Workspace
  ) throws -> HiddenState {
    try extend(sideBySide: [ids], rows: rows, cache: cache, workspace: workspace)
  }

  /// The same for several texts side by side.
  /// - Parameter texts: the next ids of each text of the cache, as many of each.
  /// - Throws: `TransformerError`: not causal, an id or a length that the model or the cache does not support; then the
  ///   cache is unchanged.
  package func extend(
    sideBySide texts: [[Int32]], rows: [Int]? = nil, cache: KeyValueCache, workspace: Workspace
  ) throws -> HiddenState {
    guard traits.isCausal else {
      throw TransformerError.missingHead(
        model: name, head: "causal attention",
        advice: "only a causal model, such as GPT-2, reads a text one token after the other")
    }
    let needed = cache.tokens + (texts.first?.count ?? 0)
    guard needed <= cache.capacity else {
      throw TransformerError.tooLong(tokens: needed, positions: cache.capacity)
    }
    let pass = ForwardPass(
      batch: try PackedBatch(texts), workspace: workspace, observer: nil, cache: cache, rowsRead: rows)
    var h = try body.embed(pass)
    try body.advance(&h, through: 0..<dimensions.layers, pass)
    return h
  }
}
