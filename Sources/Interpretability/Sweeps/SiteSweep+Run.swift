import DenseMath
import Transformer

extension SiteSweep {
  /// What an ablation puts in a site's place.
  public enum Ablation: Sendable {
    case zero
    /// The mean over all tokens of texts; nil for the text that is changed.
    case mean(over: [PackedBatch]?)
  }

  /// The tokens whose logits are compared, and where and by what they are read.
  public struct Reading: Sendable {
    /// The token whose logit counts.
    public let target: Int32
    /// The token whose logit is subtracted.
    public let versus: Int32
    /// nil for the last token.
    public let positions: [Int]?
    /// nil for the model's own head.
    public let head: Unembedding?

    /// - Parameters:
    ///   - positions: in tokens of the text from 0; nil for the last one.
    ///   - head: what reads the last state; nil for the model's own head.
    public init(_ target: Int32, versus: Int32, at positions: [Int]? = nil, head: Unembedding? = nil) {
      (self.target, self.versus, self.positions, self.head) = (target, versus, positions, head)
    }
  }

  /// Patches each part of `kind` in turn with its value in another text. Each result has the bits of a pass with that one
  /// intervention.
  /// - Parameters:
  ///   - ids: the text that is changed.
  ///   - source: the text that values are taken from, of as many tokens.
  ///   - progress: counts the parts that are done.
  /// - Throws: `InterpretabilityError` for texts of different lengths, a position or token that does not exist, or a head
  ///   that does not fit; `TransformerError` for a text that the model does not support; `CancellationError`.
  public static func patching(
    _ kind: Kind, in ids: [Int32], from source: [Int32], reading: Reading, model: Model, workspace: Workspace,
    progress: ProgressHandler = .none
  ) throws -> SiteSweep {
    guard ids.count == source.count else {
      throw InterpretabilityError.sweepOfAnotherLength(found: source.count, expected: ids.count)
    }
    let sites = kind.sites(of: model)
    let other = try SweepInput(source, of: model, reading: reading, sites, workspace: workspace)
    return try sweep(
      kind, .patch, in: ids, reading, model, workspace, progress, sourceDifference: other.difference
    ) { other.rows($0) }
  }

  /// Ablates each part of `kind` in turn. Each result has the bits of a pass with that one intervention.
  /// - Parameters:
  ///   - ids: the text.
  ///   - progress: counts the parts that are done.
  /// - Throws: as `patching`.
  public static func ablating(
    _ kind: Kind, in ids: [Int32], to ablation: Ablation = .zero, reading: Reading, model: Model, workspace: Workspace,
    progress: ProgressHandler = .none
  ) throws -> SiteSweep {
    let sites = kind.sites(of: model)
    var means: [BlockSite: [Float]] = [:]
    var method = Method.zero
    if case .mean(let texts) = ablation {
      method = .mean
      means = try model.means(at: sites, over: texts ?? [PackedBatch([ids])], workspace: workspace)
    }
    return try sweep(kind, method, in: ids, reading, model, workspace, progress, sourceDifference: nil) { site in
      let row = means[site] ?? [Float](repeating: 0, count: model.dimensions.hidden)
      return Tensor(shape: [ids.count, row.count], ids.indices.flatMap { _ in row })
    }
  }

  /// - Parameter values: what takes the place of a site's rows, at least as many as the positions read depend on.
  private static func sweep(
    _ kind: Kind, _ method: Method, in ids: [Int32], _ reading: Reading, _ model: Model, _ workspace: Workspace,
    _ progress: ProgressHandler, sourceDifference: Double?, values: (BlockSite) -> Tensor
  ) throws -> SiteSweep {
    let sites = kind.sites(of: model)
    let heads = sites.map { BlockSite(layer: $0.layer, site: .headOutputs) }
    let input = try SweepInput(ids, of: model, reading: reading, kind == .residPost ? [] : heads, workspace: workspace)
    let columns = kind == .heads ? model.dimensions.heads : ids.count
    let name = method == .patch ? "patch sweep" : "ablation sweep"
    let differences = try progress.during(.init(name, unit: "changes", total: sites.count * columns)) { update in
      try withoutActuallyEscaping(update) { update in
        var done = 0
        let pass = SweepPass(input, workspace: workspace) { more in
          done += more
          try update(done)
        }
        return try sites.enumerated().map { row, site -> [Double] in
          let values = values(site)
          switch kind {
          case .residPost: return try pass.changing(row, to: values)
          case .attnOut, .mlpOut:
            let states = try pass.state(after: site.layer, replacing: site.site, by: values)
            return try pass.changing(site.layer + 1, to: states)
          case .heads: return try pass.changingHeads(of: site.layer, to: values)
          }
        }
      }
    }
    return SiteSweep(
      kind: kind, method: method, sites: sites, positions: input.positions, difference: input.difference,
      sourceDifference: sourceDifference,
      // No position that is read sees the tokens after it.
      differences: differences.map { $0 + [Double](repeating: input.difference, count: columns - $0.count) })
  }
}

extension SweepInput {
  /// - Throws: `InterpretabilityError.noSuchRow`, `.noSuchToken`, `.headDoesNotFit`; `TransformerError`.
  fileprivate init(
    _ ids: [Int32], of model: Model, reading: SiteSweep.Reading, _ sites: [BlockSite], workspace: Workspace
  ) throws {
    let head = try reading.head ?? model.requireUnembedding()
    guard head.matrix.columns == model.dimensions.hidden else {
      throw InterpretabilityError.headDoesNotFit(
        model: model.name, layer: model.dimensions.layers - 1, expected: [head.vocabulary, model.dimensions.hidden],
        found: [head.vocabulary, head.matrix.columns])
    }
    for id in [reading.target, reading.versus] where id < 0 || Int(id) >= head.vocabulary {
      throw InterpretabilityError.noSuchToken(Int(id), vocabulary: head.vocabulary)
    }
    let positions = Set(reading.positions ?? [ids.count - 1]).sorted()
    guard let last = positions.last, positions[0] >= 0, last < ids.count else {
      throw InterpretabilityError.noSuchRow(positions.first { !ids.indices.contains($0) } ?? 0, tokens: ids.count)
    }
    try self.init(
      ids, of: model, at: positions, reading: sites, head.restricted(to: [reading.target, reading.versus]),
      workspace: workspace)
  }
}
