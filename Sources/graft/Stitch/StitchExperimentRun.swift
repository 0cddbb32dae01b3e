import DenseMath
import Evaluation
import Files
import Foundation
import Stitching
import Tokenization
import Transformer

/// The models, reviews and maps of an experiment, and the part of it that is computed here.
final class StitchExperimentRun {
  /// What is computed at once: a batch of a pair's reviews under a seam, at all points of the shard.
  struct Unit {
    let job: Job
    let batch: Int
  }

  struct Job: Hashable {
    let pair: Int
    let seam: String
  }

  private struct Pair {
    let a: Model
    let b: Model
    let readByA: EncodedReviews
    let readByB: EncodedReviews
    let cleaning: TextCleaning
    let maxLength: Int
    let labelOrder: LabelOrder
  }

  /// A job's maps, and what they are made from.
  private struct Prepared {
    let sweep: StitchSweep
    let maps: StitchingMaps
    let texts: UnlabelledTexts?
  }

  let experiment: StitchExperiment
  let grid: StitchGrid
  let stamp: JSON
  /// Of the shard, in the order they are computed.
  let units: [Unit]
  private let models: [(name: String, model: Model, digest: BackgroundDigest)]
  private let pairs: [Pair]
  private let shard: StitchGrid.Shard
  private let threads: ThreadOptions
  private let workspace: Workspace
  /// The job at hand; one is done before the next begins.
  private var current: (job: Job, prepared: Prepared)?
  /// What the maps of jobs begun here are like.
  private var measured: [Job: [StitchGrid.Point: JSON]] = [:]

  /// - Throws: what opening the models and reading the reviews throws; `StitchingError` for a grid that does not fit them.
  init(_ experiment: StitchExperiment, shard: StitchGrid.Shard, threads: ThreadOptions) throws {
    self.experiment = experiment
    self.shard = shard
    self.threads = threads
    workspace = threads.workspace()
    var models: [(name: String, model: Model, digest: BackgroundDigest)] = []
    func place(_ name: String) throws -> Int {
      if let known = models.firstIndex(where: { $0.name == name }) { return known }
      let model = try CheckpointArgument.open(name)
      models.append((name, model, BackgroundDigest(of: model)))
      return models.count - 1
    }
    var joined: [(group: Int, a: Int, b: Int)] = []
    for (index, group) in experiment.models.enumerated() {
      for a in group.pretrained { for b in group.finetuned { joined.append((index, try place(a), try place(b))) } }
    }
    let dataset = try experiment.readDataset()
    grid = StitchGrid(
      pairs: joined.map { experiment.pair($0, $1, models[$1].model, $2, models[$2].model) },
      seams: experiment.seams.map(\.name), draws: experiment.draws)
    // A grid that does not fit is refused before anything is written.
    for pair in grid.pairs {
      for seam in experiment.seams {
        _ = try StitchSweep(
          pretrained: models[pair.pretrained].model, finetuned: models[pair.finetuned].model, kept: pair.kept,
          transplanted: pair.transplanted, options: seam
        ) { _ in [] }
      }
    }
    pairs = try joined.map { _, a, b in
      try Self.read(dataset, experiment, models[a].model, models[b].model, threads.count)
    }
    self.models = models
    var units: [Unit] = []
    for (pair, reviews) in pairs.enumerated() {
      for seam in grid.seams {
        let job = Job(pair: pair, seam: seam)
        let isNeeded =
          grid.points(of: shard).contains { $0.pair == pair && $0.seam == seam }
          || (seam == grid.seams.first && grid.ownCurve(of: pair, in: shard))
        if isNeeded { units += reviews.readByA.batches.indices.map { Unit(job: job, batch: $0) } }
      }
    }
    self.units = units
    stamp = try Self.stamp(
      experiment, grid, dataset, pairs.map(\.labelOrder), models.map { ($0.name, $0.model, try $0.digest.wait()) },
      shard,
      threads)
  }

  /// The records of a unit, at all points of the shard.
  func records(ofUnit index: Int) throws -> [StitchGridRecord] {
    let unit = units[index]
    if current?.job != unit.job {
      current = nil
      let prepared = try prepare(unit.job, points(of: unit.job))
      measured[unit.job] = try measure(prepared, unit.job)
      current = (unit.job, prepared)
    }
    guard let prepared = current?.prepared else { return [] }
    return try records(unit, prepared.sweep)
  }

  /// The records of one point, over all reviews.
  func records(of point: StitchGrid.Point) throws -> [StitchGridRecord] {
    guard grid.points.contains(point) else { return [] }
    let job = Job(pair: point.pair, seam: point.seam)
    let prepared = try prepare(job, [point], withOwnCurve: false)
    return try pairs[point.pair].readByA.batches.indices.flatMap {
      try records(Unit(job: job, batch: $0), prepared.sweep)
    }
  }

  /// What the maps of the shard's points are like by themselves. Jobs that an earlier run finished are prepared again.
  func facts() throws -> [StitchGrid.Point: JSON] {
    var jobs: [Job] = []
    for unit in units where jobs.last != unit.job { jobs.append(unit.job) }
    return try jobs.reduce(into: [:]) { all, job in
      all.merge(try measured[job] ?? measure(prepare(job, points(of: job)), job)) { first, _ in first }
    }
  }

  /// Those of the shard.
  private func points(of job: Job) -> [StitchGrid.Point] {
    grid.points(of: shard).filter { $0.pair == job.pair && $0.seam == job.seam }
  }

  private func measure(_ prepared: Prepared, _ job: Job) throws -> [StitchGrid.Point: JSON] {
    let facts = try MapFacts.all(
      of: prepared.sweep, prepared.maps, measuredOn: prepared.texts?.measuring, threads.count)
    return Dictionary(
      uniqueKeysWithValues: facts.map {
        (StitchGrid.Point(pair: job.pair, seam: job.seam, cell: $0.cell), JSON.object($0.measures))
      })
  }

  /// - Throws: `StitchingError.changedModel` unless the models are those a result was made from.
  func checkModels(_ file: JSONNode) throws {
    for (node, model) in zip(try file["models"].array(), models) {
      let (expected, found) = (try node["sha256"].string(), try model.digest.wait())
      guard expected == found else {
        throw StitchingError.changedModel(path: file.path, model: model.name, expected: expected, found: found)
      }
    }
  }

  private func records(_ unit: Unit, _ sweep: StitchSweep) throws -> [StitchGridRecord] {
    let pair = pairs[unit.job.pair]
    let range = pair.readByA.batches[unit.batch]
    return try sweep.predictions(
      readByA: Array(pair.readByA.reviews[range]), readByB: Array(pair.readByB.reviews[range]), workspace: workspace
    ).map { .init(pair: unit.job.pair, seam: unit.job.seam, record: .init(cell: $0.cell, prediction: $0.prediction)) }
  }

  private func prepare(_ job: Job, _ points: [StitchGrid.Point], withOwnCurve: Bool = true) throws -> Prepared {
    let (pair, shape) = (pairs[job.pair], grid.pairs[job.pair])
    let options = StitchedModel.Options(named: job.seam) ?? .plain
    let cells = Set(points.map(\.cell))
    let kept = Set(cells.map(\.kept)).sorted()
    let maps = try StitchingMaps(
      pair.a, pair.b, allowsPartialVocabulary: experiment.allowsPartialVocabulary, seed: experiment.seed,
      threads: threads.count)
    // States with positions added again are none of B's own, and no cut needs none.
    let unlabelled = options.addsPositions || kept.isEmpty ? nil : try experiment.readUnlabelled()
    let texts = try unlabelled.map {
      try UnlabelledTexts(
        $0, pair.a, pair.b, kept: kept, transplanted: shape.transplanted, options: options, cleaning: pair.cleaning,
        maxLength: pair.maxLength, workspace: workspace)
    }
    var fixed: [StitchCell: StitchingMap] = [:]
    let sweep = try StitchSweep(
      pretrained: pair.a, finetuned: pair.b, kept: kept, transplanted: shape.transplanted, options: options,
      includesOwnCurve: withOwnCurve && job.seam == grid.seams.first && grid.ownCurve(of: job.pair, in: shard)
    ) { cut in
      try shape.recipes.flatMap { recipe in
        try (0..<(recipe.isDrawn ? grid.draws : 1)).compactMap { draw in
          let cell = StitchCell(kept: cut.kept, transplanted: cut.transplanted, map: recipe.name, draw: draw)
          guard cells.contains(cell) else { return nil }
          let key = StitchCell(kept: -1, transplanted: -1, map: recipe.name, draw: draw)
          if !recipe.dependsOnCut, let made = fixed[key] { return made }
          let made = try maps.map(
            recipe, draw: draw, texts: texts?.fitting, measuredOn: texts?.measuring, cut: cut)
          fixed[key] = made
          return made
        }
      }
    }
    return Prepared(sweep: sweep, maps: maps, texts: texts)
  }

  private static func read(
    _ dataset: Dataset, _ experiment: StitchExperiment, _ a: Model, _ b: Model, _ threads: Threads
  ) throws -> Pair {
    let dataset = try dataset.labelled(for: b)
    let cleaning = try experiment.textCleaning ?? b.textCleaning()
    let maxLength = min(experiment.maxLength ?? .max, a.positions, b.positions)
    func encode(_ model: Model) throws -> EncodedReviews {
      try EncodedReviews.noting(
        dataset, for: model, tokenizer: model.notedTokenizer(),
        cleaning: cleaning, maxLength: maxLength, threads: threads)
    }
    return Pair(
      a: a, b: b, readByA: try encode(a), readByB: try encode(b), cleaning: cleaning, maxLength: maxLength,
      labelOrder: dataset.labelOrder ?? .names)
  }

  private static func stamp(
    _ experiment: StitchExperiment, _ grid: StitchGrid, _ dataset: Dataset, _ labelOrders: [LabelOrder],
    _ models: [(name: String, model: Model, sha256: String)], _ shard: StitchGrid.Shard, _ threads: ThreadOptions
  ) throws -> JSON {
    let texts = try experiment.readUnlabelled().map { JSON.string(try $0.sha256()) }
    return .object(
      JSON.header("experiment-stitch") + [
        JSON.Member("dataset", .string(dataset.name)), JSON.Member("dataset_sha256", .string(try dataset.sha256())),
        JSON.Member("experiment", experiment.json),
        JSON.Member("label_orders", .array(labelOrders.map { .string($0.rawValue) })),
        JSON.Member(
          "models", .array(models.map { ["model": .string($0.name), "sha256": .string($0.sha256)] })),
        JSON.Member("options", ["threads": .integer(threads.count.count)]),
        JSON.Member("pairs", .array(grid.pairs.map(\.json))),
        JSON.Member("seed", .integer(Int(clamping: experiment.seed))),
        JSON.Member("shard", shard == .whole ? .null : [.integer(shard.index), .integer(shard.count)]),
        JSON.Member("unlabelled_sha256", texts ?? .null),
      ])
  }
}

extension StitchExperiment {
  /// The grid of two models, with what its defaults come to.
  fileprivate func pair(_ group: Int, _ placeA: Int, _ a: Model, _ placeB: Int, _ b: Model) -> StitchGrid.Pair {
    .init(
      group: group, pretrained: placeA, finetuned: placeB, kept: (keep ?? Array(0...a.dimensions.layers)).sorted(),
      transplanted: (transplant ?? [min(3, b.dimensions.layers)]).sorted(),
      recipes: maps ?? MapRecipe.standard(equalWidths: a.dimensions.hidden == b.dimensions.hidden))
  }

  fileprivate func readDataset() throws -> Dataset {
    var result = try ColumnOptions.read(dataset, split: split, columns: columns)
    if let reviews { result = try result.selecting(idsIn: reviews) }
    if let limit { result = try result.subset(limit: limit, seed: seed) }
    return result
  }

  fileprivate func readUnlabelled() throws -> Dataset? {
    try unlabelled.map {
      try ColumnOptions.read($0, split: nil, columns: ColumnOptions.isFolder($0) ? DatasetColumns() : columns)
    }
  }
}
