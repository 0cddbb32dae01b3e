import DenseMath
import Evaluation
import Interpretability
import Reporting
import Synchronization
import Tokenization
import Transformer

/// A model that is open: its tokenizer, what reads its states as words, and its worker.
package final class ExploredModel: Sendable {
  /// By which requests name it.
  package let name: String
  /// What a command line calls it.
  let argument: String
  let model: any TransformerModel
  let tokenizer: Tokenizer
  let heads: [Unembedding]
  /// The token embedding where the model has no head of its own.
  let headChoice: LensHeadChoice
  let tuned: (lens: TunedLens, path: String)?
  let worker: ModelWorker
  private let effective = Mutex<EffectiveAttention?>(nil)

  /// - Parameters:
  ///   - argument: what a command line calls the model.
  ///   - tuned: tuned lenses, of which the one for this model's head is used.
  /// - Throws: what loading a tokenizer throws, `InterpretabilityError`.
  package init(
    _ model: any TransformerModel, argument: String, tuned: [(lens: TunedLens, path: String)] = [],
    threads: Threads = .available, limits: ServerLimits = ServerLimits()
  ) throws {
    name = model.name
    self.argument = argument
    self.model = model
    tokenizer = try model.vocabularyTokenizer()
    headChoice = model.checkpoints.allSatisfy { $0.unembedding != nil } ? .mlm : .embedding
    let heads = try headChoice.heads(of: model, borrowing: nil)
    self.heads = heads
    self.tuned = tuned.first { (try? Self.lens(model, heads, sublayers: false, tuned: $0.lens)) != nil }
    worker = ModelWorker(name, limit: limits.waiting, workspace: Workspace(threads: threads))
  }

  /// - Throws: `ExplorerError.foreignTunedLens` for a tuned lens that none of the models uses.
  package static func check(_ tuned: [String], against models: [ExploredModel]) throws {
    for path in tuned where !models.contains(where: { $0.tuned?.path == path }) {
      throw ExplorerError.foreignTunedLens(path: path, models: models.map(\.name))
    }
  }

  var mask: Int32? { tokenizer.specialTokens.mask }

  /// - Throws: `ExplorerError.lacks` for a stitched model.
  func checkpoint() throws -> Model {
    guard let only = model.checkpointModel else {
      throw ExplorerError.lacks(model: name, what: "parts that can be read: it is a stitched model")
    }
    return only
  }

  /// - Throws: `ExplorerError.lacks`, `InterpretabilityError`.
  func lens(sublayers: Bool, tuned: Bool) throws -> LogitLens {
    if tuned, self.tuned == nil { throw ExplorerError.lacks(model: name, what: "tuned lens") }
    return try Self.lens(model, heads, sublayers: sublayers, tuned: tuned ? self.tuned?.lens : nil)
  }

  private static func lens(
    _ model: any TransformerModel, _ heads: [Unembedding], sublayers: Bool, tuned: TunedLens?
  ) throws -> LogitLens {
    try LogitLens(
      model, heads: heads,
      levels: LensLevel.all(blocks: model.blockDimensions.count, sublayers: sublayers, tuned: tuned != nil),
      tuned: tuned)
  }

  /// The ids of a text that the model reads whole.
  /// - Throws: `ExplorerError.emptyText`, `.tooLong`, `EvaluationError.tokenWithoutRow`, `TokenizationError`.
  func encode(_ text: String) throws -> EncodedText {
    let ids = try Array(text.utf8).withUnsafeBytes { try tokenizer.encodeIDs($0) }
    guard !ids.isEmpty else { throw ExplorerError.emptyText }
    guard ids.count <= model.positions else {
      throw ExplorerError.tooLong(model: name, tokens: ids.count, positions: model.positions)
    }
    let rows = model.blockDimensions[0].vocabulary
    if let id = ids.first(where: { $0 >= rows }) {
      throw EvaluationError.tokenWithoutRow(id: name, token: tokenizer.token(id) ?? "", tokenID: Int(id), rows: rows)
    }
    return EncodedText(ids: ids, truncated: false)
  }

  /// Where each token stands in a text, in bytes; nil for tokens that do not stand in it. Empty for a model without masks.
  /// - Throws: `TokenizationError`.
  func spans(of text: String) throws -> [[Int]?] {
    guard model.traits.predictsMasked else { return [] }
    return try tokenizer.encode(text).offsets.map { $0.isEmpty ? nil : [$0.lowerBound, $0.upperBound] }
  }

  /// - Throws: `ExplorerError.notOneToken`.
  func token(_ text: String?) throws -> Int32? {
    guard let text, !text.isEmpty else { return nil }
    do {
      return try SingleToken(text, tokenizer).id
    } catch let error as UnknownToken {
      throw ExplorerError.notOneToken(text, pieces: error.pieces)
    }
  }

  /// The values that effective attention needs, computed when they are first asked for.
  /// - Throws: `ExplorerError.lacks`, `LinearAlgebraError`.
  func effectiveAttention() throws -> EffectiveAttention {
    let checkpoint = try checkpoint()
    return try effective.withLock { known in
      if let known { return known }
      let method = EffectiveAttention(blocks: try AttentionValues.blocks(of: checkpoint))
      known = method
      return method
    }
  }
}
