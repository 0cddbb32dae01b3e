import Evaluation
import Files
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
  private let unlabelled: UnlabelledSource?
  private let progress: ProgressHandler
  /// The texts that each pretrained model wrote, by its place in the experiment.
  private var written: [Int: Dataset] = [:]
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
    _ grid: StitchGrid, pairs: [StitchPair], unlabelled: UnlabelledSource?, seed: UInt64,
    shard: StitchGrid.Shard = .whole,
    workspace: Workspace, progress: ProgressHandler = .none, reader: @escaping StitchPair.Reader = { _, _, _ in }
  ) throws {
    self.grid = grid
    self.pairs = pairs
    self.unlabelled = unlabelled
    self.progress = progress
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

  /// The unlabelled texts of a pair, with those that its pretrained model writes, once for all pairs.
  /// - Throws: as `TokenizedModel.writtenTexts`.
  package func unlabelledTexts(of pair: Int) throws -> Dataset? {
    switch unlabelled {
    case nil: return nil
    case .texts(let texts): return texts
    case .generated(let count):
      let place = grid.pairs[pair].pretrained
      if let texts = written[place] { return texts }
      let texts = try pairs[pair].a.writtenTexts(
        count, maxLength: pairs[pair].maxLength, seed: seed, workspace: workspace, progress: progress)
      written[place] = texts
      return texts
    }
  }

  /// The generated texts of each pretrained model, in the order of their first pairs; none where texts were given.
  /// - Throws: as above.
  package func generatedTexts() throws -> [Dataset] {
    guard case .generated = unlabelled else { return [] }
    var places: Set<Int> = []
    return try grid.pairs.indices.filter { places.insert(grid.pairs[$0].pretrained).inserted }
      .compactMap { try unlabelledTexts(of: $0) }
  }

  /// What identifies the unlabelled texts: their SHA-256, or that of the lines of the SHA-256 of several.
  /// - Throws: `DigestError`; as above.
  package func unlabelledDigest() throws -> String? {
    if case .texts(let texts) = unlabelled { return try texts.sha256() }
    let own = try generatedTexts().map { try $0.sha256() }
    guard own.count > 1 else { return own.first }
    let digest = Digest()
    for one in own { digest.update(one + "\n") }
    return try digest.finish()
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
    // Without those whose statistics would take too much memory.
    let candidates = MapRecipe.candidates.filter {
      SeamStatistics.memory(pair.a.model, kept: kept, levels: [$0.levels]) <= SeamStatistics.memoryLimit
    }
    let recipes = shape.recipes + (shape.recipes.contains(MapRecipe(.auto)) ? candidates : [])
    // With positions added again, states differ from B's own, and without a cut there is nothing to measure.
    let texts =
      try options.addsPositions || kept.isEmpty
      ? nil
      : unlabelledTexts(of: job.pair).map {
        try UnlabelledTexts(
          $0, of: pair, recipes: recipes, kept: kept, transplanted: shape.transplanted, options: options,
          workspace: workspace, reader)
      }
    let asked = Set(points)
    var made: [StitchingMap.Key: StitchingMap] = [:]
    func map(_ recipe: MapRecipe, draw: Int, _ cut: StitchCut) throws -> StitchingMap {
      let key = StitchingMap.Key(recipe, draw: draw, cut: cut)
      if let map = made[key] { return map }
      let map = try maps.map(recipe, draw: draw, texts: texts?.fitting, measuredOn: texts?.measuring, cut: cut)
      made[key] = map
      return map
    }
    var automatic: [StitchCut: StitchingMap] = [:]
    if let texts, shape.recipes.contains(MapRecipe(.auto)) {
      automatic = try AutomaticMaps(
        pair.a.model, pair.b.model, kept: kept, transplanted: shape.transplanted, options: options,
        texts: texts.answered, workspace: workspace
      ) { cut in
        try MapRecipe.different(candidates, kept: cut.kept).map { try map($0, draw: 0, cut) }
      }.maps
    }
    let sweep = try StitchSweep(
      pretrained: pair.a.model, finetuned: pair.b.model, kept: kept, transplanted: shape.transplanted,
      options: options, pair: job.pair, includesOwnCurve: withOwnCurve
    ) { cut in
      try shape.recipes.flatMap { recipe in
        try (0..<(recipe.isDrawn ? grid.draws : 1)).compactMap { draw -> StitchingMap? in
          guard asked.contains(.init(pair: job.pair, seam: job.seam, cut: cut, map: recipe.name, draw: draw)) else {
            return nil
          }
          return try recipe.kind == .auto ? automatic[cut] : map(recipe, draw: draw, cut)
        }
      }
    }
    return Prepared(sweep: sweep, maps: maps, texts: texts)
  }
}
