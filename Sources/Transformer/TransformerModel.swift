import Files

/// What a command can run: a checkpoint, or a splice of two. Token ids go in; hidden states come out and, where there are
/// heads, scores.
public protocol TransformerModel: Sendable {
  /// What to call it in tables and results.
  var name: String { get }
  /// "bert" or "gpt2".
  var modelType: String { get }
  /// Blocks a text passes, each with the sizes of the model it belongs to. Observers see them as 0, 1, 2...
  var blockDimensions: [Dimensions] { get }
  /// The blocks whose input is not the output of the block before: 0, and in a splice the first block of the second model.
  var segmentStarts: [Int] { get }
  /// The longest text, in tokens.
  var positions: Int { get }
  /// The head over the vocabulary that reads the last hidden state; nil where there is none.
  var unembedding: Unembedding? { get }
  /// nil where it is no classifier.
  var classifier: ClassifierHead? { get }
  /// The head of the model with the last blocks that is not computed; nil where there is none.
  var otherHead: OtherHead? { get }
  /// config.json of the model that classifies: labels and `graft.text_cleaning`.
  var config: JSONNode { get }
  /// The directory whose tokenizer files read the text.
  var tokenizerDirectory: String { get }
  /// The residual stream after the last block.
  /// - Parameter interventions: what to change on the way, in the numbers of `blockDimensions`.
  /// - Throws: `TransformerError` for a batch the model cannot take, or an intervention in what is not there.
  func forward(
    _ batch: PackedBatch, workspace: Workspace, observer: (any Observer)?, interventions: [Intervention]
  ) throws -> HiddenState
  /// SHA-256 of the weights, for stamps. Reads every byte.
  /// - Throws: `DigestError`.
  func weightsDigest() throws -> String
}

extension TransformerModel {
  /// The residual stream after the last block, with nothing changed on the way.
  /// - Throws: `TransformerError` for a batch the model cannot take, what the observer throws.
  public func forward(
    _ batch: PackedBatch, workspace: Workspace, observer: (any Observer)? = nil
  ) throws -> HiddenState {
    try forward(batch, workspace: workspace, observer: observer, interventions: [])
  }

  /// The scores of each text of a batch, [sequences][C].
  /// - Throws: `TransformerError.missingHead` or `.otherHead` when this is no classifier; what `forward` throws.
  public func classify(_ batch: PackedBatch, workspace: Workspace) throws -> [[Float]] {
    let head = try requireClassifier()
    return head.apply(try forward(batch, workspace: workspace, observer: nil), batch, workspace: workspace)
  }

  /// The classifier, or the error that says there is none.
  public func requireClassifier() throws -> ClassifierHead {
    guard let classifier else {
      if let otherHead { throw TransformerError.otherHead(model: name, otherHead) }
      throw TransformerError.missingHead(
        model: name, head: "classifier",
        advice: "give a checkpoint with classifier.weight or score.weight, such as imdb-bert-1-sentiment")
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

extension Model: TransformerModel {
  public var blockDimensions: [Dimensions] { Array(repeating: dimensions, count: dimensions.layers) }
  public var segmentStarts: [Int] { [0] }
  public var positions: Int { dimensions.positions }
  public var config: JSONNode { checkpoint.config }
  public var tokenizerDirectory: String { checkpoint.directory }
  public func weightsDigest() throws -> String { try checkpoint.sha256() }
}
