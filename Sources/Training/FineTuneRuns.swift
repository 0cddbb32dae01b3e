import Checkpoints
import DenseMath
import Evaluation
import Files
import Foundation
import Transformer

/// Fine-tuning runs with one seed each, each in a folder from which it can be resumed.
package struct FineTuneRuns {
  /// The settings of a run; `settings.seed` is each run's own.
  package struct Plan {
    package let kind: ClassifierKind
    /// Names of the classes.
    package let labels: [String]
    package let cleaning: TextCleaning
    /// The number of last blocks that are trained.
    package let blocks: Int
    /// Whether biases are frozen.
    package let trainsWeightsOnly: Bool
    package let settings: (_ seed: UInt64) -> FineTuningSettings

    package init(
      kind: ClassifierKind, labels: [String], cleaning: TextCleaning, blocks: Int, trainsWeightsOnly: Bool,
      settings: @escaping (_ seed: UInt64) -> FineTuningSettings
    ) {
      (self.kind, self.labels, self.cleaning, self.blocks) = (kind, labels, cleaning, blocks)
      (self.trainsWeightsOnly, self.settings) = (trainsWeightsOnly, settings)
    }
  }

  /// The files of runs, and their limit.
  package struct Storage {
    package let directory: String
    package let resume: Bool
    /// The most bytes for the states of the texts after the frozen blocks.
    package let cacheBytes: Int
    /// What these states depend on.
    package let cacheKey: String
    /// Steps between the states from which a run can be resumed.
    package let checkpointEvery: Int

    package init(directory: String, resume: Bool, cacheBytes: Int, cacheKey: String, checkpointEvery: Int) {
      (self.directory, self.resume, self.cacheBytes) = (directory, resume, cacheBytes)
      (self.cacheKey, self.checkpointEvery) = (cacheKey, checkpointEvery)
    }
  }

  private let model: Model
  private let train: EncodedReviews
  private let test: EncodedReviews
  private let plan: Plan
  private let storage: Storage
  private let threads: Threads
  private let progress: ProgressHandler
  private let result: (_ seed: UInt64?, _ members: JSONMembers) throws -> JSON

  /// - Parameters:
  ///   - train, test: the tokenized texts to train and to score on.
  ///   - result: an object with what defines a run (of all seeds: nil) and the members.
  package init(
    _ model: Model, train: EncodedReviews, test: EncodedReviews, plan: Plan, storage: Storage, threads: Threads,
    progress: ProgressHandler = .none, result: @escaping (_ seed: UInt64?, _ members: JSONMembers) throws -> JSON
  ) {
    (self.model, self.train, self.test, self.plan, self.storage) = (model, train, test, plan, storage)
    (self.threads, self.progress, self.result) = (threads, progress, result)
  }

  /// One run per seed in a folder of its own, and `results.json` over all, which is returned.
  /// - Throws: `RunError`, `FileError`, `TrainingError`, `TransformerError`, `CancellationError`.
  package func run(seeds: [UInt64]) throws -> JSON {
    let directory = storage.directory
    let file = directory + "/results.json"
    if !storage.resume, FileManager.default.fileExists(atPath: file) { throw RunError.exists(directory: directory) }
    try OutputFolder.create(directory)
    let runs = try seeds.map { seed in
      let result = try run(seed: seed, in: "\(directory)/seed-\(seed)", cacheDirectory: directory)
      return JSON.object(
        [JSON.Member("seed", .integer(Int(seed)))]
          + ["accuracy", "ci95", "correct", "loss", "n"].map { JSON.Member($0, result[$0] ?? .null) })
    }
    removeCache(in: directory)
    let accuracies = try runs.map { try JSONNode($0, path: file)["accuracy"].double() }
    let object = try result(
      nil,
      [
        "accuracy_max": accuracies.max() ?? 0, "accuracy_mean": accuracies.reduce(0, +) / Double(accuracies.count),
        "accuracy_min": accuracies.min() ?? 0, "runs": runs,
      ])
    try OutputFile.write(object.serialized(.pretty) + "\n", to: file)
    return object
  }

  /// One run. The object is that of its `results.json`.
  /// - Throws: as above.
  package func run(seed: UInt64) throws -> JSON { try run(seed: seed, in: storage.directory) }

  private func run(seed: UInt64, in directory: String, cacheDirectory: String? = nil) throws -> JSON {
    let settings = plan.settings(seed)
    let journal = try RunJournal(
      directory: directory, stamp: result(seed, [:]), batchCount: settings.epochs, resume: storage.resume)
    let state = directory + "/state.safetensors"
    if !journal.isFinished {
      let workspace = Workspace(threads: threads)
      let trainable = try Trainable(
        model.checkpoint.preparedForClassification(
          plan.kind, labels: plan.labels, cleaning: plan.cleaning, seed: seed),
        lastBlocks: plan.blocks, weightsOnly: plan.trainsWeightsOnly)
      let states = try frozenStates(
        trainable, in: cacheDirectory ?? directory, isReadOften: settings.epochs > 1 || cacheDirectory != nil,
        workspace)
      var tuning = FineTuning(
        trainable, on: states, labels: train.reviews.map(\.label), settings: settings, workspace: workspace)
      if FileManager.default.fileExists(atPath: state) { try tuning.restore(state) }
      for epoch in journal.missingBatches {
        try self.train(&tuning, throughEpoch: epoch, state: state)
        try journal.append(
          batch: epoch, records: try score(trainable.model, epoch, workspace).map { try JSON(encoding: $0) })
      }
      try journal.finish {
        try trainable.model.checkpoint.write(to: directory)
        try model.checkpoint.copyTokenizer(to: directory)
        try writeResults(journal, tuning, trainable, directory: directory)
      }
    }
    try? FileManager.default.removeItem(atPath: state)
    if cacheDirectory == nil { removeCache(in: directory) }
    return try JSON.read(directory + "/results.json")
  }

  private func train(_ tuning: inout FineTuning, throughEpoch epoch: Int, state: String) throws {
    let end = (epoch + 1) * tuning.stepsInEpoch
    let work = ProgressHandler.Work(
      "seed \(tuning.settings.seed), epoch \(epoch + 1)", unit: "steps", total: tuning.schedule.steps,
      resumed: tuning.step)
    try progress.during(work) { update in
      while tuning.step < end {
        try tuning.advance()
        try update(tuning.step)
        if tuning.step % storage.checkpointEvery == 0 || tuning.step == end { try tuning.save(state) }
      }
    }
  }

  private func score(_ model: Model, _ epoch: Int, _ workspace: Workspace) throws -> [Prediction] {
    try progress.during(.init("score epoch \(epoch + 1)", unit: "batches", total: test.batches.count)) { update in
      try test.batches.indices.flatMap { batch in
        let predictions = try test.predictions(of: model, batch: batch, workspace: workspace)
        try update(batch + 1)
        return predictions
      }
    }
  }

  private func frozenStates(
    _ trainable: Trainable, in directory: String, isReadOften: Bool, _ workspace: Workspace
  ) throws -> FrozenStates {
    let digest = Digest()
    digest.update(storage.cacheKey)
    let path = "\(directory)/\(Self.cachePrefix)\(try digest.finish().prefix(16))"
    let usesFile = isReadOften && storage.cacheBytes > 0 && trainable.firstTrainedLayer > 0
    return try FrozenStates(
      trainable, train.reviews, path: usesFile ? path : nil, bound: storage.cacheBytes, workspace: workspace,
      progress: progress)
  }

  private static let cachePrefix = "frozen-"

  private func removeCache(in directory: String) {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    for name in names where name.hasPrefix(Self.cachePrefix) {
      try? FileManager.default.removeItem(atPath: directory + "/" + name)
    }
  }

  private func writeResults(
    _ journal: RunJournal, _ tuning: FineTuning, _ trainable: Trainable, directory: String
  ) throws {
    var epochs: [JSONMembers] = []
    var last: [Prediction] = []
    for epoch in 0..<tuning.settings.epochs {
      last = try journal.records(ofBatch: epoch).map { try Prediction($0) }
      let metrics = try ClassificationMetrics(last)
      let losses = tuning.losses[epoch * tuning.stepsInEpoch..<(epoch + 1) * tuning.stepsInEpoch]
      epochs.append([
        "accuracy": metrics.accuracy, "ci95": metrics.interval, "loss": metrics.loss,
        "training_loss": losses.reduce(0, +) / Double(losses.count),
      ])
    }
    try writeJSONLines(last, to: directory + "/predictions.jsonl")
    let members: JSONMembers = [
      "epochs": epochs, "losses": tuning.losses, "steps": tuning.step,
      "trained_parameters": trainable.parameters.reduce(0) { $0 + $1.count }, "training_texts": train.reviews.count,
      "training_truncated": train.truncatedCount,
    ]
    let object = try result(tuning.settings.seed, members + ClassificationMetrics(last))
    try OutputFile.write(object.serialized(.pretty) + "\n", to: directory + "/results.json")
  }
}
