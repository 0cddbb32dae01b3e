import ArgumentParser
import Files
import Interpretability
import Reporting

struct ExperimentRecall: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "recall",
    abstract: "Do the parameters that are active say what the hidden state says?",
    discussion: """
      R_k is the share of the k tokens on which a hidden state scores highest that is among the k highest tokens of at \
      least one of the most active parameters of the block: neurons by their activation, sub-heads by what enters W_O. \
      Beside it, for the same states, the parameters that were active at another position. States pass the final norm \
      (GPT-2); targets are the block's own output and that of the last block.

      EXAMPLES:
        graft experiment recall imdb-gpt2-wide \\
          --dataset evaluation/imdb/test.jsonl --limit 200
        graft experiment recall imdb-bert-1 --positions 500 --svg recall.svg \\
          --dataset evaluation/imdb/test.jsonl --limit 60
      """)

  @OptionGroup var options: ExperimentOptions
  @Option(help: "Tokens in a set.")
  var k = 50
  @Option(help: "Parameters of each kind that count as active at a position.")
  var active = 5
  @Option(help: "Positions, drawn from all of all texts.")
  var positions = 1000
  @OptionGroup var data: DatasetOptions
  @OptionGroup var classification: ClassificationOptions

  func validate() throws {
    if k < 1 { throw ValidationError("--k must be at least 1, not \(k).") }
    if active < 1 { throw ValidationError("--active must be at least 1, not \(active).") }
    if positions < 2 { throw ValidationError("--positions must be at least 2, not \(positions).") }
    if data.dataset == nil { throw ValidationError("Give --dataset.") }
  }

  func run() throws {
    let model = try options.model.open()
    let digest = BackgroundDigest(of: model)
    let workspace = options.threads.workspace()
    let texts = try ExperimentTexts(data, classification, for: model, threads: workspace.threads)
    let sample = SampledPositions(positions, of: texts.tokens, seed: data.seed)
    let experiment = ActivationRecall(model, k: k, active: active, sample: sample, seed: data.seed)
    let rows = try experiment.means(
      over: texts.batches, by: model.projectionMatrix, workspace: workspace, progress: .command)
    let report = ActivationRecallReport(rows, of: experiment)
    let stamp = ResultStamp(
      command: "experiment recall", model: model, digest: digest, dataset: texts.dataset, seed: data.seed,
      options: data.members + classification.members(texts.cleaning) + [
        "active": active, "k": k, "positions": positions,
      ] + options.threads.member)
    try options.show(
      report.figure, report.tables,
      stamp.object([
        "n": sample.positions.count, "recalls": report.members, "tokens": texts.tokens,
        "truncated": texts.encoded.truncatedCount,
      ]))
  }
}
