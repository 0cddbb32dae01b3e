import ArgumentParser
import Evaluation
import Files
import Foundation
import Reporting
import Training
import Transformer

struct FineTune: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "finetune",
    abstract: "Train a classifier and the last blocks of a model.",
    discussion: """
      The embeddings and the lower blocks stay as they are: their output for a text is computed once and stored on disk. \
      AdamW, a learning rate that rises and then falls linearly to 0, gradients of bounded norm. After every epoch the \
      classifier is scored, on --test or on a part of the data that is held out. --resume resumes \
      a run that was stopped, and ends with the same bytes.

      -o becomes a Hugging Face directory (BertForSequenceClassification or the same of its family, \
      GPT2ForSequenceClassification or, with --head mean, GPT2ForTokenClassification) with results.json and \
      predictions.jsonl beside the weights. With --seeds it gets \
      one such directory per seed and a results.json over all of them. config.json keeps the names of the classes.

      EXAMPLES:
        graft finetune imdb-bert-1 --dataset evaluation/imdb/train.jsonl \\
          --learning-rate 1e-3 --max-length 256 -o sentiment
        graft finetune imdb-gpt2-narrow --dataset evaluation/imdb/train.jsonl \\
          --test evaluation/imdb/test.jsonl --recipe paper --seeds 1..3 -o runs
      """)

  @OptionGroup var model: CheckpointArgument

  @Option(
    help: ArgumentHelp(
      "An aclImdb folder, or a .csv, .tsv or .jsonl file of texts and labels (docs/datasets.md).", valueName: "path")
  )
  var dataset: String

  @OptionGroup var columns: ColumnOptions

  @Option(help: "Only this many training texts, drawn so that the classes keep their shares.")
  var limit: Int?

  @Option(
    help: ArgumentHelp("What to score on: a data set as --dataset (of a folder its test part).", valueName: "path"))
  var test: String?

  @Option(help: "Only this many of the texts to score on.")
  var testLimit: Int?

  @Option(help: "Without --test: the share of the data that is held out.")
  var holdOut = 0.1

  @OptionGroup var training: FineTuneOptions
  @OptionGroup var classification: ClassificationOptions

  @Option(
    help: ArgumentHelp(
      "Names of the classes, with commas between (default: those of the starting classifier that fits, else the words of "
        + "the dataset).", valueName: "name,..."))
  var labels: String?

  @Option(help: "Decides the new weights, the order of the texts and what is drawn.")
  var seed: UInt64 = 42

  @Option(help: ArgumentHelp("Several runs, one per seed: 1..11, or 1,4,9.", valueName: "seeds"))
  var seeds: SeedList?

  @Option(help: "Gigabytes of disk for the states of the texts after the frozen blocks; 0 for none.")
  var cache = 4.0

  @Option(help: ArgumentHelp("Steps between the states that --resume can start from.", valueName: "steps"))
  var checkpointEvery = 200

  @OptionGroup var recording: RunOptions
  @OptionGroup var threads: ThreadOptions
  @OptionGroup var tables: TableOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if recording.output == nil { throw ValidationError("Give the folder of the result, -o.") }
    if let limit, limit < 1 { throw ValidationError("--limit must be at least 1, not \(limit).") }
    if let testLimit, testLimit < 1 { throw ValidationError("--test-limit must be at least 1, not \(testLimit).") }
    if !(holdOut > 0 && holdOut < 1) { throw ValidationError("--hold-out must be between 0 and 1, not \(holdOut).") }
    if !(cache >= 0 && cache <= 1e6) { throw ValidationError("--cache must be at least 0, not \(cache).") }
    if checkpointEvery < 1 { throw ValidationError("--checkpoint-every must be at least 1, not \(checkpointEvery).") }
    if seed > UInt64(Int.max) { throw ValidationError("--seed must be at most \(Int.max), not \(seed).") }
  }

  func run() throws {
    let opened = try model.open()
    let kind = training.kind(for: opened)
    try kind.check(for: opened)
    let (readTrain, readTest) = try readData()
    let classes = try classes(of: opened, readTrain)
    let (train, scored) = (try readTrain.labelled(for: classes), try readTest.labelled(for: classes))
    let cleaning = try classification.cleaning(for: opened)
    let length = try min(training.recipeMaxLength ?? .max, classification.length(for: [opened]))
    let tokenizer = try opened.notedTokenizer()
    func encode(_ dataset: Dataset) throws -> EncodedReviews {
      try EncodedReviews.noting(
        dataset, for: opened, tokenizer: tokenizer, cleaning: cleaning, maxLength: length, threads: threads.count)
    }
    let digest = BackgroundDigest(of: opened)
    let options =
      training.members(kind) + [
        "labels": classes.names, "max_length": length, "test": scored.name, "test_sha256": try scored.sha256(),
        "test_label_order": (scored.labelOrder ?? .names).rawValue, "text_cleaning": cleaning.rawValue,
      ] + threads.member + columns.members
    let directory = recording.output?.path ?? ""
    let runs = FineTuneRuns(
      opened, train: try encode(train), test: try encode(scored),
      plan: .init(
        kind: kind, labels: classes.names, cleaning: cleaning, blocks: training.blocks,
        trainsWeightsOnly: training.trainsWeightsOnly, settings: training.settings),
      storage: .init(
        directory: directory, resume: recording.resume, cacheBytes: Int(cache * 1e9),
        cacheKey: try digest.wait() + train.sha256() + "\(length) \(cleaning.rawValue) \(training.blocks)",
        checkpointEvery: checkpointEvery),
      threads: threads.count, progress: .command
    ) { seed, members in
      try ResultStamp(
        command: "finetune", model: opened, digest: digest, dataset: train, seed: seed, options: options
      ).object(members)
    }
    Interruption.keeps(in: directory, option: "--resume")
    let object = try seeds.map { try runs.run(seeds: $0.seeds) } ?? runs.run(seed: seed)
    let summary = FineTuneSummary(object, directory: directory)
    try tables.write(summary.tables)
    try output.print(object, beside: tables.table) { summary.text($0) }
  }

  /// What is trained on and what is scored on.
  private func readData() throws -> (train: Dataset, test: Dataset) {
    func read(_ path: String, _ split: Dataset.Split) throws -> Dataset {
      try columns.read(path, split: Folder.exists(path) ? split : nil, isOnly: test == nil)
    }
    var train = try read(dataset, .train)
    let scored: Dataset
    if let test {
      scored = try read(test, .test)
    } else {
      scored = try train.subset(limit: max(1, Int(Double(train.reviews.count) * holdOut)), seed: seed)
      train = try train.without(scored)
    }
    if let limit = limit ?? training.recipeLimit { train = try train.subset(limit: limit, seed: seed) }
    return (train, try testLimit.map { try scored.subset(limit: $0, seed: seed) } ?? scored)
  }

  /// - Throws: `ValidationError` for names that do not fit; `LabelError`, `TrainingError`.
  private func classes(of model: Model, _ train: Dataset) throws -> ClassNames {
    let names = labels?.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    let classes = try ClassNames(training: model, on: train, named: names)
    if let names, Set(names).count < names.count || names.contains("") {
      throw ValidationError("--labels must name each class once, not \(names.joined(separator: ",")).")
    }
    let numbered = train.classNames == nil ? (train.reviews.map(\.label).max() ?? 0) + 1 : 2
    if let names, names.count < numbered {
      throw ValidationError("--labels must name \(numbered) classes, each once, not \(names.count).")
    }
    return classes
  }
}
