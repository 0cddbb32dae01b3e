import DenseMath
import Files

/// Properties of a map, without any label.
package struct MapFacts: Sendable {
  /// For `auto`, the recipe that was chosen at this cut.
  package let chosen: MapRecipe?
  /// For a map from several levels, the ridge that was chosen.
  package let ridge: Double?
  /// For `auto`, the mean KL(B ‖ stitched) of the answers to texts by which it was chosen, in nats.
  package let divergence: Double?
  /// The largest singular value of S over the smallest.
  package let condition: Double
  /// ‖E_A - S E_B‖_F / ‖E_A‖_F; NaN for a map from several levels.
  package let residual: Double
  /// The similarity of mapped states to B's own; nil without texts to measure on.
  package let similarity: SeamSimilarity?

  /// The maps of all points of a sweep.
  /// - Parameter texts: that no map was fitted on, with a sample.
  /// - Throws: `LinearAlgebraError`.
  static func all(
    of sweep: StitchSweep, _ maps: StitchingMaps, measuredOn texts: SeamStatistics?, _ threads: Threads
  ) throws -> [StitchPoint: MapFacts] {
    var known: [StitchingMap.Key: (condition: Double, residual: Double)] = [:]
    var result: [StitchPoint: MapFacts] = [:]
    for (cut, all) in sweep.maps {
      let reference = texts.flatMap {
        SeamSimilarity.Reference($0, at: cut, wE: sweep.finetuned.wE, threads: threads)
      }
      for map in all {
        let key = StitchingMap.Key(map.recipe, draw: map.draw, cut: cut)
        let own = try known[key] ?? (map.condition(), maps.residual(of: map))
        known[key] = own
        result[sweep.point(cut, map)] = MapFacts(
          chosen: map.chosen, ridge: map.ridge, divergence: map.divergence, condition: own.condition,
          residual: own.residual,
          similarity: reference.flatMap { SeamSimilarity(of: map, to: $0, threads: threads) })
      }
    }
    return result
  }
}

extension MapFacts: Encodable {
  private enum CodingKeys: String, CodingKey {
    case chosen, condition, residual, ridge, similarity
    case divergence = "kl_to_finetuned"
  }

  /// The properties in the results of an experiment.
  /// - Throws: `FileError`.
  package static func read(run directory: String) throws -> [StitchPoint: MapFacts] {
    let points = try JSONNode.read(directory + "/results.json")["points"].array()
    return Dictionary(
      try points.compactMap { node in
        let facts = node["facts"]
        return facts.isPresent ? (try StitchPoint(node), try MapFacts(facts)) : nil
      }, uniquingKeysWith: { first, _ in first })
  }

  private init(_ node: JSONNode) throws {
    chosen = node["chosen"].isPresent ? try MapRecipe(node["chosen"]) : nil
    ridge = node["ridge"].isPresent ? try node["ridge"].double() : nil
    divergence = node["kl_to_finetuned"].isPresent ? try node["kl_to_finetuned"].double() : nil
    // What is not finite is written as null.
    condition = node["condition"].isPresent ? try node["condition"].double() : .infinity
    residual = node["residual"].isPresent ? try node["residual"].double() : .nan
    similarity = node["similarity"].isPresent ? try SeamSimilarity(node["similarity"]) : nil
  }
}

extension SeamSimilarity: Encodable {
  package func encode(to encoder: any Encoder) throws {
    try encoder.encode([
      "cka": alignment, "cosine": cosine, "sampled_tokens": sampled, "top10_overlap": tokenOverlap,
    ])
  }

  fileprivate init(_ node: JSONNode) throws {
    func number(_ key: String) throws -> Double { node[key].isPresent ? try node[key].double() : .nan }
    self.init(
      alignment: try number("cka"), cosine: try number("cosine"), tokenOverlap: try number("top10_overlap"),
      sampled: try node["sampled_tokens"].int())
  }
}
