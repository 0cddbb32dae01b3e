import ArgumentParser
import Files
import Interpretability

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
  @OptionGroup var tables: TableOptions
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
    let heads = try head.heads(of: opened, borrowing: unembedding.map { try CheckpointArgument.open($0) })
    let digest = BackgroundDigest(of: opened)
    let texts = try corpus.corpus(opened, maxLength: maxLength, threads: threads.count)
    let fit = try texts.fit(
      opened, head: heads[0], ridge: ridge, steps: steps, rate: rate, seed: corpus.data.seed,
      workspace: threads.workspace(), progress: .command)
    let options: JSONMembers =
      try corpus.members(opened, maxLength: maxLength) + [
        "head": head.rawValue, "rate": rate, "ridge": ridge, "steps": steps, "unembedding": unembedding,
      ] + threads.member
    let stamp = ResultStamp(
      command: "lens-fit", model: opened, digest: digest, dataset: texts.dataset, seed: corpus.data.seed,
      options: options)
    try fit.lens.write(to: output.path, metadata: ["graft.fit": stamp.object().serialized()])
    let object = try stamp.object([
      "levels": fit.levels, "output": output.path, "places": fit.places, "truncated": texts.encoded.truncatedCount,
      "unembedding_sha256": fit.lens.unembeddingDigest,
    ])
    let table = fit.table(model: opened.name, dataset: texts.dataset.name)
    try tables.write([table])
    try display.print(object, beside: output, tables.table) { style in
      table.text(style) + "\n"
        + style.painted("written: ", .faint) + "\(output)\n"
    }
  }
}
