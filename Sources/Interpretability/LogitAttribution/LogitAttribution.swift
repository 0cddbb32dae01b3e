import DenseMath
import Transformer

/// The direct contribution of each part of a model to a logit, or to the difference of two, at one position.
///
/// GPT-2's residual stream is the sum of the outputs of embeddings, heads and feed-forward blocks, and ln_f is linear
/// with its mean and standard deviation at this position frozen; so the logit is a sum with one term per part (Elhage
/// et al., "A Mathematical Framework for Transformer Circuits", 2021; "direct logit attribution" since).
///
/// BERT normalises after every sublayer: a part passes all norms above it, each with its statistics frozen (Mickus et al.,
/// "How to Dissect a Muppet", 2022, equations 3 to 5). Its masked-LM head has an activation, which is linear with the gate
/// f(x) / x frozen. With the embedding as the head, norms alone are frozen.
///
/// The parts are summed in Double and must give the model's own logit.
public struct LogitAttribution: Sendable, Equatable {
  /// The contribution of one part of the model.
  public struct Part: Sendable, Equatable {
    /// What kind of part it is.
    public enum Kind: String, Sendable, CaseIterable {
      case tokenEmbedding = "token_embedding"
      case positionEmbedding = "position_embedding"
      case typeEmbedding = "type_embedding"
      case head
      case attentionBias = "attention_bias"
      /// Attention's whole output, where an intervention has replaced it.
      case attention
      case mlp
      case mlpBias = "mlp_bias"
      /// The shift of a norm.
      case normShift = "norm_shift"
      /// Biases of the head over the vocabulary.
      case headBias = "head_bias"
      /// What an intervention in the residual stream added to it.
      case replacement
    }

    /// "L5H3", "L5.mlp", "L5.mlp.norm"
    public let name: String
    /// What kind of part it is.
    public let kind: Kind
    /// nil for embeddings and what follows the last block.
    public let layer: Int?
    /// nil unless it is a head.
    public let head: Int?
    /// In logits.
    public let value: Double

    /// A part and its contribution.
    public init(name: String, kind: Kind, layer: Int?, head: Int?, value: Double) {
      self.name = name
      self.kind = kind
      self.layer = layer
      self.head = head
      self.value = value
    }
  }

  /// In the order of the forward pass.
  public let parts: [Part]
  /// The logit of the model's own head, in Float32: of the token, or of it minus that of the other one.
  public let logit: Double
  /// Σ parts
  public var sum: Double { parts.reduce(0) { $0 + $1.value } }
  /// Σ |parts|
  public var magnitude: Double { parts.reduce(0) { $0 + abs($1.value) } }

  /// The bound on |Σ parts - logit| as a fraction of Σ |parts|.
  public static let tolerance = 1e-5

  /// - Throws: `InterpretabilityError.partsDoNotSum` for parts that do not sum to this logit.
  public init(parts: [Part], logit: Double, model: String, position: Int) throws {
    self.parts = parts
    self.logit = logit
    guard abs(sum - logit) <= Self.tolerance * magnitude else {
      throw InterpretabilityError.partsDoNotSum(
        model: model, position: position, sum: sum, logit: logit, magnitude: magnitude)
    }
  }

  /// The number of positions whose head scores are computed at a time.
  private static let placesAtATime = 32

  /// Attributes at several positions of one text, in one pass.
  /// - Parameters:
  ///   - places: positions of the text, each with the token whose logit is split.
  /// - head: what reads the last state. - versus: the token whose logit is subtracted. - interventions: changes during
  /// the pass. - Returns: one per position, in their order. - Throws: `TransformerError` for a text or an intervention
  /// that the model does not support, `InterpretabilityError` for a position or token that does not exist, and when the
  /// parts do not add up to the logit.
  public static func attributions(
    at places: [(position: Int, target: Int32)], versus: Int32? = nil, in ids: [Int32], model: Model, head: Unembedding,
    interventions: [Intervention] = [], workspace: Workspace
  ) throws -> [LogitAttribution] {
    for (position, _) in places where position < 0 || position >= ids.count {
      throw InterpretabilityError.noSuchRow(position, tokens: ids.count)
    }
    for id in places.map(\.target) + [versus].compactMap({ $0 }) where id < 0 || Int(id) >= head.vocabulary {
      throw InterpretabilityError.noSuchToken(Int(id), vocabulary: head.vocabulary)
    }
    guard head.matrix.columns == model.dimensions.hidden else {
      throw InterpretabilityError.headDoesNotFit(
        model: model.name, layer: model.dimensions.layers - 1, expected: [head.vocabulary, model.dimensions.hidden],
        found: [head.vocabulary, head.matrix.columns])
    }
    let rows = RowRecorder(places.map(\.position))
    let batch = try PackedBatch([ids])
    let h = try model.forward(batch, workspace: workspace, observer: rows, interventions: interventions)
    let positionRows = model.positionRows(of: batch)
    let most = min(placesAtATime, places.count)
    let states = HiddenState(tokens: most, width: h.width)
    let scores = FloatBuffer(uninitializedCount: most * head.vocabulary)
    return try stride(from: 0, to: places.count, by: placesAtATime).flatMap { start -> [LogitAttribution] in
      let chunk = places[start..<min(start + placesAtATime, places.count)]
      for (index, place) in chunk.enumerated() {
        (states.pointer + index * h.width).update(from: h.pointer + place.position * h.width, count: h.width)
      }
      head.apply(states.pointer, rows: chunk.count, into: scores.pointer, workspace: workspace)
      return try chunk.enumerated().map { index, place -> LogitAttribution in
        let own = scores.pointer + index * head.vocabulary
        var pass = LogitDecomposition(
          model: model, id: ids[place.position], position: place.position, place: positionRows[place.position],
          rows: rows, interventions: interventions)
        return try LogitAttribution(
          parts: pass.parts(of: place.target, versus: versus, head: head, state: h),
          logit: Double(own[Int(place.target)]) - (versus.map { Double(own[Int($0)]) } ?? 0), model: model.name,
          position: place.position)
      }
    }
  }
}

/// Records the values behind the parts, at some rows.
final class RowRecorder: Observer {
  private let positions: Set<Int>
  private var rows: [BlockSite: [Int: [Double]]] = [:]

  init(_ positions: [Int]) { self.positions = Set(positions) }

  func wants(_ site: Site, layer: Int) -> Bool {
    [.residPre, .headOutputs, .attnOut, .residMid, .mlpOut, .residPost].contains(site)
  }

  func observe(_ observation: Observation) {
    let site = BlockSite(layer: observation.layer, site: observation.site)
    for position in positions {
      let start = observation.pointer + position * observation.stride
      rows[site, default: [:]][position] = (0..<observation.columns).map { Double(start[$0]) }
    }
  }

  subscript(layer: Int, site: Site, position: Int) -> [Double] {
    rows[BlockSite(layer: layer, site: site)]?[position] ?? []
  }
}
