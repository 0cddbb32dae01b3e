import Checkpoints
import DenseMath
import Files

/// A checkpoint ready to run: BERT or GPT-2 and the heads it came with. Values are immutable and may be shared between
/// threads; each pass needs a `Workspace` of its own.
public struct Model: Sendable {
  public enum Architecture: Sendable {
    case bert(BERT)
    case gpt2(GPT2)
  }

  /// The last component of the directory.
  public let name: String
  public let checkpoint: Checkpoint
  public let architecture: Architecture
  /// nil where the checkpoint has no head over the vocabulary.
  public let unembedding: Unembedding?
  /// nil where the checkpoint is no classifier.
  public let classifier: ClassifierHead?
  /// nil where every tensor beside the body belongs to a head that is computed.
  public let otherHead: OtherHead?
  /// Whether config.json's `architectures` leaves open what `classifier` is, so that its tensors alone say it.
  public let classifierIsAssumed: Bool
  /// Keys of config.json that neither Hugging Face nor Graft reads, in the order of the file.
  public let unreadKeys: [String]

  /// Opens a Hugging Face directory; weights stay in the mapped file.
  /// - Throws: `FileError`, `CheckpointError`, `TransformerError`, `SettingsError`.
  public init(directory: String) throws {
    try self.init(Checkpoint(directory: directory))
  }

  /// Takes the weights of a checkpoint; its tensors' memory is used where it lies.
  /// - Throws: `CheckpointError`, `TransformerError`, `SettingsError` for a setting that changes the forward pass,
  ///   `FileError` about config.json.
  public init(_ checkpoint: Checkpoint) throws {
    self.checkpoint = checkpoint
    name = Self.name(of: checkpoint.directory)
    let type = checkpoint.config["model_type"]
    let heads: Heads
    switch type.value {
    case "bert":
      unreadKeys = try SettingsKeys.bert.unreadKeys(of: checkpoint.config)
      let (bert, found) = try BERT.load(checkpoint)
      (architecture, heads) = (.bert(bert), found)
    case "gpt2":
      unreadKeys = try SettingsKeys.gpt2.unreadKeys(of: checkpoint.config)
      let (gpt2, found) = try GPT2.load(checkpoint)
      (architecture, heads) = (.gpt2(gpt2), found)
    default:
      throw TransformerError.unknownModelType(path: type.path, found: type.value?.kind ?? "missing")
    }
    unembedding = heads.unembedding
    classifier = heads.classifier
    otherHead = heads.other
    classifierIsAssumed = heads.classifierIsAssumed
  }

  private static func name(of directory: String) -> String {
    directory.split(separator: "/").last.map(String.init) ?? directory
  }

  /// "bert" or "gpt2".
  public var modelType: String {
    switch architecture {
    case .bert: return "bert"
    case .gpt2: return "gpt2"
    }
  }

  public var dimensions: Dimensions {
    switch architecture {
    case .bert(let bert): return bert.dimensions
    case .gpt2(let gpt2): return gpt2.dimensions
    }
  }

  /// The token embedding, [V, d]: the paper's E, transposed.
  public var wE: Tensor {
    switch architecture {
    case .bert(let bert): return bert.wE
    case .gpt2(let gpt2): return gpt2.wE
    }
  }

  /// Hidden state 0 of a batch: the embedding output (BERT: after its norm).
  /// - Throws: `TransformerError`: an id, a token type or a length the model cannot take.
  public func embed(_ batch: PackedBatch, workspace: Workspace) throws -> HiddenState {
    let pass = ForwardPass(batch: batch, workspace: workspace, observer: nil)
    switch architecture {
    case .bert(let bert): return try bert.embed(pass)
    case .gpt2(let gpt2): return try gpt2.embed(pass)
    }
  }

  /// The sum of embeddings of each token of a batch, [T, d]: hidden state 0, but for BERT before its norm.
  /// - Throws: as `embed`.
  public func sumEmbeddings(_ batch: PackedBatch, workspace: Workspace) throws -> HiddenState {
    let pass = ForwardPass(batch: batch, workspace: workspace, observer: nil)
    switch architecture {
    case .bert(let bert): return try bert.sumEmbeddings(pass)
    case .gpt2(let gpt2): return try gpt2.embed(pass)
    }
  }

  /// Carries hidden state `layers.lowerBound` of a batch to hidden state `layers.upperBound`, announcing every site.
  /// - Parameter interventions: those of other blocks do nothing here.
  /// - Throws: what the observer throws; `TransformerError` for an intervention in what is not there.
  public func advance(
    _ h: inout HiddenState, through layers: Range<Int>, _ batch: PackedBatch, workspace: Workspace,
    observer: (any Observer)? = nil, interventions: [Intervention] = []
  ) throws {
    precondition(
      layers.lowerBound >= 0 && layers.upperBound <= dimensions.layers, "blocks \(layers) of \(dimensions.layers)")
    precondition(
      h.tokens == batch.tokens && h.width == dimensions.hidden,
      "a state of \(h.tokens) x \(h.width) for \(batch.tokens) tokens of \(dimensions.hidden)")
    h.makeUnique()
    let pass = ForwardPass(
      batch: batch, workspace: workspace, observer: observer,
      interventions: try InterventionTable(interventions, blocks: blockDimensions, batch))
    switch architecture {
    case .bert(let bert): try bert.advance(&h, through: layers, pass)
    case .gpt2(let gpt2): try gpt2.advance(&h, through: layers, pass)
    }
  }

  /// The residual stream of a batch after the last block (GPT-2: before ln_f).
  public func forward(
    _ batch: PackedBatch, workspace: Workspace, observer: (any Observer)?, interventions: [Intervention]
  ) throws -> HiddenState {
    var h = try embed(batch, workspace: workspace)
    try advance(
      &h, through: 0..<dimensions.layers, batch, workspace: workspace, observer: observer, interventions: interventions)
    return h
  }

  /// GPT-2: ln_f of a residual stream; BERT, whose states are normalised already, returns it as it is.
  public func finalNormApplied(to h: HiddenState, workspace: Workspace) -> HiddenState {
    guard case .gpt2(let gpt2) = architecture else { return h }
    let result = HiddenState(tokens: h.tokens, width: h.width)
    gpt2.finalNorm.apply(h.pointer, rows: h.tokens, into: result.pointer, threads: workspace.threads)
    return result
  }

  /// Adds the position embedding of each row's place in its sequence. The state's memory must not be shared.
  /// - Throws: `TransformerError.tooLong` for a sequence with more tokens than this model has positions.
  public func addPositions(to h: HiddenState, _ batch: PackedBatch) throws {
    if let long = batch.sequences.first(where: { $0.count > dimensions.positions }) {
      throw TransformerError.tooLong(tokens: long.count, positions: dimensions.positions)
    }
    let wPos: Tensor
    switch architecture {
    case .bert(let bert): wPos = bert.wPos
    case .gpt2(let gpt2): wPos = gpt2.wPos
    }
    for sequence in batch.sequences {
      for row in sequence {
        let position = wPos.pointer + (row - sequence.lowerBound) * h.width
        VectorMath.add(position, to: h.pointer + row * h.width, count: h.width)
      }
    }
  }

  /// The hidden states of `ids`, which follow a text whose tokens are in the cache and then are in the cache, too.
  /// GPT-2 only.
  /// - Returns: [ids, d], after the last block and before ln_f.
  /// - Throws: `TransformerError`: not GPT-2, an id or a length the model or the cache cannot take; then the cache is
  ///   as before.
  public func extend(_ ids: [Int32], cache: KeyValueCache, workspace: Workspace) throws -> HiddenState {
    guard case .gpt2(let gpt2) = architecture else {
      throw TransformerError.missingHead(
        model: name, head: "causal attention", advice: "only GPT-2 reads a text one token after the other")
    }
    let needed = cache.tokens + ids.count
    guard needed <= cache.capacity else {
      throw TransformerError.tooLong(tokens: needed, positions: cache.capacity)
    }
    let pass = ForwardPass(batch: try PackedBatch([ids]), workspace: workspace, observer: nil)
    var h = try gpt2.embed(pass, firstPosition: cache.tokens)
    try gpt2.advance(&h, through: 0..<dimensions.layers, pass, cache: cache)
    return h
  }
}
