import Evaluation
import Transformer

/// Scores every point of a pair under a seam on the same batches. A and B each run once per batch, whatever the number
/// of points; a point costs its map and its transplanted blocks.
package struct StitchSweep: Sendable {
  package let pretrained: Model
  package let finetuned: Model
  package let kept: [Int]
  package let transplanted: [Int]
  /// The maps at each cut, in the order given.
  package let maps: [StitchCut: [StitchingMap]]
  package let options: StitchedModel.Options
  /// The index of the pair in its grid.
  package let pair: Int
  /// Whether B also runs on its own states.
  package let includesOwnCurve: Bool

  /// - Parameter maps: those of a cut; there may be none.
  /// - Throws: `StitchingError`; `TransformerError` when B has no classifier of exclusive classes; what `maps` throws.
  package init(
    pretrained: Model, finetuned: Model, kept: [Int], transplanted: [Int], options: StitchedModel.Options,
    pair: Int = 0, includesOwnCurve: Bool = true, maps: (StitchCut) throws -> [StitchingMap]
  ) throws {
    try StitchedModel.check(pretrained, finetuned, options)
    try StitchedModel.check(.kept, kept, of: pretrained)
    try StitchedModel.check(.transplanted, transplanted, of: finetuned)
    _ = try finetuned.singleLabelClassification()
    self.pretrained = pretrained
    self.finetuned = finetuned
    let (lower, upper) = (Array(Set(kept)).sorted(), Array(Set(transplanted)).sorted())
    self.kept = lower
    self.transplanted = upper
    self.options = options
    self.pair = pair
    self.includesOwnCurve = includesOwnCurve
    let cuts = lower.flatMap { kept in upper.map { StitchCut(kept: kept, transplanted: $0) } }
    self.maps = Dictionary(uniqueKeysWithValues: try cuts.map { ($0, try maps($0)) })
  }

  /// The same maps at every cut.
  /// - Throws: as above.
  package init(
    pretrained: Model, finetuned: Model, kept: [Int], transplanted: [Int], maps: [StitchingMap],
    options: StitchedModel.Options
  ) throws {
    try self.init(
      pretrained: pretrained, finetuned: finetuned, kept: kept, transplanted: transplanted, options: options
    ) { _ in maps }
  }

  /// The point of a map at a cut.
  func point(_ cut: StitchCut, _ map: StitchingMap) -> StitchPoint {
    StitchPoint(pair: pair, seam: options.name, cut: cut, map: map.recipe.name, draw: map.draw)
  }

  private func ownPoint(_ cut: StitchCut) -> StitchPoint {
    StitchPoint(pair: pair, seam: options.name, cut: cut, map: StitchPoint.ownState)
  }

  /// Every point, those of `self` included, in order.
  package var points: [StitchPoint] {
    let stitched = maps.flatMap { cut, all in all.map { point(cut, $0) } }
    let own = (includesOwnCurve ? transplanted : []).flatMap { count in
      (0...finetuned.dimensions.layers - count).map { ownPoint(StitchCut(kept: $0, transplanted: count)) }
    }
    return (stitched + own).sorted(by: StitchPoint.precedes)
  }

  /// The records of all points for the reviews of one batch, in the order of `points`, then of the reviews.
  /// - Parameters:
  ///   - readByA: the reviews tokenized for A; `readByB`: the same reviews for B.
  /// - Throws: `TransformerError`; `EvaluationError.nonFiniteLogits`.
  package func records(
    readByA: [EncodedReview], readByB: [EncodedReview], workspace: Workspace
  ) throws -> [StitchRecord] {
    var results: [StitchPoint: [Prediction]] = [:]
    if !kept.isEmpty { try runStitched(readByA, workspace: workspace) { results[$0] = $1 } }
    if includesOwnCurve { try runOwn(readByB, workspace: workspace) { results[$0] = $1 } }
    return points.flatMap { point in (results[point] ?? []).map { StitchRecord(point: point, prediction: $0) } }
  }

  private func runStitched(
    _ reviews: [EncodedReview], workspace: Workspace, _ receive: (StitchPoint, [Prediction]) -> Void
  ) throws {
    let batch = try PackedBatch(reviews.map(\.ids))
    let head = try finetuned.requireClassifier()
    let rows = head.rowsRead(of: batch)
    let read = Set(maps.flatMap { cut, all in all.flatMap { $0.levels.states(kept: cut.kept) } }).sorted()
    let states = Dictionary(
      uniqueKeysWithValues: zip(read, try pretrained.states(read, batch, workspace: workspace)))
    for count in kept {
      for upper in transplanted {
        let cut = StitchCut(kept: count, transplanted: upper)
        for map in maps[cut] ?? [] {
          let model = try StitchedModel(
            pretrained: pretrained, kept: count, map: map, finetuned: finetuned, transplanted: upper, options: options)
          let last = try model.finish(model.levels.compactMap { states[$0] }, batch, rows: rows, workspace: workspace)
          let logits = head.apply(last, batch, workspace: workspace)
          receive(point(cut, map), try zip(reviews, logits).map { try $0.prediction($1) })
        }
      }
    }
  }

  private func runOwn(
    _ reviews: [EncodedReview], workspace: Workspace, _ receive: (StitchPoint, [Prediction]) -> Void
  ) throws {
    let batch = try PackedBatch(reviews.map(\.ids))
    let head = try finetuned.requireClassifier()
    let rows = head.rowsRead(of: batch)
    let layers = finetuned.dimensions.layers
    var h = try finetuned.embed(batch, workspace: workspace)
    for depth in 0...layers {
      if depth > 0 { try finetuned.advance(&h, through: depth - 1..<depth, batch, workspace: workspace) }
      for upper in transplanted where depth <= layers - upper {
        var state = h
        try finetuned.advance(&state, through: layers - upper..<layers, batch, rows: rows, workspace: workspace)
        let logits = head.apply(state, batch, workspace: workspace)
        receive(
          ownPoint(StitchCut(kept: depth, transplanted: upper)), try zip(reviews, logits).map { try $0.prediction($1) })
      }
    }
  }
}
