import Files

/// Every point of an experiment, in a fixed order, and which of them a shard computes.
package struct StitchGrid: Equatable, Sendable {
  /// Two models to stitch, with their cuts and maps.
  package struct Pair: Equatable, Sendable {
    /// The index of the experiment's group of models.
    package let group: Int
    /// Indices in the list of the experiment's models.
    package let pretrained: Int
    package let finetuned: Int
    package let kept: [Int]
    package let transplanted: [Int]
    package let recipes: [MapRecipe]

    package init(
      group: Int, pretrained: Int, finetuned: Int, kept: [Int], transplanted: [Int], recipes: [MapRecipe]
    ) {
      self.group = group
      self.pretrained = pretrained
      self.finetuned = finetuned
      self.kept = kept
      self.transplanted = transplanted
      self.recipes = recipes
    }
  }

  /// A pair under a seam: what is computed at once.
  package struct Job: Hashable, Sendable {
    package let pair: Int
    package let seam: String
  }

  /// Part `index` of `count` of the points; all of them as part 1 of 1.
  package struct Shard: Equatable, Sendable {
    package let index: Int
    package let count: Int

    package static let whole = Shard(index: 1, count: 1)

    /// - Precondition: `index` is within 1...count.
    package init(index: Int, count: Int) {
      precondition(count > 0 && (1...count).contains(index), "shard \(index) of \(count)")
      self.index = index
      self.count = count
    }

    func holds(_ place: Int) -> Bool { Self.index(of: place, count: count) == index }

    fileprivate static func index(of place: Int, count: Int) -> Int { place % count + 1 }
  }

  package let pairs: [Pair]
  /// Names of `StitchedModel.Options`.
  package let seams: [String]
  package let draws: Int
  /// The stitched points, by pair, seam, then in the order of points.
  package let points: [StitchPoint]

  package init(pairs: [Pair], seams: [String], draws: Int) {
    self.pairs = pairs
    self.seams = seams
    self.draws = draws
    points = pairs.enumerated().flatMap { index, pair in
      seams.flatMap { seam in
        pair.kept.flatMap { kept in
          pair.transplanted.flatMap { transplanted in
            pair.recipes.flatMap { recipe in
              (0..<(recipe.isDrawn ? draws : 1)).map {
                StitchPoint(
                  pair: index, seam: seam, cut: StitchCut(kept: kept, transplanted: transplanted), map: recipe.name,
                  draw: $0)
              }
            }
          }
        }.sorted(by: StitchPoint.precedes)
      }
    }
  }

  /// Every `count`-th point, so that every shard has some of each cut and map.
  package func points(of shard: Shard) -> [StitchPoint] {
    points.enumerated().filter { shard.holds($0.offset) }.map(\.element)
  }

  /// Pairs that differ in their fine-tuned model alone, where there are several: a group's models fine-tuned with other
  /// seeds, on one pretrained model.
  package var seedSets: [[Int]] {
    var sets: [[Int]] = []
    for (index, pair) in pairs.enumerated() {
      let place = sets.firstIndex {
        let first = pairs[$0[0]]
        return first.group == pair.group && first.pretrained == pair.pretrained && first.kept == pair.kept
          && first.transplanted == pair.transplanted && first.recipes == pair.recipes
      }
      if let place { sets[place].append(index) } else { sets.append([index]) }
    }
    return sets.filter { $0.count > 1 }
  }

  /// Whether a shard computes B on its own states for a pair.
  package func ownCurve(of pair: Int, in shard: Shard) -> Bool { shard.holds(points.count + pair) }

  /// For each point, B on its own states included, the index of the shard of `count` that computes it; nil for a point
  /// of another grid.
  func shardIndices(of count: Int) -> (StitchPoint) -> Int? {
    let places = Dictionary(uniqueKeysWithValues: zip(points, points.indices))
    return { point in
      let place = point.map == StitchPoint.ownState ? points.count + point.pair : places[point]
      return place.map { Shard.index(of: $0, count: count) }
    }
  }

  /// The pairs and seams of which a shard has points, in the order of computation.
  package func jobs(of shard: Shard) -> [Job] {
    let own = points(of: shard)
    return pairs.indices.flatMap { pair in
      seams.map { Job(pair: pair, seam: $0) }.filter { job in
        own.contains { $0.pair == pair && $0.seam == job.seam }
          || (job.seam == seams.first && ownCurve(of: pair, in: shard))
      }
    }
  }
}

extension StitchGrid {
  /// Reads the grid of an experiment's `run.json` or `results.json`.
  /// - Throws: `FileError`.
  package init(_ stamp: JSONNode) throws {
    let experiment = try StitchExperiment(stamp["experiment"])
    self.init(
      pairs: try stamp["pairs"].array().map { try Pair($0) }, seams: experiment.seams.map(\.name),
      draws: experiment.draws)
  }
}

extension StitchGrid.Pair: Encodable {
  fileprivate init(_ node: JSONNode) throws {
    self.init(
      group: try node["group"].int(), pretrained: try node["pretrained"].int(),
      finetuned: try node["finetuned"].int(),
      kept: try node["keep"].array().map { try $0.int() },
      transplanted: try node["transplant"].array().map { try $0.int() },
      recipes: try node["maps"].array().map { try MapRecipe($0) })
  }

  private enum CodingKeys: String, CodingKey {
    case group, pretrained, finetuned
    case kept = "keep"
    case transplanted = "transplant"
    case recipes = "maps"
  }
}
