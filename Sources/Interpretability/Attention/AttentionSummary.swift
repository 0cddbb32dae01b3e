import Evaluation
import Files

/// A mean over texts.
package struct TextMean: Sendable, Equatable, Encodable {
  /// Texts with the number.
  package let count: Int
  /// NaN without texts.
  package let mean: Double
  /// Percentile bootstrap over the texts, 1,000 resamples; nil without texts.
  package let interval: Interval?

  /// - Parameter values: one per text; those that are not finite are left out.
  package init(_ values: [Double], seed: UInt64) {
    let values = values.filter(\.isFinite)
    count = values.count
    mean = values.isEmpty ? .nan : values.reduce(0, +) / Double(values.count)
    interval = values.isEmpty ? nil : .bootstrap(meanOf: values, seed: seed)
  }

  private enum CodingKeys: String, CodingKey { case count = "texts", mean, interval = "ci95" }
}

/// Effective attention over many texts. For a layer each text's number is the mean over its heads.
package struct AttentionSummary: Sendable {
  /// One head, or one layer.
  package struct Part: Sendable {
    package let layer: Int
    /// nil for a whole layer.
    package let head: Int?
    package let rank: TextMean
    package let nullDimension: TextMean
    package let simplexNullDimension: TextMean
    package let nullShare: TextMean
    package let correlation: TextMean
    /// One per target.
    package let raw: [TextMean]
    package let effective: [TextMean]
    package let magnitude: [TextMean]
  }

  package struct Length: Sendable, Encodable {
    package let length: Int
    /// Of all layers.
    package let whole: TextMean
    package let layers: [TextMean]

    private enum CodingKeys: String, CodingKey { case length, whole = "all", layers }
  }

  package let texts: Int
  package let tokens: Int
  package let targets: [AttentionTarget]
  /// One per target.
  package let uniform: [TextMean]
  package let layers: [Part]
  package let heads: [Part]
  /// Ascending; lengths that no text has are left out.
  package let lengths: [Length]
  /// The largest of all heads and texts.
  package let outputError: Double

  package init(_ records: [AttentionRecord], targets: [AttentionTarget], seed: UInt64) {
    texts = records.count
    tokens = records.reduce(0) { $0 + $1.tokens }
    self.targets = targets
    uniform = targets.indices.map { target in TextMean(records.map { $0.uniform[target] }, seed: seed) }
    outputError = records.flatMap(\.heads).map(\.outputError).max() ?? 0
    let places = records.first?.heads.map { ($0.layer, $0.head) } ?? []

    func part(_ layer: Int, _ head: Int?, _ members: [Int]) -> Part {
      func mean(_ value: (AttentionRecord.Head) -> Double) -> TextMean {
        TextMean(
          records.map { record in
            let all = members.map { value(record.heads[$0]) }.filter(\.isFinite)
            return all.isEmpty ? .nan : all.reduce(0, +) / Double(all.count)
          }, seed: seed)
      }
      return Part(
        layer: layer, head: head, rank: mean { Double($0.rank) }, nullDimension: mean { Double($0.nullDimension) },
        simplexNullDimension: mean { Double($0.simplexNullDimension) }, nullShare: mean(\.nullShare),
        correlation: mean(\.correlation), raw: targets.indices.map { target in mean { $0.shares.raw[target] } },
        effective: targets.indices.map { target in mean { $0.shares.effective[target] } },
        magnitude: targets.indices.map { target in mean { $0.shares.magnitude[target] } })
    }
    heads = places.enumerated().map { index, place in part(place.0, place.1, [index]) }
    layers = Set(places.map(\.0)).sorted().map { layer in
      part(layer, nil, places.indices.filter { places[$0].0 == layer })
    }
    let all = Set(records.flatMap { $0.correlations.map(\.length) }).sorted()
    lengths = all.map { length in
      let found = records.compactMap { $0.correlations.first { $0.length == length }?.layers }
      return Length(
        length: length,
        whole: TextMean(
          found.map { layers in
            let all = layers.filter(\.isFinite)
            return all.isEmpty ? .nan : all.reduce(0, +) / Double(all.count)
          }, seed: seed),
        layers: (found.first ?? []).indices.map { layer in TextMean(found.map { $0[layer] }, seed: seed) })
    }
  }
}

extension AttentionSummary: Encodable {
  package func encode(to encoder: any Encoder) throws {
    func members(_ part: Part) -> JSONMembers {
      let shares = targets.indices.map { index -> [String: TextMean] in
        ["effective": part.effective[index], "magnitude": part.magnitude[index], "raw": part.raw[index]]
      }
      return [
        "correlation": part.correlation, "head": Absent(wrappedValue: part.head), "layer": part.layer,
        "null_dimension": part.nullDimension, "null_share": part.nullShare, "rank": part.rank,
        "shares": AttentionTarget.members(targets, shares), "simplex_null_dimension": part.simplexNullDimension,
      ]
    }
    try encoder.encode([
      "heads": heads.map(members), "layers": layers.map(members), "lengths": lengths, "output_error": outputError,
      "texts": texts, "tokens": tokens, "uniform": AttentionTarget.members(targets, uniform),
    ])
  }
}
