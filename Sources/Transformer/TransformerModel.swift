import Files
import Tokenization

/// Consecutive blocks of a checkpoint.
public struct ModelSegment: Sendable {
  /// The model of the blocks.
  public let model: Model
  /// The blocks, numbered as in that model.
  public let blocks: Range<Int>

  package init(model: Model, blocks: Range<Int>) {
    self.model = model
    self.blocks = blocks
  }
}

/// A transformer that runs: a checkpoint, or a stitched model. From token ids to hidden states and, where there are
/// heads, scores.
public protocol TransformerModel: Sendable {
  /// Its name in tables and results.
  var name: String { get }
  /// The blocks in order: one segment for a checkpoint, two for a stitched model, of which one may be empty. Observers
  /// count all blocks from 0.
  var segments: [ModelSegment] { get }
  /// The longest text, in tokens.
  var positions: Int { get }
  /// The head over the vocabulary that reads the last hidden state; nil where there is none.
  var unembedding: Unembedding? { get }
  /// nil where it is no classifier.
  var classifier: ClassifierHead? { get }
  /// The unsupported head of the model with the last blocks; nil where there is none.
  var otherHead: OtherHead? { get }
  /// config.json of the model with the last blocks: labels and `graft.text_cleaning`.
  var config: JSONNode { get }
  /// The directory whose tokenizer files read the text.
  var tokenizerDirectory: String { get }
  /// The residual stream after the last block.
  /// - Parameters:
  ///   - rows: the rows of the batch that are read, ascending, each once; nil for all. The others are then undefined
  ///     (NaN): the last block computes their keys and values alone.
  ///   - interventions: changes during the pass; blocks are counted as for observers.
  /// - Throws: `TransformerError` for a batch that the model does not support, or an intervention at a site that does
  ///   not exist.
  func forward(
    _ batch: PackedBatch, rows: [Int]?, workspace: Workspace, observer: (any Observer)?, interventions: [Intervention]
  ) throws -> HiddenState
  /// SHA-256 of the weights, for stamps. Reads every byte.
  /// - Throws: `DigestError`.
  func weightsDigest() throws -> String
}

extension TransformerModel {
  /// The residual stream after the last block, all rows of it.
  /// - Throws: as above, and what the observer throws.
  public func forward(
    _ batch: PackedBatch, workspace: Workspace, observer: (any Observer)? = nil, interventions: [Intervention] = []
  ) throws -> HiddenState {
    try forward(batch, rows: nil, workspace: workspace, observer: observer, interventions: interventions)
  }

  /// The scores of each text of a batch, [sequences][C].
  /// - Parameters:
  ///   - observer: sees values of the forward pass.
  ///   - interventions: changes during the pass.
  /// - Throws: `TransformerError.missingHead` or `.otherHead` when this is no classifier; what `forward` throws.
  public func classify(
    _ batch: PackedBatch, workspace: Workspace, observer: (any Observer)? = nil, interventions: [Intervention] = []
  ) throws -> [[Float]] {
    let head = try requireClassifier()
    let h = try forward(
      batch, rows: head.rowsRead(of: batch), workspace: workspace, observer: observer, interventions: interventions)
    return head.apply(h, batch, workspace: workspace)
  }

  /// The classifier.
  public func requireClassifier() throws -> ClassifierHead {
    guard let classifier else {
      if let otherHead { throw TransformerError.otherHead(model: name, otherHead) }
      throw TransformerError.missingHead(
        model: name, head: "classifier",
        advice: "give a checkpoint of a classifier of texts, such as imdb-bert-1-sentiment")
    }
    return classifier
  }

  /// The names of the classes: config.json's `id2label`, else Hugging Face's LABEL_0, LABEL_1...
  public func labels() throws -> [String] {
    let count = classifier?.classes ?? 0
    let stored = config["id2label"]
    return try (0..<count).map { stored["\($0)"].isPresent ? try stored["\($0)"].string() : "LABEL_\($0)" }
  }
}

extension TransformerModel {
  /// The traits of the checkpoint with the last blocks. The first checkpoint of a stitched model shares what decides how
  /// blocks run and what is predicted, but may be of another family, with other positions and token types.
  public var traits: ModelTraits { last.traits }
  /// config.json's `model_type`, for results.
  public var modelType: String { last.modelType }
  /// `model_type` of the checkpoint with the first blocks, whose tokenizer reads the text.
  package var tokenizerModelType: String { segments[0].model.modelType }
  /// The sizes of each block's checkpoint.
  public var blockDimensions: [Dimensions] {
    segments.flatMap { Array(repeating: $0.model.dimensions, count: $0.blocks.count) }
  }
  /// The blocks whose input is not the output of the block before: 0, and the first of a stitched model's second part.
  package var segmentStarts: [Int] {
    var starts: [Int] = []
    var start = 0
    for segment in segments {
      if starts.last != start { starts.append(start) }
      start += segment.blocks.count
    }
    return starts
  }
  package var checkpoints: [Model] { segments.map(\.model) }

  /// The checkpoint itself; nil for a stitched model.
  public var checkpointModel: Model? { segments.count == 1 ? segments[0].model : nil }
  private var last: Model { segments[segments.count - 1].model }

  /// The tokenizer that reads this model's texts.
  /// - Throws: what loading a tokenizer throws.
  public func tokenizer() throws -> Tokenizer {
    try Tokenizer.load(directory: tokenizerDirectory, modelType: tokenizerModelType)
  }

  /// The tokenizer for this model's token names; unsupported settings throw only when it tokenizes a text.
  /// - Throws: what loading a tokenizer throws.
  package func vocabularyTokenizer() throws -> Tokenizer {
    try Tokenizer.loadVocabulary(directory: tokenizerDirectory, modelType: tokenizerModelType)
  }
}

extension Model: TransformerModel {
  /// All blocks of the checkpoint.
  public var segments: [ModelSegment] { [ModelSegment(model: self, blocks: 0..<dimensions.layers)] }
  /// The longest text, in tokens.
  public var positions: Int { dimensions.positions }
  /// The checkpoint's config.json.
  public var config: JSONNode { checkpoint.config }
  /// The checkpoint's own directory.
  public var tokenizerDirectory: String { checkpoint.directory }
  /// SHA-256 of the weights.
  /// - Throws: `DigestError`.
  public func weightsDigest() throws -> String { try checkpoint.sha256() }
}
