import Checkpoints
import DenseMath
import Files

/// A family of models: its name in config.json, its traits, and how its weights are found. A family is added by a
/// loading file and an entry in `all`.
package struct ModelFamily: Sendable {
  /// config.json's `model_type`.
  package let modelType: String
  package let traits: ModelTraits
  /// The prefix of Hugging Face's classes of the family: "Bert" in BertForSequenceClassification.
  package let classPrefix: String
  package let names: WeightNames
  /// What is done with each key of config.json.
  package let settings: SettingsKeys
  let load: @Sendable (Checkpoint) throws -> (any TransformerBody, Heads)

  /// Names of a family's tensors that training distinguishes, as in Hugging Face's checkpoints.
  package struct WeightNames: Sendable {
    /// The prefix of the body's tensors in a checkpoint with a head.
    package let prefix: String
    /// The token embedding, whose name shows the checkpoint's prefix.
    package let anchor: String
    /// The name before the number of a block: "encoder.layer", "h".
    package let blocks: String
    /// The prefixes of the embeddings, their norm included.
    package let embeddings: [String]
    /// First parts of the names of the body, as far as a classifier reads it.
    package let body: Set<String>
    /// nil for a family without such a classifier.
    package let firstTokenClassifier: FirstTokenClassifier?

    /// The block of a stored tensor; nil outside the blocks.
    package func layer(of name: String) -> Int? {
      rest(of: name, after: blocks)?.split(separator: ".").first.flatMap { Int($0) }
    }

    /// Whether a stored tensor is one of the embeddings or of their norm.
    package func isEmbedding(_ name: String) -> Bool { embeddings.contains { rest(of: name, after: $0) != nil } }

    /// A stored tensor's name without the checkpoint's prefix; nil for one that a classifier's body does not have.
    package func bodyName(of name: String, prefix: String) -> String? {
      guard name.hasPrefix(prefix) else { return nil }
      let rest = name.dropFirst(prefix.count)
      return rest.split(separator: ".").first.map { body.contains(String($0)) } == true ? String(rest) : nil
    }

    /// What follows a part of the body in a stored name, behind any checkpoint's prefix; nil for other names.
    private func rest(of name: String, after part: String) -> Substring? {
      WeightReader.prefixes.map { $0 + part + "." }.first(where: name.hasPrefix).map { name.dropFirst($0.count) }
    }
  }

  /// Names of the two layers of a classifier on the first token's state, as a checkpoint with a head has them.
  package struct FirstTokenClassifier: Sendable {
    /// The dense layer before the activation: "bert.pooler.dense".
    package let dense: String
    /// The layer with a score per class: "classifier".
    package let output: String
  }

  /// Every supported family.
  package static let all: [ModelFamily] = [.bert, .distilBERT, .gpt2, .roBERTa]

  /// nil for a `model_type` that is not supported.
  package static func named(_ modelType: String) -> ModelFamily? { all.first { $0.modelType == modelType } }

  /// The family of a checkpoint.
  /// - Throws: `TransformerError.unknownModelType`, `FileError` about config.json.
  static func of(_ checkpoint: Checkpoint) throws -> ModelFamily {
    let type = checkpoint.config["model_type"]
    guard case .string(let name)? = type.value, let family = named(name) else {
      throw TransformerError.unknownModelType(path: type.path, found: type.value?.kind ?? "missing")
    }
    return family
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

/// The weights of a family without its heads, and the forward pass over them: BERT's or GPT-2's.
protocol TransformerBody: Sendable {
  var dimensions: Dimensions { get }
  /// Token embedding, [V, d].
  var wE: Tensor { get }
  /// Position embedding, [positions, d].
  var wPos: Tensor { get }
  /// Token type embedding, [types, d]; nil where the family has none.
  var wType: Tensor? { get }
  /// The norm of the summed embeddings; nil where there is none.
  var embeddingNorm: Norm? { get }
  var blocks: [Block] { get }
  /// The row of the position embedding of each token.
  var positionRows: PositionRows { get }
  /// The norm of the last state before a head; nil where the state is already normalised.
  var finalNorm: Norm? { get }
  var activation: Activation { get }

  /// The sum of each token's embeddings, [T, d], before any norm.
  func sumEmbeddings(_ pass: ForwardPass) throws -> HiddenState
  /// Carries the residual stream through the blocks of `layers`.
  func advance(_ h: inout HiddenState, through layers: Range<Int>, _ pass: ForwardPass) throws
}

extension TransformerBody {
  /// Hidden state 0: the sum of each token's embeddings, after the norm where there is one.
  func embed(_ pass: ForwardPass) throws -> HiddenState {
    let h = try sumEmbeddings(pass)  // [T, d]
    embeddingNorm?.apply(h.pointer, rows: pass.tokens, into: h.pointer, threads: pass.threads)
    return h
  }
}
