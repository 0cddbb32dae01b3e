import DenseMath
import Evaluation
import Files
import Foundation
import Reporting
import Training
import Transformer

/// The runs of one `finetune`, each in a folder that can be gone on with.
struct FineTuneRuns {
  let model: Model
  let train: EncodedReviews
  let test: EncodedReviews
  let kind: ClassifierKind
  /// Of the classes.
  let names: [String]
  let cleaning: TextCleaning
  let options: FineTuneOptions
  let cacheBytes: Int
  let checkpointEvery: Int
  let resume: Bool
  let threads: Threads
  let directory: String
  /// What the frozen states depend on.
  let cacheKey: String
  let stamp: (_ seed: UInt64?) -> ResultStamp

  /// One run a seed, and `results.json` over all.
  func run(seeds: [UInt64]) throws -> JSON {
    let file = directory + "/results.json"
    if !resume, FileManager.default.fileExists(atPath: file) { throw RunError.exists(directory: directory) }
    try OutputFolder.create(directory)
    let runs = try seeds.map { seed in
      let result = try run(seed: seed, directory: "\(directory)/seed-\(seed)", cacheDirectory: directory)
      return JSON.object(
        [JSON.Member("seed", .integer(Int(seed)))]
          + ["accuracy", "ci95", "correct", "loss", "n"].map { JSON.Member($0, result[$0] ?? .null) })
    }
    removeCache(in: directory)
    let accuracies = try runs.map { try JSONNode($0, path: file)["accuracy"].double() }
    let object = try stamp(nil).object([
      "accuracy_max": accuracies.max() ?? 0, "accuracy_mean": accuracies.reduce(0, +) / Double(accuracies.count),
      "accuracy_min": accuracies.min() ?? 0, "runs": runs,
    ])
    try OutputFile.write(object.serialized(.pretty) + "\n", to: file)
    return object
  }

  /// One run. The object is that of its `results.json`.
  func run(seed: UInt64, directory: String, cacheDirectory: String? = nil) throws -> JSON {
    let settings = options.settings(seed: seed)
    let stamp = stamp(seed)
    let journal = try RunJournal(
      directory: directory, stamp: stamp.object(), batchCount: settings.epochs, resume: resume)
    Interruption.keeps(in: self.directory, option: "--resume")
    let state = directory + "/state.safetensors"
    if !journal.isFinished {
      let workspace = Workspace(threads: threads)
      let trainable = try Trainable(
        model.checkpoint.preparedForClassification(kind, labels: names, cleaning: cleaning, seed: seed),
        lastBlocks: options.blocks, weightsOnly: options.trainsWeightsOnly)
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
        try copyTokenizer(to: directory)
        try writeResults(journal, stamp, tuning, trainable, directory: directory)
      }
    }
    try? FileManager.default.removeItem(atPath: state)
    if cacheDirectory == nil { removeCache(in: directory) }
    return try JSON.read(directory + "/results.json")
  }

  private func train(_ tuning: inout FineTuning, throughEpoch epoch: Int, state: String) throws {
    let end = (epoch + 1) * tuning.stepsInEpoch
    let progress = Progress(
      ProgressLine(
        label: "seed \(tuning.settings.seed), epoch \(epoch + 1)", unit: "steps", total: tuning.schedule.steps,
        resumed: tuning.step))
    defer { progress.clear() }
    while tuning.step < end {
      try tuning.advance()
      progress.update(tuning.step)
      if tuning.step % checkpointEvery == 0 || tuning.step == end { try tuning.save(state) }
    }
  }

  private func score(_ model: Model, _ epoch: Int, _ workspace: Workspace) throws -> [Prediction] {
    let progress = Progress(
      ProgressLine(label: "score epoch \(epoch + 1)", unit: "batches", total: test.batches.count))
    defer { progress.clear() }
    return try test.batches.indices.flatMap { batch in
      defer { progress.update(batch + 1) }
      return try test.predictions(of: model, batch: batch, workspace: workspace)
    }
  }

  private func frozenStates(
    _ trainable: Trainable, in directory: String, isReadOften: Bool, _ workspace: Workspace
  ) throws -> FrozenStates {
    let digest = Digest()
    digest.update(cacheKey)
    let path = "\(directory)/\(Self.cachePrefix)\(try digest.finish().prefix(16))"
    let usesFile = isReadOften && cacheBytes > 0 && trainable.firstTrainedLayer > 0
    let progress = Progress(ProgressLine(label: "frozen blocks", unit: "texts", total: train.reviews.count))
    defer { progress.clear() }
    return try FrozenStates(
      trainable, train.reviews, path: usesFile ? path : nil, bound: cacheBytes, workspace: workspace
    ) { progress.update($0) }
  }

  private static let cachePrefix = "frozen-"

  private func removeCache(in directory: String) {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    for name in names where name.hasPrefix(Self.cachePrefix) {
      try? FileManager.default.removeItem(atPath: directory + "/" + name)
    }
  }

  /// What a tokenizer is read from, of those that Hugging Face knows.
  private func copyTokenizer(to directory: String) throws {
    for name in [
      "vocab.txt", "vocab.json", "merges.txt", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json",
      "added_tokens.json", "spiece.model", "sentencepiece.bpe.model",
    ] {
      let source = model.tokenizerDirectory + "/" + name
      guard FileManager.default.fileExists(atPath: source) else { continue }
      let file = try MappedFile(source)
      let output = try OutputFile(directory + "/" + name)
      try withExtendedLifetime(file) { try output.write(file.bytes) }
      try output.commit()
    }
  }

  private func writeResults(
    _ journal: RunJournal, _ stamp: ResultStamp, _ tuning: FineTuning, _ trainable: Trainable, directory: String
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
    try writeLines(last, to: directory + "/predictions.jsonl")
    let members: JSONMembers = [
      "epochs": epochs, "losses": tuning.losses, "steps": tuning.step,
      "trained_parameters": trainable.parameters.reduce(0) { $0 + $1.count }, "training_texts": train.reviews.count,
      "training_truncated": train.truncatedCount,
    ]
    try OutputFile.write(
      stamp.object(members + ClassificationMetrics(last)).serialized(.pretty) + "\n", to: directory + "/results.json")
  }
}

/// What `finetune` prints.
struct FineTuneSummary {
  private let object: JSON
  private let directory: String

  init(_ object: JSON, directory: String) {
    self.object = object
    self.directory = directory
  }

  func text(_ style: Style) -> String {
    let isSeveral = object["runs"] != nil
    guard case .array(let rows)? = object[isSeveral ? "runs" : "epochs"] else { return "" }
    var table = Table(columns: [
      Table.Column(isSeveral ? "seed" : "epoch", .trailing), Table.Column("accuracy", .trailing),
      Table.Column("95%", .trailing), Table.Column("loss", .trailing),
    ])
    for (index, row) in rows.enumerated() {
      let node = JSONNode(row, path: directory + "/results.json")
      let interval = (try? node["ci95"].array().map { try $0.double() }) ?? []
      let name = isSeveral ? (try? node["seed"].int()) ?? 0 : index + 1
      table.append([
        .count(name), .number(try? node["accuracy"].double(), decimals: 3),
        .interval(interval.first, interval.last, decimals: 3), .number(try? node["loss"].double(), decimals: 4),
      ])
    }
    return table.text(style) + "\n" + LabelOrder.lines(of: object, style) + "written to \(directory)\n"
  }
}
