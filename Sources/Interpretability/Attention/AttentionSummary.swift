import Evaluation
import Files

/// A mean over texts.
package struct TextMean: Sendable, Equatable {
  /// Texts that have the number.
  package let count: Int
  /// NaN without texts.
  package let mean: Double
  /// Percentile bootstrap over the texts, 1,000 resamples; nil without texts.
  package let interval: Interval?

  /// - Parameter values: one a text; those that are not finite are left out.
  package init(_ values: [Double], seed: UInt64) {
    let values = values.filter(\.isFinite)
    count = values.count
    mean = values.isEmpty ? .nan : values.reduce(0, +) / Double(values.count)
    interval = values.isEmpty ? nil : .bootstrap(meanOf: values, seed: seed)
  }

  package var json: JSON {
    [
      "ci95": interval.map { .array([.number($0.low), .number($0.high)]) } ?? .null, "mean": .number(mean),
      "texts": .integer(count),
    ]
  }
}

/// Effective attention over many texts. Numbers of a layer are the means over its heads, made text by text.
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
    /// One a target.
    package let raw: [TextMean]
    package let effective: [TextMean]
    package let magnitude: [TextMean]
  }

  package struct Length: Sendable {
    package let length: Int
    /// Of all layers.
    package let whole: TextMean
    package let layers: [TextMean]
  }

  package let texts: Int
  package let tokens: Int
  package let targets: [AttentionTarget]
  /// One a target.
  package let uniform: [TextMean]
  package let layers: [Part]
  package let heads: [Part]
  /// Ascending; a length that no text has is not there.
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

  /// As a member of a result.
  package var json: JSON {
    [
      "heads": .array(heads.map(json)), "layers": .array(layers.map(json)),
      "lengths": .array(
        lengths.map { length in
          [
            "all": length.whole.json, "layers": .array(length.layers.map(\.json)), "length": .integer(length.length),
          ]
        }),
      "output_error": .number(outputError), "texts": .integer(texts), "tokens": .integer(tokens),
      "uniform": .object(zip(targets, uniform).map { JSON.Member($0.rawValue, $1.json) }),
    ]
  }

  private func json(_ part: Part) -> JSON {
    let shares = targets.enumerated().map { index, target in
      JSON.Member(
        target.rawValue,
        [
          "effective": part.effective[index].json, "magnitude": part.magnitude[index].json, "raw": part.raw[index].json,
        ])
    }
    let members: [JSON.Member] = [
      JSON.Member("correlation", part.correlation.json), JSON.Member("layer", .integer(part.layer)),
      JSON.Member("null_dimension", part.nullDimension.json), JSON.Member("null_share", part.nullShare.json),
      JSON.Member("rank", part.rank.json), JSON.Member("shares", .object(shares)),
      JSON.Member("simplex_null_dimension", part.simplexNullDimension.json),
    ]
    return .object(members + (part.head.map { [JSON.Member("head", .integer($0))] } ?? []))
  }
}
