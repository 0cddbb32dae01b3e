import Evaluation
import Transformer

/// Runs the points of a grid, or of one shard: computes the maps of a pair under a seam, and scores batches of reviews.
package final class StitchRun {
  /// One step: a batch of a pair's reviews under a seam, at all points of the shard.
  package struct Unit: Sendable {
    package let job: StitchGrid.Job
    package let batch: Int
  }

  /// A job's maps, and the texts behind them.
  private struct Prepared {
    let sweep: StitchSweep
    let maps: StitchingMaps
    let texts: UnlabelledTexts?
  }

  package let grid: StitchGrid
  /// Of the shard, in order.
  package let jobs: [StitchGrid.Job]
  /// By pair, after `read`.
  package private(set) var reviews: [StitchReviews] = []
  private let pairs: [StitchPair]
  private let unlabelled: Dataset?
  private let seed: UInt64
  private let shard: StitchGrid.Shard
  private let workspace: Workspace
  private let reader: StitchPair.Reader
  /// The present job.
  private var current: (job: StitchGrid.Job, prepared: Prepared)?
  /// Properties of the maps of jobs begun here.
  private var measured: [StitchGrid.Job: [StitchPoint: MapFacts]] = [:]

  /// - Parameters:
  ///   - pairs: those of the grid.
  ///   - unlabelled: texts that maps are fitted to and measured on.
  ///   - seed: of drawn maps.
  ///   - reader: called with tokenized texts.
  /// - Throws: `StitchingError` for a grid that does not fit its models and texts; `TransformerError` for a B without a
  ///   classifier.
  package init(
    _ grid: StitchGrid, pairs: [StitchPair], unlabelled: Dataset?, seed: UInt64, shard: StitchGrid.Shard = .whole,
    workspace: Workspace, reader: @escaping StitchPair.Reader = { _, _, _ in }
  ) throws {
    self.grid = grid
    self.pairs = pairs
    self.unlabelled = unlabelled
    self.seed = seed
    self.shard = shard
    self.workspace = workspace
    self.reader = reader
    jobs = grid.jobs(of: shard)
    for (shape, pair) in zip(grid.pairs, pairs) {
      for options in grid.seams.map(Self.options) {
        _ = try StitchSweep(
          pretrained: pair.a.model, finetuned: pair.b.model, kept: shape.kept, transplanted: shape.transplanted,
          options: options
        ) { _ in [] }
        guard let map = shape.recipes.first(where: \.needsTexts)?.name else { continue }
        if unlabelled == nil { throw StitchingError.needsTexts(map: map) }
        if options.addsPositions { throw StitchingError.notWithPositions(map: map) }
      }
    }
  }

  private static func options(_ seam: String) -> StitchedModel.Options { .init(named: seam) ?? .plain }

  /// Reads the reviews that points are scored on.
  /// - Throws: `LabelError`, `TransformerError`; what tokenizing throws.
  package func read(_ dataset: Dataset) throws {
    reviews = try pairs.map { try StitchReviews(dataset, of: $0, threads: workspace.threads, reader) }
  }

  /// Of the shard, in the order of computation.
  package var units: [Unit] {
    jobs.flatMap { job in reviews[job.pair].readByA.batches.indices.map { Unit(job: job, batch: $0) } }
  }

  /// The maps at each cut of a job.
  /// - Throws: `StitchingError`, `LinearAlgebraError`; what running the models throws.
  package func maps(of job: StitchGrid.Job) throws -> [StitchCut: [StitchingMap]] { try prepared(job).sweep.maps }

  /// The records of a unit, at all points of the shard.
  /// - Throws: as `maps`; `EvaluationError.nonFiniteLogits`.
  package func records(of unit: Unit) throws -> [StitchRecord] {
    let prepared = try prepared(unit.job)
    if measured[unit.job] == nil { measured[unit.job] = try measure(prepared) }
    return try records(unit, prepared.sweep)
  }

  /// The records of one point, over all reviews; none for a point that is not in the grid.
  /// - Throws: as above.
  package func records(of point: StitchPoint) throws -> [StitchRecord] {
    guard grid.points.contains(point) else { return [] }
    let job = StitchGrid.Job(pair: point.pair, seam: point.seam)
    let sweep = try prepare(job, [point], withOwnCurve: false).sweep
    return try reviews[point.pair].readByA.batches.indices.flatMap { try records(Unit(job: job, batch: $0), sweep) }
  }

  /// Properties of the maps of the shard's points. Jobs that an earlier run finished are prepared again.
  /// - Throws: as `maps`.
  package func facts() throws -> [StitchPoint: MapFacts] {
    try jobs.reduce(into: [:]) { all, job in
      let own = try measured[job] ?? measure(prepared(job))
      measured[job] = own
      all.merge(own) { first, _ in first }
    }
  }

  private func measure(_ prepared: Prepared) throws -> [StitchPoint: MapFacts] {
    try MapFacts.all(
      of: prepared.sweep, prepared.maps, measuredOn: prepared.texts?.measuring, workspace.threads)
  }

  private func records(_ unit: Unit, _ sweep: StitchSweep) throws -> [StitchRecord] {
    let batch = reviews[unit.job.pair].batch(unit.batch)
    return try sweep.records(readByA: batch.a, readByB: batch.b, workspace: workspace)
  }

  private func prepared(_ job: StitchGrid.Job) throws -> Prepared {
    if let current, current.job == job { return current.prepared }
    current = nil
    let points = grid.points(of: shard).filter { $0.pair == job.pair && $0.seam == job.seam }
    let prepared = try prepare(
      job, points, withOwnCurve: job.seam == grid.seams.first && grid.ownCurve(of: job.pair, in: shard))
    current = (job, prepared)
    return prepared
  }

  private func prepare(_ job: StitchGrid.Job, _ points: [StitchPoint], withOwnCurve: Bool) throws -> Prepared {
    let (pair, shape, options) = (pairs[job.pair], grid.pairs[job.pair], Self.options(job.seam))
    let kept = Set(points.map(\.cut.kept)).sorted()
    let maps = try StitchingMaps(
      pair.a.model.wE, pair.b.model.wE, shared: pair.shared, seed: seed, threads: workspace.threads)
    // With positions added again, states differ from B's own, and without a cut there is nothing to measure.
    let texts =
      try options.addsPositions || kept.isEmpty
      ? nil
      : unlabelled.map {
        try UnlabelledTexts(
          $0, of: pair, kept: kept, transplanted: shape.transplanted, options: options, workspace: workspace, reader)
      }
    let asked = Set(points)
    var made: [StitchingMap.Key: StitchingMap] = [:]
    let sweep = try StitchSweep(
      pretrained: pair.a.model, finetuned: pair.b.model, kept: kept, transplanted: shape.transplanted,
      options: options, pair: job.pair, includesOwnCurve: withOwnCurve
    ) { cut in
      try shape.recipes.flatMap { recipe in
        try (0..<(recipe.isDrawn ? grid.draws : 1)).compactMap { draw -> StitchingMap? in
          guard asked.contains(.init(pair: job.pair, seam: job.seam, cut: cut, map: recipe.name, draw: draw)) else {
            return nil
          }
          let key = StitchingMap.Key(recipe, draw: draw, cut: cut)
          if let map = made[key] { return map }
          let map = try maps.map(
            recipe, draw: draw, texts: texts?.fitting, measuredOn: texts?.measuring, cut: cut)
          made[key] = map
          return map
        }
      }
    }
    return Prepared(sweep: sweep, maps: maps, texts: texts)
  }
}
