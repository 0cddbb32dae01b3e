import Foundation
import Interpretability

/// `--show`: what colours the heat map.
package enum LensStatistic: String, CaseIterable {
  case probability, entropy, kl, loss, rank
  case finalRank = "final-rank"
  case target
  case targetRank = "target-rank"
  case difference

  /// What a heat map is coloured by when nothing is asked for: what says most about the tokens that are followed.
  static func following(_ followed: LensFollowed) -> LensStatistic {
    guard followed.target != nil else { return .probability }
    return followed.versus == nil ? .target : .difference
  }

  /// Ranks count from 1 here, for people; NaN where there is none.
  func value(_ cell: LensCell) -> Double {
    switch self {
    case .probability: return cell.top.first?.probability ?? .nan
    case .entropy: return cell.entropy
    case .kl: return cell.klToFinal
    case .loss: return cell.truth.map { -$0.logProbability } ?? .nan
    case .rank: return cell.truth.map { Double($0.rank) } ?? .nan
    case .finalRank: return Double(cell.finalRank)
    case .target: return cell.target.map { exp($0.logProbability) } ?? .nan
    case .targetRank: return cell.target.map { Double($0.rank) } ?? .nan
    case .difference: return cell.target.flatMap { target in cell.versus.map { target.logit - $0.logit } } ?? .nan
    }
  }

  func name(_ followed: LensFollowed) -> String {
    let target = followed.target ?? "target"
    switch self {
    case .probability: return "probability"
    case .entropy: return "entropy"
    case .kl: return "KL to final"
    case .loss: return "cross-entropy"
    case .rank: return "rank of the true token"
    case .finalRank: return "rank of the final answer"
    case .target: return "P(\(target))"
    case .targetRank: return "rank of \(target)"
    case .difference: return "logit of \(target) minus \(followed.versus ?? "versus")"
    }
  }

  var explanation: String {
    switch self {
    case .probability: return "Probability of the token in the cell."
    case .entropy: return "Entropy of the level's distribution, in nats."
    case .kl: return "KL(final ‖ level), in nats: what the later levels still change."
    case .loss: return "Minus the log-probability of the true token, in nats."
    case .rank: return "How high the true token stands; 1 is the top."
    case .finalRank: return "How high the model's final answer stands here; 1 is the top."
    case .target: return "Probability of the token that is followed."
    case .targetRank: return "How high the token that is followed stands; 1 is the top."
    case .difference: return "Difference of two tokens' logits at this level."
    }
  }
}
