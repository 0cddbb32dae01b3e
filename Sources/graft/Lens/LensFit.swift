import ArgumentParser
import DenseMath
import Evaluation
import Files
import Interpretability
import Reporting
import Transformer

struct LensFit: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lens-fit",
    abstract: "Fit a tuned lens: one affine map per layer, after which the head can read it.",
    discussion: """
      One pass over the texts sums the moments of every layer's states with the last one's; ridge regression then gives \
      every map in closed form. --steps continues from there with Adam on KL(final || lens). The file says which head it \
      is for and is refused with any other. Measure it on texts that it was not fitted on: graft lens --dataset --tuned.

      EXAMPLES:
        graft lens-fit imdb-bert-1 --dataset evaluation/imdb/train.jsonl \\
          -o lens.safetensors
        graft lens imdb-bert-1 --text 'a [MASK] film' --tuned lens.safetensors
        graft lens-fit imdb-gpt2-wide --dataset evaluation/imdb/train.jsonl \\
          --steps 500 -o gpt2.safetensors
      """)

  @OptionGroup var model: CheckpointArgument
  @OptionGroup var corpus: LensCorpusOptions

  @Option(name: .shortAndLong, help: .file("The file to write."))
  var output: FileOutput

  @Option(help: "What is added to each variance, as a share of it; more draws the maps towards the plain lens.")
  var ridge = 1e-4

  @Option(help: "Gradient steps after the regression, each on up to 256 places; --seed decides which.")
  var steps = 0

  @Option(help: "The rate of the first step, between standardised numbers; it falls to 0 with the last.")
  var rate = 1e-3

  @Option(help: "mlm: the model's whole head; embedding: the token embedding alone.")
  var head: LensHeadChoice = .mlm

  @Option(
    help: ArgumentHelp(
      "Borrow the head of this model, for a checkpoint without one. \(CheckpointArgument.noStitchedModel)",
      valueName: "model"))
  var unembedding: String?

  @Option(help: "Truncate a text to this many tokens (default: the model's positions).")
  var maxLength: Int?

  @OptionGroup var threads: ThreadOptions
  @OptionGroup var display: OutputOptions

  func validate() throws {
    if !corpus.isGiven { throw ValidationError("Give --dataset.") }
    if !(ridge >= 0 && ridge.isFinite) { throw ValidationError("--ridge must be 0 or more, not \(ridge).") }
    if steps < 0 { throw ValidationError("--steps must be 0 or more, not \(steps).") }
    if !(rate > 0 && rate.isFinite) { throw ValidationError("--rate must be above 0, not \(rate).") }
    if let maxLength, maxLength < 1 { throw ValidationError("--max-length must be at least 1, not \(maxLength).") }
  }

  func run() throws {
    let opened = try model.open()
    let heads = try LensHeads(opened, head, borrowing: unembedding.map { try CheckpointArgument.open($0) })
    let digest = BackgroundDigest(of: opened)
    let texts = try LensCorpus(opened, corpus, maxLength: maxLength, threads: threads.count)
    let workspace = threads.workspace()

    var regression = TunedLensRegression(opened, head: heads.segments[0])
    let progress = Progress(ProgressLine(label: "fit", unit: "batches", total: texts.batchCount))
    for batch in 0..<texts.batchCount {
      try regression.add(texts.texts(ofBatch: batch), workspace: workspace)
      progress.update(batch + 1)
    }
    progress.clear()
    let (fitted, explained) = try Progress.during("regression") { try regression.solve(ridge: ridge) }
    let (lens, divergences) = try train(regression, from: fitted, texts, workspace: workspace)

    let options: JSONMembers =
      texts.members(maxLength: maxLength) + [
        "head": head.rawValue, "rate": rate, "ridge": ridge, "steps": steps, "unembedding": unembedding,
      ] + threads.member
    let stamp = ResultStamp(
      command: "lens-fit", model: opened, digest: digest, dataset: texts.dataset, seed: corpus.data.seed,
      options: options)
    try lens.write(to: output.path, metadata: ["graft.fit": stamp.object().serialized()])
    let levels = LensLevel.all(blocks: lens.translators.count)
    let results = levels.dropLast().enumerated().map { index, level -> JSONMembers in
      ["explained_variance": explained[index], "kl_in_last_steps": divergences.map { $0[index] }, "level": level.name]
    }
    let object = try stamp.object([
      "levels": results, "output": output.path, "places": regression.places, "truncated": texts.truncatedCount,
      "unembedding_sha256": lens.unembeddingDigest,
    ])
    try display.print(object, beside: output) { style in
      var table = Table(
        caption: "\(opened.name): fitted on \(regression.places.counted("token")) of \(texts.dataset.name)",
        columns: [Table.Column("level"), Table.Column("variance explained", .trailing)]
          + (divergences == nil ? [] : [Table.Column("KL in the last steps", .trailing)]))
      for (index, level) in levels.dropLast().enumerated().reversed() {
        table.append(
          [Table.Cell(level.name), .number(explained[index], decimals: 3)]
            + (divergences.map { [.number($0[index], decimals: 3)] } ?? []))
      }
      return table.text(style) + "\n" + style.painted("written: ", .faint) + "\(output)\n"
    }
  }

  /// Gradient steps over the batches in a drawn order, again and again.
  /// - Returns: the lens and each level's mean divergence in the last tenth of the steps; nil without steps.
  private func train(
    _ regression: TunedLensRegression, from start: TunedLens, _ texts: LensCorpus, workspace: Workspace
  ) throws -> (TunedLens, [Double]?) {
    guard steps > 0 else { return (start, nil) }
    var training = TunedLensTraining(
      regression, from: start, steps: steps, rate: rate, seed: corpus.data.seed, workspace: workspace)
    var generator = SplitMix64(seed: corpus.data.seed)
    var order: [Int] = []
    var last: [[Double]] = []
    let progress = Progress(ProgressLine(label: "fit", unit: "steps", total: steps))
    for step in 0..<steps {
      if order.isEmpty { order = generator.permutation(of: texts.batchCount) }
      if let means = try training.step(texts.texts(ofBatch: order.removeLast())), step >= steps - max(1, steps / 10) {
        last.append(means)
      }
      progress.update(step + 1)
    }
    progress.clear()
    let means = start.translators.indices.map { level in
      last.reduce(0) { $0 + $1[level] } / Double(max(1, last.count))
    }
    return (training.lens, means)
  }
}
