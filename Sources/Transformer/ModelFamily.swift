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
    /// The dense layer between the first token's state and a classifier; nil where there is none.
    package let pooler: String?

    /// The block of a stored tensor; nil outside the blocks.
    package func layer(of name: String) -> Int? {
      let body = body(of: name)
      guard body.hasPrefix(blocks + ".") else { return nil }
      return body.dropFirst(blocks.count + 1).split(separator: ".").first.flatMap { Int($0) }
    }

    /// Whether a stored tensor is one of the embeddings or of their norm.
    package func isEmbedding(_ name: String) -> Bool {
      let body = body(of: name)
      return embeddings.contains { body.hasPrefix($0 + ".") }
    }

    /// A name without the checkpoint's prefix.
    private func body(of name: String) -> Substring {
      let prefix = WeightReader.prefixes.first { !$0.isEmpty && name.hasPrefix($0) } ?? ""
      return name.dropFirst(prefix.count)
    }
  }

  /// Every supported family, by `model_type`.
  package static let all: [ModelFamily] = [.bert, .gpt2]

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
