import Evaluation
import Foundation
import Transformer

/// The maps of `auto`: at each cut the candidate with which the stitched model answers most like B itself, on texts without
/// labels.
///
/// The measure is the mean KL(B ‖ stitched) of the classes' probabilities, in nats: unlike a similarity of states it counts
/// only what B's blocks and classifier make of them.
struct AutomaticMaps {
  /// The choice at each cut, under the recipe `auto`.
  let maps: [StitchCut: StitchingMap]

  /// - Parameters:
  ///   - candidates: the maps at each cut, the simplest first; of equal ones the first is chosen.
  ///   - texts: tokenized by A; B reads the same ids. No candidate was fitted to them.
  /// - Throws: `TransformerError`; what making the candidates throws.
  init(
    _ a: Model, _ b: Model, kept: [Int], transplanted: [Int], options: StitchedModel.Options, texts: EncodedReviews,
    workspace: Workspace, candidates: (StitchCut) throws -> [StitchingMap]
  ) throws {
    let sweep = try StitchSweep(
      pretrained: a, finetuned: b, kept: kept, transplanted: transplanted, options: options, includesOwnCurve: false,
      maps: candidates)
    var sums: [StitchPoint: Double] = [:]
    for range in texts.batches {
      let reviews = Array(texts.reviews[range])
      let own = try Self.answers(b, reviews, workspace)
      let records = try sweep.records(readByA: reviews, readByB: [], workspace: workspace)
      for (place, record) in records.enumerated() {
        sums[record.point, default: 0] += Self.divergence(of: record.prediction, from: own[place % reviews.count])
      }
    }
    let pairs = sweep.maps.compactMap { cut, all -> (StitchCut, StitchingMap)? in
      let divergences = all.map { (sums[sweep.point(cut, $0)] ?? .infinity) / Double(max(1, texts.reviews.count)) }
      return zip(all, divergences).min { $0.1 < $1.1 }.map { (cut, $0.chosen(divergence: $1)) }
    }
    maps = Dictionary(uniqueKeysWithValues: pairs)
  }

  /// What B itself says of texts.
  private static func answers(
    _ b: Model, _ reviews: [EncodedReview], _ workspace: Workspace
  ) throws -> [Prediction] {
    let batch = try PackedBatch(reviews.map(\.ids))
    let head = try b.requireClassifier()
    let h = try b.forward(batch, rows: head.rowsRead(of: batch), workspace: workspace, observer: nil, interventions: [])
    return try zip(reviews, head.apply(h, batch, workspace: workspace)).map { try $0.prediction($1) }
  }

  /// KL of B's answer to the stitched model's.
  private static func divergence(of stitched: Prediction, from own: Prediction) -> Double {
    zip(own.logProbabilities, stitched.logProbabilities).reduce(0) { $0 + exp($1.0) * ($1.0 - $1.1) }
  }
}

extension StitchingMap {
  /// This map as the choice of `auto`.
  fileprivate func chosen(divergence: Double) -> StitchingMap {
    StitchingMap(
      recipe: MapRecipe(.auto), matrix: matrix, offset: offset, norm: norm, ridge: ridge, chosen: recipe,
      divergence: divergence)
  }
}
