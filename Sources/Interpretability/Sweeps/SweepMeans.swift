import Evaluation
import Transformer

/// Sweeps of one kind over several texts, averaged part by part, with intervals over the texts.
public struct SweepMeans: Sendable, Equatable {
  /// The mean effect of one part.
  public struct Effect: Sendable, Equatable {
    /// Over the texts with an effect; nil where none has one.
    public let mean: Double?
    /// The percentile bootstrap of the mean, 95%.
    public let interval: Interval?
    /// How many texts have an effect: a patch has none where both texts have one logit difference.
    public let texts: Int
    /// The mean of the logit differences with this part changed, over all texts.
    public let difference: Double
  }

  /// The sweeps, in the order of the texts.
  public let sweeps: [SiteSweep]
  /// [sites][columns]
  public let effects: [[Effect]]

  /// - Parameter seed: of the bootstrap.
  /// - Throws: `InterpretabilityError.sweepsOfDifferentShapes` for texts of different lengths, unless heads are changed;
  ///   `.nothingToPredict` without a text.
  public init(_ sweeps: [SiteSweep], seed: UInt64) throws {
    guard let first = sweeps.first else { throw InterpretabilityError.nothingToPredict }
    for (index, sweep) in sweeps.enumerated() {
      guard sweep.kind == first.kind, sweep.sites == first.sites, sweep.columns == first.columns else {
        throw InterpretabilityError.sweepsOfDifferentShapes(
          text: index + 1, found: sweep.columns, expected: first.columns)
      }
    }
    self.sweeps = sweeps
    let all = sweeps.map(\.effects)
    effects = first.sites.indices.map { row in
      (0..<first.columns).map { column in
        let values = all.compactMap { $0[row][column] }
        let mean = SampleMean(of: values, seed: seed)
        return Effect(
          mean: mean?.value, interval: mean?.interval, texts: values.count,
          difference: sweeps.reduce(0) { $0 + $1.differences[row][column] } / Double(sweeps.count))
      }
    }
  }

  /// The mean LD of the unchanged texts.
  public var difference: Double { mean(sweeps.map(\.difference)) }
  /// The mean LD of the texts that values are taken from; nil for ablations.
  public var sourceDifference: Double? {
    let values = sweeps.compactMap(\.sourceDifference)
    return values.isEmpty ? nil : mean(values)
  }

  private func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
}
