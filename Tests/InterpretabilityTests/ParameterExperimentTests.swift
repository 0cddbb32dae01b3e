import DenseMath
import Evaluation
import Interpretability
import TestSupport
import Testing
import Transformer

/// The experiments' loops over a whole model.
@Suite struct ParameterExperimentTests {
  private static let names = ["tiny/gpt2", "tiny/bert"]
  private static let texts: [[Int32]] = [[3, 1, 4, 1, 5], [9, 2, 6], [5, 3, 5, 8, 9, 7]]

  /// Means are those of what single calls find, in their order.
  @Test(arguments: names) func recallMeansAreThoseOfTheRecalls(_ name: String) throws {
    let model = try Golden.model(name)
    let experiment = ActivationRecall(
      model, k: 3, active: 2, sample: SampledPositions(8, of: 14, seed: 1), seed: 1)
    let batches = Self.texts.map { [$0] }
    let means = try experiment.means(over: batches, by: model.wE, workspace: Workspace(), progress: .none)
    let recalls = try experiment.recalls(
      experiment.activations(over: batches, workspace: Workspace()), by: model.wE, workspace: Workspace())
    #expect(means.count == recalls.count && means.count == model.dimensions.layers * 4 * 2)
    for (mean, recall) in zip(means, recalls) {
      #expect(mean.kind == recall.kind && mean.layer == recall.layer && mean.target == recall.target)
      let (aligned, random) = (recall.aligned.reduce(0, +) / 8, recall.random.reduce(0, +) / 8)
      expectClose(
        [mean.aligned.value, mean.random.value, mean.difference.value], [aligned, random, aligned - random],
        absolute: 1e-12, relative: 1e-12, "\(mean.kind)")
    }
  }

  @Test(arguments: names) func similaritiesCoverEveryPairAndBlock(_ name: String) throws {
    let model = try Golden.model(name)
    let experiment = RelatedPairs(model, k: 4, draws: 2, seed: 3)
    let found = try experiment.similarities(by: model.wE, threads: Threads(2), progress: .none)
    let layers = model.dimensions.layers
    #expect(found.map(\.similarities.layer) == RelatedPairs.Pair.allCases.flatMap { _ in Array(0..<layers) })
    for (similarities, mean) in found {
      let single = try experiment.similarities(
        similarities.pair, layer: similarities.layer, by: model.wE, threads: Threads(1))
      #expect(single.aligned == similarities.aligned && single.shuffled == similarities.shuffled)
      expectClose(
        [mean.value], [single.aligned.reduce(0, +) / Double(single.aligned.count)], absolute: 1e-12, relative: 1e-12,
        "mean")
    }
  }

  /// Shares begin with all pairs at 0, fall, and end where none is left.
  @Test(arguments: names) func sharesFallFromOneToZero(_ name: String) throws {
    let model = try Golden.model(name)
    let experiment = RelatedPairs(model, k: 4, draws: 2, seed: 3)
    let layers = try (0..<model.dimensions.layers).map {
      try experiment.alikeness(layer: $0, threshold: 0.2, by: model.wE, threads: Threads(1))
    }
    let shares = experiment.shares(layers)
    #expect(shares[0].aligned == 1 && shares[0].shuffled == [1, 1])
    #expect(zip(shares, shares.dropFirst()).allSatisfy { $0.aligned >= $1.aligned })
    let all = layers.flatMap(\.aligned)
    for share in shares {
      #expect(share.aligned == Double(all.count { $0 >= share.similarity }) / Double(all.count))
    }
    #expect(shares.dropLast().allSatisfy { $0.aligned > 0 || $0.shuffled.contains { $0 > 0 } })
  }

  @Test(arguments: names) func curvesAreThePointsOfEachProjection(_ name: String) throws {
    let model = try Golden.model(name)
    let experiment = try KeepK(wE: model.wE, threads: Threads(2))
    let vectors = KeepK.normalVectors(6, of: model, seed: 1)
    let ks = [2, 5, model.wE.rows]
    let curves = try experiment.curves([vectors], ks: ks, seed: 1, progress: .none)
    #expect(
      try curves == [KeepK.Projection.allCases.map { try experiment.points(vectors, $0, ks: ks, seed: 1) }])
  }
}
