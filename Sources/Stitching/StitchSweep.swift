import DenseMath
import Evaluation
import Files
import Transformer

/// One cell of a sweep: A's first `kept` blocks, a map, B's last `transplanted` blocks.
package struct StitchCell: Hashable, Sendable {
  package let kept: Int
  package let transplanted: Int
  /// The name of a `MapRecipe`, or `self`: B's own hidden state `kept`, without a map.
  package let map: String
  package let draw: Int

  /// The name of the curve in which B feeds its own state.
  package static let ownState = "self"

  package init(kept: Int, transplanted: Int, map: String, draw: Int) {
    self.kept = kept
    self.transplanted = transplanted
    self.map = map
    self.draw = draw
  }
}

extension StitchCell: Comparable {
  /// By kept, transplanted, map, draw.
  package static func < (left: StitchCell, right: StitchCell) -> Bool {
    if left.kept != right.kept { return left.kept < right.kept }
    if left.transplanted != right.transplanted { return left.transplanted < right.transplanted }
    if left.map != right.map { return left.map.utf8.lexicographicallyPrecedes(right.map.utf8) }
    return left.draw < right.draw
  }
}

/// Scores every cell on the same batches. A and B each run once a batch, whatever the number of cells; a cell costs its
/// map and its transplanted blocks.
package struct StitchSweep: Sendable {
  package let pretrained: Model
  package let finetuned: Model
  package let kept: [Int]
  package let transplanted: [Int]
  /// What carries states over each cut, in the order asked for.
  package let maps: [StitchCut: [StitchingMap]]
  package let options: StitchedModel.Options
  /// Whether B is fed its own states as well.
  package let includesOwnCurve: Bool

  /// - Parameter maps: those of a cut; there may be none.
  /// - Throws: `StitchingError`; `TransformerError` when B is no classifier of classes of which one holds; what `maps` throws.
  package init(
    pretrained: Model, finetuned: Model, kept: [Int], transplanted: [Int], options: StitchedModel.Options,
    includesOwnCurve: Bool = true, maps: (StitchCut) throws -> [StitchingMap]
  ) throws {
    try StitchedModel.check(pretrained, finetuned, options)
    for count in kept { try StitchedModel.check(kept: count, of: pretrained) }
    for count in transplanted { try StitchedModel.check(transplanted: count, of: finetuned) }
    _ = try finetuned.singleLabelClassification()
    self.pretrained = pretrained
    self.finetuned = finetuned
    let (lower, upper) = (Array(Set(kept)).sorted(), Array(Set(transplanted)).sorted())
    self.kept = lower
    self.transplanted = upper
    self.options = options
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

  /// Every cell, the `self` curves included, in order.
  package var cells: [StitchCell] {
    let stitched = kept.flatMap { kept in
      transplanted.flatMap { count in
        (maps[StitchCut(kept: kept, transplanted: count)] ?? []).map {
          StitchCell(kept: kept, transplanted: count, map: $0.recipe.name, draw: $0.draw)
        }
      }
    }
    let own = (includesOwnCurve ? transplanted : []).flatMap { count in
      (0...finetuned.dimensions.layers - count).map {
        StitchCell(kept: $0, transplanted: count, map: StitchCell.ownState, draw: 0)
      }
    }
    return (stitched + own).sorted()
  }

  /// The predictions of all cells for the reviews of one batch, in the order of `cells`, then of the reviews.
  /// - Parameters:
  ///   - readByA: the reviews as A's tokenizer gives them; `readByB`: the same reviews by B's.
  /// - Throws: `TransformerError`; `EvaluationError.nonFiniteLogits`.
  package func predictions(
    readByA: [EncodedReview], readByB: [EncodedReview], workspace: Workspace
  ) throws -> [(cell: StitchCell, prediction: Prediction)] {
    var results: [StitchCell: [Prediction]] = [:]
    if !kept.isEmpty { try runStitched(readByA, workspace: workspace) { results[$0] = $1 } }
    if includesOwnCurve { try runOwn(readByB, workspace: workspace) { results[$0] = $1 } }
    return cells.flatMap { cell in (results[cell] ?? []).map { (cell, $0) } }
  }

  private func runStitched(
    _ reviews: [EncodedReview], workspace: Workspace, _ receive: (StitchCell, [Prediction]) -> Void
  ) throws {
    let batch = try PackedBatch(reviews.map(\.ids))
    let head = try finetuned.requireClassifier()
    var h = try pretrained.embed(batch, workspace: workspace)
    var depth = 0
    for count in kept {
      try pretrained.advance(&h, through: depth..<count, batch, workspace: workspace)
      depth = count
      for upper in transplanted {
        for map in maps[StitchCut(kept: count, transplanted: upper)] ?? [] {
          let model = try StitchedModel(
            pretrained: pretrained, kept: count, map: map, finetuned: finetuned, transplanted: upper, options: options)
          let final = try model.finish(h, batch, workspace: workspace)
          let logits = head.apply(final, batch, workspace: workspace)
          let cell = StitchCell(kept: count, transplanted: upper, map: map.recipe.name, draw: map.draw)
          receive(cell, try zip(reviews, logits).map { try $0.prediction($1) })
        }
      }
    }
  }

  private func runOwn(
    _ reviews: [EncodedReview], workspace: Workspace, _ receive: (StitchCell, [Prediction]) -> Void
  ) throws {
    let batch = try PackedBatch(reviews.map(\.ids))
    let head = try finetuned.requireClassifier()
    let layers = finetuned.dimensions.layers
    var h = try finetuned.embed(batch, workspace: workspace)
    for depth in 0...layers {
      if depth > 0 { try finetuned.advance(&h, through: depth - 1..<depth, batch, workspace: workspace) }
      for upper in transplanted where depth <= layers - upper {
        var state = h
        try finetuned.advance(&state, through: layers - upper..<layers, batch, workspace: workspace)
        let logits = head.apply(state, batch, workspace: workspace)
        let cell = StitchCell(kept: depth, transplanted: upper, map: StitchCell.ownState, draw: 0)
        receive(cell, try zip(reviews, logits).map { try $0.prediction($1) })
      }
    }
  }
}
