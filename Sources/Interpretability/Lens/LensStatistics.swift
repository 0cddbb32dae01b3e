import Evaluation
import Files
import Foundation
import Transformer

/// The lens over a corpus (Belrose et al. 2023, sections 2 and 3): means over all positions, with intervals from
/// resampled texts.
package struct LensStatistics: Sendable {
  /// A number and its 95% interval; nil with too little data for one.
  package struct Estimate: Sendable, Equatable {
    package let value: Double
    package let interval: Interval?
  }

  package struct Level: Sendable {
    package let level: LensLevel
    package let entropy: Estimate
    /// KL(final ‖ level)
    package let klToFinal: Estimate
    /// Cross-entropy of the true token in nats.
    package let loss: Estimate
    /// The same in bits per byte of the true tokens.
    package let bitsPerByte: Estimate
    /// The share of positions whose most probable item is the final one.
    package let agreement: Estimate
    /// The share of positions whose most probable item is the final one here and at every later level.
    package let settled: Estimate
    /// KL(mean final ‖ mean level), the divergence of the average distributions. Where there are parts to leave out it
    /// is the jackknife's estimate, without the bias from few positions for a large vocabulary.
    package let bias: Estimate
  }

  package let levels: [Level]
  package let texts: Int
  package let places: Int
  package let bytes: Int
  /// The mean number of blocks after which a position has its final answer and keeps it; 0 for the embeddings.
  package let settleDepth: Estimate
  /// The same of the tuned levels; nil where there are none.
  package let tunedSettleDepth: Estimate?

  /// - Parameters:
  ///   - levels: those of the sums, in their order; the last is the model's output.
  ///   - seed: of the bootstrap.
  /// - Throws: `InterpretabilityError.nothingToPredict`.
  package init(levels: [LensLevel], parts: [LensCorpusPart], seed: UInt64) throws {
    let texts = parts.flatMap(\.texts).filter { $0.places > 0 }
    guard !texts.isEmpty else { throw InterpretabilityError.nothingToPredict }
    let places = texts.map { Double($0.places) }
    func mean(_ value: (LensTextSums) -> Double) -> Estimate {
      Self.ratio(texts.map(value), places, seed: seed)
    }
    let bits = texts.filter { $0.bytes > 0 }
    let bytes = bits.map { Double($0.bytes) }
    let biases = Self.biases(parts, seed: seed)
    self.levels = levels.enumerated().map { index, level in
      Level(
        level: level, entropy: mean { $0.levels[index].entropy }, klToFinal: mean { $0.levels[index].klToFinal },
        loss: mean { $0.levels[index].loss },
        bitsPerByte: Self.ratio(bits.map { $0.levels[index].loss / M_LN2 }, bytes, seed: seed),
        agreement: mean { Double($0.levels[index].agreeing) }, settled: mean { Double($0.levels[index].settled) },
        bias: biases[index])
    }
    self.texts = texts.count
    self.places = texts.reduce(0) { $0 + $1.places }
    self.bytes = texts.reduce(0) { $0 + $1.bytes }
    // A position settled at a level is settled above it: the depth counts the levels at which it is not.
    func depth(tuned: Bool) -> Estimate {
      let outputs = levels.indices.filter { levels[$0].isBlockOutput && levels[$0].isTuned == tuned }
      return mean { text in outputs.reduce(0) { $0 + Double(text.places - text.levels[$1].settled) } }
    }
    settleDepth = depth(tuned: false)
    tunedSettleDepth = levels.contains(where: \.isTuned) ? depth(tuned: true) : nil
  }

  private static func ratio(_ numerators: [Double], _ denominators: [Double], seed: UInt64) -> Estimate {
    guard !numerators.isEmpty else { return Estimate(value: .nan, interval: nil) }
    return Estimate(
      value: numerators.reduce(0, +) / denominators.reduce(0, +),
      interval: .bootstrap(ratioOf: numerators, to: denominators, seed: seed))
  }

  /// KL(mean final ‖ mean level). It is not a mean over texts, so its interval is over parts of the corpus: each part's
  /// pseudo-value is h T - (h - 1) T₋ₚ (the delete-m jackknife of Busing, Meijer and van der Leeden 1999, Statistics
  /// and Computing 9:3), h the corpus over the part, T₋ₚ without it. Their mean, weighted by 1 / h, is the estimate and
  /// is bootstrapped.
  private static func biases(_ parts: [LensCorpusPart], seed: UInt64) -> [Estimate] {
    let parts = parts.filter { $0.texts.contains { $0.places > 0 } }
    let sizes = parts.map { Double($0.texts.reduce(0) { $0 + $1.places }) }
    let levels = parts.first?.distributions.count ?? 0
    func total(_ level: Int) -> [Double] {
      var sum = [Double](repeating: 0, count: parts.first?.distributions[level].count ?? 0)
      for part in parts { for (id, value) in part.distributions[level].enumerated() { sum[id] += Double(value) } }
      return sum
    }
    let final = total(levels - 1)
    return (0..<levels).map { level in
      let own = total(level)
      let value = divergence(final, own)
      guard parts.count > 1 else { return Estimate(value: value, interval: nil) }
      let weighted = zip(parts, sizes).map { part, size in
        let left = (less(final, part.distributions[levels - 1]), less(own, part.distributions[level]))
        let ratio = sizes.reduce(0, +) / size
        return size * (ratio * value - (ratio - 1) * divergence(left.0, left.1))
      }
      return ratio(weighted, sizes, seed: seed)
    }
  }

  private static func less(_ sums: [Double], _ part: [Float]) -> [Double] {
    zip(sums, part).map { max(0, $0 - Double($1)) }
  }

  /// KL of two distributions given as sums. A probability below Float32's range counts as the least in it.
  private static func divergence(_ p: [Double], _ q: [Double]) -> Double {
    let (pTotal, qTotal) = (p.reduce(0, +), q.reduce(0, +))
    let least = Double(Float.leastNormalMagnitude)
    var sum = 0.0
    for (p, q) in zip(p, q) where p > 0 { sum += p / pTotal * log(p / pTotal / max(q / qTotal, least)) }
    return max(0, sum)
  }
}

extension LensStatistics: Encodable {
  /// Each estimate has its interval under its name with `_ci95`, null where there is none.
  package func encode(to encoder: any Encoder) throws {
    try encoder.encode(["bytes": bytes, "places": places, "texts": texts, "levels": levels])
    try encoder.encode(settleDepth.members("settle_blocks") + tunedSettleDepth?.members("tuned_settle_blocks"))
  }

  /// Reads what was encoded.
  /// - Throws: `FileError` that names what is missing or of the wrong type.
  package init(_ object: JSONNode) throws {
    levels = try object["levels"].array().map { level in
      guard let site = Site(rawValue: try level["site"].string()) else {
        throw level["site"].wrong("a site of a block")
      }
      return Level(
        level: LensLevel(layer: try level["layer"].int(), site: site, isTuned: try level["tuned"].bool()),
        entropy: try Estimate(level, "entropy"),
        klToFinal: try Estimate(level, "kl_to_final"), loss: try Estimate(level, "loss"),
        bitsPerByte: try Estimate(level, "bits_per_byte"), agreement: try Estimate(level, "agreement"),
        settled: try Estimate(level, "settled"), bias: try Estimate(level, "bias"))
    }
    texts = try object["texts"].int()
    places = try object["places"].int()
    bytes = try object["bytes"].int()
    settleDepth = try Estimate(object, "settle_blocks")
    tunedSettleDepth = object["tuned_settle_blocks"].isPresent ? try Estimate(object, "tuned_settle_blocks") : nil
  }
}

extension LensStatistics.Level: Encodable {
  package func encode(to encoder: any Encoder) throws {
    try level.encode(to: encoder)
    for (name, estimate) in [
      ("agreement", agreement), ("bias", bias), ("bits_per_byte", bitsPerByte), ("entropy", entropy),
      ("kl_to_final", klToFinal), ("loss", loss), ("settled", settled),
    ] { try encoder.encode(estimate.members(name)) }
  }
}

extension LensStatistics.Estimate {
  func members(_ name: String) -> JSONMembers { [name: value, name + "_ci95": interval] }

  init(_ object: JSONNode, _ name: String) throws {
    value = object[name].isPresent ? try object[name].double() : .nan
    guard object[name + "_ci95"].isPresent else {
      interval = nil
      return
    }
    let ends = try object[name + "_ci95"].array().map { $0.isPresent ? try $0.double() : .nan }
    guard ends.count == 2 else { throw object[name + "_ci95"].wrong("two numbers") }
    interval = Interval(low: ends[0], high: ends[1])
  }
}
