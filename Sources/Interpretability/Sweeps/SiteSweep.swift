import Transformer

/// What a logit difference becomes when one part of the model after the other is changed: patched from another text, or
/// ablated. The logit difference LD is the logit of a target token minus that of another one at the positions that are
/// read, its mean where these are several.
///
/// Patching (Vig et al. 2020, "Causal Mediation Analysis for Interpreting Neural NLP"; Wang et al. 2023, "Interpretability
/// in the Wild") scores a change by the share of the way from one text to the other: 0 is the text's own LD, 1 that of the
/// text that states are taken from. Ablation scores it by the change itself, in logits.
public struct SiteSweep: Sendable, Equatable {
  /// What is changed: one token's state at one level, one token's output of a sublayer, or one head at all tokens.
  public enum Kind: String, CaseIterable, Sendable {
    case residPost, attnOut, mlpOut, heads

    /// The sites that are changed, one per row, upwards.
    public func sites(of model: Model) -> [BlockSite] {
      let layers = 0..<model.dimensions.layers
      switch self {
      case .residPost:
        return [BlockSite(layer: 0, site: .residPre)] + layers.map { BlockSite(layer: $0, site: .residPost) }
      case .attnOut: return layers.map { BlockSite(layer: $0, site: .attnOut) }
      case .mlpOut: return layers.map { BlockSite(layer: $0, site: .mlpOut) }
      case .heads: return layers.map { BlockSite(layer: $0, site: .headOutputs) }
      }
    }
  }

  /// What takes a site's place.
  public enum Method: String, Sendable { case patch, zero, mean }

  /// What is changed.
  public let kind: Kind
  /// What takes its place.
  public let method: Method
  /// One per row, upwards. A row of `heads` changes one head of the site at a time.
  public let sites: [BlockSite]
  /// The positions whose logits are read, ascending.
  public let positions: [Int]
  /// LD of the unchanged text.
  public let difference: Double
  /// LD of the text that states are taken from; nil for an ablation.
  public let sourceDifference: Double?
  /// LD with one part changed, [sites][tokens], of heads [sites][heads].
  public let differences: [[Double]]

  /// A sweep with its results.
  public init(
    kind: Kind, method: Method, sites: [BlockSite], positions: [Int], difference: Double, sourceDifference: Double?,
    differences: [[Double]]
  ) {
    (self.kind, self.method, self.sites, self.positions) = (kind, method, sites, positions)
    (self.difference, self.sourceDifference, self.differences) = (difference, sourceDifference, differences)
  }

  /// Tokens, or heads.
  public var columns: Int { differences.first?.count ?? 0 }

  /// The effect of each change, [sites][columns]. Of a patch (LD patched - LD text) / (LD from - LD text), nil where that
  /// is a division by 0; of an ablation LD ablated - LD text.
  public var effects: [[Double?]] {
    guard let sourceDifference else { return differences.map { $0.map { $0 - difference } } }
    return shares(of: sourceDifference - difference)
  }

  /// Of an ablation, each effect as a share of LD text, nil where that is 0: -1 where nothing of the difference is left.
  /// nil for a patch.
  public var relativeEffects: [[Double?]]? { sourceDifference == nil ? shares(of: difference) : nil }

  private func shares(of whole: Double) -> [[Double?]] {
    differences.map { row in row.map { whole == 0 || !whole.isFinite ? nil : ($0 - difference) / whole } }
  }
}
