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
    let own = try texts.batches.flatMap { try Self.answers(b, Array(texts.reviews[$0]), workspace) }
    var best: [StitchCut: Candidate] = [:]
    // A divergence is never negative: a map whose sum has passed that of one that read all texts cannot be chosen.
    func measure(_ candidates: [Candidate], reading order: [Int]) throws {
      var left = candidates
      for range in PackedBatch.plan(order.map { texts.reviews[$0].ids.count }) {
        let places = order[range]
        let sweep = try StitchSweep(
          pretrained: a, finetuned: b, kept: kept, transplanted: transplanted, options: options, includesOwnCurve: false
        ) { cut in left.filter { $0.cut == cut }.map(\.map) }
        let records = Dictionary(
          grouping: try sweep.records(readByA: places.map { texts.reviews[$0] }, readByB: [], workspace: workspace),
          by: \.point)
        for index in left.indices {
          let found = records[sweep.point(left[index].cut, left[index].map)] ?? []
          for (place, record) in zip(places, found) {
            left[index].divergences[place] = Self.divergence(of: record.prediction, from: own[place])
          }
        }
        left.removeAll { candidate in best[candidate.cut].map { candidate.sum > $0.sum } ?? false }
      }
      for candidate in left where best[candidate.cut].map({ candidate.precedes($0) }) ?? true {
        best[candidate.cut] = candidate
      }
    }
    let count = texts.reviews.count
    let cuts = kept.flatMap { kept in transplanted.map { StitchCut(kept: kept, transplanted: $0) } }
    let all = try cuts.map { cut in
      try candidates(cut).enumerated().map {
        Candidate(cut: cut, place: $0.offset, map: $0.element, divergences: [Double](repeating: 0, count: count))
      }
    }
    // The last, which reads most of A, first; then the texts on which it is farthest from B, so that the others end early.
    try measure(all.flatMap { $0.suffix(1) }, reading: Array(0..<count))
    let far = (0..<count).map { place in cuts.reduce(0) { $0 + (best[$1]?.divergences[place] ?? 0) } }
    try measure(all.flatMap { $0.dropLast() }, reading: (0..<count).sorted { (far[$1], $0) < (far[$0], $1) })
    maps = best.mapValues { $0.map.chosen(divergence: $0.sum / Double(max(1, count))) }
  }

  /// A map at a cut, its place among the candidates there, and its divergence on each text that was read.
  private struct Candidate {
    let cut: StitchCut
    let place: Int
    let map: StitchingMap
    var divergences: [Double]
    /// In the order of the texts, in whatever order they were read.
    var sum: Double { divergences.reduce(0, +) }

    func precedes(_ other: Candidate) -> Bool { (sum, place) < (other.sum, other.place) }
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
