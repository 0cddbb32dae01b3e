import DenseMath
import Files
import Transformer

/// A's first blocks, a map, and B's last blocks and heads, run as one model. Nothing is trained.
public struct StitchedModel: Sendable {
  /// Changes of the state at the seam besides the map.
  public struct Options: Equatable, Sendable {
    /// GPT-2: A's ln_f is applied before the map, as in the published code at every cut.
    public var appliesFinalNorm: Bool
    /// B's position embeddings are added after the map, as in the published code.
    public var addsPositions: Bool

    /// The unmodified residual stream.
    public static let plain = Options(appliesFinalNorm: false, addsPositions: false)
    /// The options of the paper's code (GPT-2 only).
    public static let asPublished = Options(appliesFinalNorm: true, addsPositions: true)

    /// Changes of the state at the seam besides the map.
    public init(appliesFinalNorm: Bool, addsPositions: Bool) {
      self.appliesFinalNorm = appliesFinalNorm
      self.addsPositions = addsPositions
    }
  }

  /// A, which gives the lower blocks.
  public let pretrained: Model
  /// B, which gives the last blocks and the heads.
  public let finetuned: Model
  /// n: A's blocks 0..<n.
  public let kept: Int
  /// m: B's last m blocks.
  public let transplanted: Int
  /// The map from A's states to B's.
  public let map: StitchingMap
  /// Changes of the state at the seam besides the map.
  public let options: Options

  /// - Throws: `StitchingError`: architectures, numbers of blocks or options that do not fit.
  public init(
    pretrained: Model, kept: Int, map: StitchingMap, finetuned: Model, transplanted: Int, options: Options = .plain
  ) throws {
    try Self.check(pretrained, finetuned, options)
    try Self.check(.kept, [kept], of: pretrained)
    try Self.check(.transplanted, [transplanted], of: finetuned)
    let expected = map.levels.states(kept: kept).count * pretrained.dimensions.hidden
    guard map.matrix.rows == expected, map.matrix.columns == finetuned.dimensions.hidden else {
      throw StitchingError.mapOfOtherStates(
        map: map.recipe.name, expected: [expected, finetuned.dimensions.hidden],
        found: [map.matrix.rows, map.matrix.columns])
    }
    self.pretrained = pretrained
    self.finetuned = finetuned
    self.kept = kept
    self.transplanted = transplanted
    self.map = map
    self.options = options
  }

  /// Checks that the two models can be stitched.
  /// - Throws: `StitchingError`.
  static func check(_ pretrained: Model, _ finetuned: Model, _ options: Options) throws {
    guard pretrained.traits.fits(finetuned.traits) else {
      throw StitchingError.differentArchitectures(pretrained: pretrained.traits, finetuned: finetuned.traits)
    }
    if options.appliesFinalNorm, pretrained.finalNorm == nil {
      throw StitchingError.noFinalNorm(modelType: pretrained.modelType)
    }
  }

  static func check(_ blocks: StitchingError.Blocks, _ counts: [Int], of model: Model) throws {
    let allowed = 0...model.dimensions.layers
    if let count = counts.first(where: { !allowed.contains($0) }) {
      throw StitchingError.blocksOutOfRange(blocks, found: count, allowed: allowed)
    }
  }

  /// B's transplanted blocks.
  private var upper: Range<Int> { finetuned.dimensions.layers - transplanted..<finetuned.dimensions.layers }

  /// The states of A that the map reads, in ascending order.
  public var levels: [StateOfA] { map.levels.states(kept: kept) }

  /// A's states through the map and B's last blocks.
  /// - Parameters:
  ///   - states: those of `levels`, in that order.
  ///   - rows: the rows of the batch that are read, as in `forward`.
  ///   - observer: sees B's blocks as `kept`, `kept` + 1...
  ///   - interventions: count B's blocks so, too; those in A's have no effect here.
  public func finish(
    _ states: [HiddenState], _ batch: PackedBatch, rows: [Int]? = nil, workspace: Workspace,
    observer: (any Observer)? = nil,
    interventions: [Intervention] = []
  ) throws -> HiddenState {
    precondition(states.count == levels.count, "\(states.count) states for \(levels.count) levels")
    var mapped = try carry(states, batch, workspace: workspace)
    try finetuned.advance(
      &mapped, through: upper, batch, rows: rows, workspace: workspace,
      observer: observer.map { Renumbered($0, by: kept - upper.lowerBound) },
      interventions: interventions.compactMap { intervention in
        let layer = intervention.site.layer
        return layer < kept ? nil : intervention.inLayer(layer - kept + upper.lowerBound)
      })
    return mapped
  }

  /// The seam: A's ln_f if set, the map, B's position embeddings if set.
  private func carry(_ states: [HiddenState], _ batch: PackedBatch, workspace: Workspace) throws -> HiddenState {
    let read =
      options.appliesFinalNorm
      ? states.map { pretrained.finalNormApplied(to: $0, workspace: workspace) } : states
    let mapped = HiddenState(tokens: batch.tokens, width: finetuned.dimensions.hidden)
    let h = read.count == 1 ? read[0] : HiddenState(sideBySide: read, threads: workspace.threads)
    map.apply(h.pointer, rows: h.tokens, into: mapped.pointer, threads: workspace.threads)
    if options.addsPositions { try finetuned.addPositions(to: mapped, batch) }
    return mapped
  }
}

extension HiddenState {
  /// States of the same tokens side by side, [T, Σ d].
  fileprivate init(sideBySide states: [HiddenState], threads: Threads) {
    let joined = HiddenState(tokens: states[0].tokens, width: states.reduce(0) { $0 + $1.width })
    nonisolated(unsafe) let sources = states
    nonisolated(unsafe) let out = joined.pointer
    let width = joined.width
    threads.runRows(joined.tokens) { token in
      var place = token * width
      for h in sources {
        (out + place).update(from: h.pointer + token * h.width, count: h.width)
        place += h.width
      }
    }
    self = joined
  }
}

extension StitchedModel: TransformerModel {
  /// Both models, the number of blocks of each, and the map.
  public var name: String { "\(pretrained.name):\(kept)+\(map.recipe.name)+\(finetuned.name):\(transplanted)" }
  /// A's kept blocks, then B's transplanted ones.
  public var segments: [ModelSegment] {
    let layers = finetuned.dimensions.layers
    return [
      ModelSegment(model: pretrained, blocks: 0..<kept),
      ModelSegment(model: finetuned, blocks: layers - transplanted..<layers),
    ]
  }
  /// Those of A, which reads the text, and of B where its position embeddings are added.
  public var positions: Int {
    options.addsPositions ? min(pretrained.positions, finetuned.positions) : pretrained.positions
  }
  /// B's head over the vocabulary.
  public var unembedding: Unembedding? { finetuned.unembedding }
  /// B's classifier.
  public var classifier: ClassifierHead? { finetuned.classifier }
  /// B's unsupported head.
  public var otherHead: OtherHead? { finetuned.otherHead }
  /// B's config.json.
  public var config: JSONNode { finetuned.config }
  /// That of A, which reads the text.
  public var tokenizerDirectory: String { pretrained.tokenizerDirectory }

  /// The residual stream after B's last block; blocks are counted through both models.
  /// - Throws: `TransformerError`.
  public func forward(
    _ batch: PackedBatch, rows: [Int]?, workspace: Workspace, observer: (any Observer)?, interventions: [Intervention]
  ) throws -> HiddenState {
    try Intervention.check(interventions, blocks: blockDimensions, batch)
    let states = try pretrained.states(
      levels, batch, workspace: workspace, observer: observer,
      interventions: interventions.filter { $0.site.layer < kept })
    return try finish(states, batch, rows: rows, workspace: workspace, observer: observer, interventions: interventions)
  }

  /// The digest of the two models' digests, A's first, as hexadecimal lines.
  /// - Throws: `DigestError`.
  public func weightsDigest() throws -> String {
    let digest = Digest()
    digest.update("\(try pretrained.weightsDigest())\n\(try finetuned.weightsDigest())\n")
    return try digest.finish()
  }
}

/// Forwards observations with another block number.
private final class Renumbered: Observer {
  private let observer: any Observer
  private let shift: Int

  init(_ observer: any Observer, by shift: Int) {
    self.observer = observer
    self.shift = shift
  }

  func wants(_ site: Site, layer: Int) -> Bool { observer.wants(site, layer: layer + shift) }

  func observe(_ observation: Observation) throws {
    try observer.observe(observation.inLayer(observation.layer + shift))
  }
}
