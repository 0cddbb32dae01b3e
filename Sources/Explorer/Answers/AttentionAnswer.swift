import DenseMath
import Files
import Interpretability
import Reporting
import Transformer

/// The attention of a text: all heads small, one head in full, and what its parameters say.
struct AttentionAnswer: Sendable {
  /// Pictures of all heads have at most this many rows and columns.
  static let thumbnailSide = 40
  static let pairs = 20

  let model: ExploredModel

  /// All heads of all blocks, [blocks][heads], each a picture of `side` times `side` numbers.
  /// - Throws: `ExplorerError`, `TransformerError`, `CancellationError`.
  func thumbnails(
    _ answer: LensAnswer, _ workspace: Workspace, _ cancellation: Cancellation
  ) throws -> JSON {
    let ids = try model.encode(answer.request.text).ids
    let interventions = try answer.interventions(answer.request.changes.map(\.change), ids, workspace)
    let side = min(ids.count, Self.thumbnailSide)
    let observer = ThumbnailObserver(side: side, cancellation)
    _ = try model.model.forward(
      PackedBatch([ids]), workspace: workspace, observer: observer, interventions: interventions)
    return try JSON(
      encoding: [
        "heads": observer.blocks, "side": side, "tokens": ids.map(model.tokenizer.display),
      ] as JSONMembers)
  }

  /// The weights of one head, the model's and the effective ones, without changes.
  /// - Throws: `ExplorerError`, `InterpretabilityError`, `TransformerError`, `LinearAlgebraError`, `CancellationError`.
  func head(
    _ place: HeadPlace, _ text: String, _ workspace: Workspace, _ cancellation: Cancellation
  ) throws -> JSON {
    let ids = try model.encode(text).ids
    let method = try model.effectiveAttention()
    try VocabularyProjection(model.checkpoint(), threads: workspace.threads).check(place)
    var found: JSON = nil
    try method.read(model.model, PackedBatch([ids]), layers: [place.layer], workspace: workspace) { _, heads in
      try cancellation.check()
      guard let head = heads.first(where: { $0.head == place.head }) else { return }
      found = try JSON(
        encoding: [
          "correlation": head.correlation(isCausal: model.model.traits.isCausal), "effective": head.effective.pageRows,
          "name": "\(place)", "null_dimension": head.nullDimension, "null_share": head.nullShare, "rank": head.rank,
          "raw": head.raw.pageRows, "tokens": ids.map(model.tokenizer.display),
        ] as JSONMembers)
    }
    return found
  }

  /// The highest pairs of a head's W_VO and W_QK, as `graft project --head` lists them.
  /// - Throws: `ExplorerError`, `InterpretabilityError`, `LinearAlgebraError`.
  func pairs(_ place: HeadPlace, _ matrix: VocabularyProjection.HeadMatrix, threads: Threads) throws -> JSON {
    try reader(top: Self.pairs, threads).pairs(matrix, of: place, lowest: false, groups: nil).json
  }

  /// A neuron's key and value as tokens, as `graft project --ff-key --ff-value` lists them, and its activation at every
  /// token.
  /// - Throws: `ExplorerError`, `InterpretabilityError`, `TransformerError`.
  func neuron(_ place: VectorPlace, _ answer: LensAnswer, _ workspace: Workspace) throws -> JSON {
    let vectors = try reader(top: Self.pairs, workspace.threads).vectors([
      (.feedForwardKey, place), (.feedForwardValue, place),
    ])
    let (ids, values) = try hidden(place.layer, answer, workspace)
    return try JSON(
      encoding: [
        "activations": (0..<values.rows).map { values.values[$0 * values.columns + place.index] }, "name": "\(place)",
        "tokens": ids.map(model.tokenizer.display),
      ] + vectors.members)
  }

  /// The neurons of a block that are most active at a token.
  /// - Throws: `ExplorerError`, `InterpretabilityError`, `TransformerError`.
  func neurons(ofBlock layer: Int, at position: Int, _ answer: LensAnswer, _ workspace: Workspace) throws -> JSON {
    let (ids, values) = try hidden(layer, answer, workspace)
    guard ids.indices.contains(position) else {
      throw InterpretabilityError.noSuchRow(position, tokens: ids.count)
    }
    let row = values[row: position]
    let most = row.indices.sorted { (abs(row[$1]), $0) < (abs(row[$0]), $1) }.prefix(10)
    return try JSON(
      encoding: [
        "neurons": most.map {
          ["activation": row[$0], "name": "\(VectorPlace(layer: layer, index: $0))"] as JSONMembers
        }
      ] as JSONMembers)
  }

  private func hidden(
    _ layer: Int, _ answer: LensAnswer, _ workspace: Workspace
  ) throws -> (ids: [Int32], values: SiteValues) {
    let ids = try model.encode(answer.request.text).ids
    let interventions = try answer.interventions(answer.request.changes.map(\.change), ids, workspace)
    let site = BlockSite(layer: layer, site: .mlpHidden)
    let values = try model.model.values(
      at: [site], of: PackedBatch([ids]), workspace: workspace, interventions: interventions)[site]
    guard let values else {
      throw TransformerError.noSuchBlock(site: "\(site)", blocks: model.model.blockDimensions.count)
    }
    return (ids, values)
  }

  private func reader(top: Int, _ threads: Threads) throws -> TokenReader {
    let projection = try VocabularyProjection(model.checkpoint(), threads: threads)
    return TokenReader(projection, TokenLabels(model.tokenizer, width: 40), among: nil, top: top, threads: threads)
  }
}

extension ProjectionReport {
  fileprivate var json: JSON { get throws { try JSON(encoding: members) } }
}

extension DoubleMatrix {
  /// Rows of numbers with four decimals, for a picture.
  fileprivate var pageRows: [[Double]] {
    (0..<rows).map { row in (0..<columns).map { (self[row, $0] * 10_000).rounded() / 10_000 } }
  }
}

/// Keeps the attention of all heads, small: the largest weight of each part of the matrix, in 64 steps of one character.
private final class ThumbnailObserver: Observer {
  private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

  private let side: Int
  private let cancellation: Cancellation
  /// [blocks][heads], side times side characters each.
  private(set) var blocks: [[String]] = []

  init(side: Int, _ cancellation: Cancellation) { (self.side, self.cancellation) = (side, cancellation) }

  func wants(_ site: Site, layer: Int) -> Bool { site == .attentionWeights }

  func observe(_ observation: Observation) throws {
    try cancellation.check()
    let tokens = observation.columns
    blocks.append((0..<observation.rows / tokens).map { head in picture(observation, head, tokens) })
  }

  private func picture(_ observation: Observation, _ head: Int, _ tokens: Int) -> String {
    var most = [Float](repeating: 0, count: side * side)
    for row in 0..<tokens {
      let line = observation.pointer + (head * tokens + row) * observation.stride
      let start = row * side / tokens * side
      for column in 0..<tokens {
        let place = start + column * side / tokens
        most[place] = max(most[place], line[column])
      }
    }
    return String(
      decoding: most.map { Self.digits[Int((min(1, max(0, $0)) * 63).rounded())] }, as: UTF8.self)
  }
}
