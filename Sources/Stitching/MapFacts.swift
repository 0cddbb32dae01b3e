import DenseMath
import Files

/// What a map of a sweep is like by itself, without any label.
package struct MapFacts: Sendable {
  package let cell: StitchCell
  /// For `auto`, the recipe that was chosen at this cut.
  package let chosen: MapRecipe?
  /// The largest singular value of S over the smallest.
  package let condition: Double
  /// ‖E_A - S E_B‖_F / ‖E_A‖_F.
  package let residual: Double
  /// How close mapped states come to B's own; nil without texts to measure on.
  package let similarity: SeamSimilarity?

  /// The maps of all cells of a sweep, in the order of the cells.
  /// - Parameter texts: that no map was fitted on, with a sample.
  /// - Throws: `LinearAlgebraError`.
  package static func all(
    of sweep: StitchSweep, _ maps: StitchingMaps, measuredOn texts: SeamStatistics?, _ threads: Threads
  ) throws -> [MapFacts] {
    struct Fixed: Hashable {
      let recipe: MapRecipe
      let draw: Int
    }
    var known: [Fixed: (condition: Double, residual: Double)] = [:]
    var result: [MapFacts] = []
    for (cut, all) in sweep.maps {
      let reference = texts?.seams[cut].flatMap {
        SeamSimilarity.Reference($0, wE: sweep.finetuned.wE, threads: threads)
      }
      for map in all {
        let fixed = Fixed(recipe: map.recipe, draw: map.draw)
        let own = try known[fixed] ?? (map.condition(), maps.residual(of: map))
        if !map.recipe.dependsOnCut { known[fixed] = own }
        result.append(
          MapFacts(
            cell: StitchCell(
              kept: cut.kept, transplanted: cut.transplanted, map: map.recipe.name, draw: map.draw),
            chosen: map.chosen, condition: own.condition, residual: own.residual,
            similarity: reference.map { SeamSimilarity(of: map, to: $0, threads: threads) }))
      }
    }
    return result.sorted { $0.cell < $1.cell }
  }

  /// The cell's members and `measures`.
  package var json: JSON { .object(cell.members + measures) }

  /// `chosen`, `condition`, `residual`, `similarity`.
  package var measures: [JSON.Member] {
    [
      JSON.Member("chosen", chosen.map { .string($0.name) } ?? .null),
      JSON.Member("condition", condition.isFinite ? .number(condition) : .null),
      JSON.Member("residual", .number(residual)), JSON.Member("similarity", similarity?.json ?? .null),
    ]
  }
}

extension SeamSimilarity {
  var json: JSON {
    [
      "cka": .number(alignment), "cosine": .number(cosine), "sampled_tokens": .integer(sampled),
      "top10_overlap": .number(tokenOverlap),
    ]
  }
}
