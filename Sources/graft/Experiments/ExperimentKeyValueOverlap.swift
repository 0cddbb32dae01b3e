import ArgumentParser
import Files
import Interpretability
import Reporting
import Transformer

struct ExperimentKeyValueOverlap: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "key-value-overlap",
    abstract: "Find neurons whose key and value speak of the same tokens.",
    discussion: """
      Lists the neurons whose k highest tokens (by score, sign kept) of key and value overlap by at least --threshold, \
      intersection over union, and counts how many do when values are permuted within the block. The filters choose the \
      tokens that take part.

      EXAMPLES:
        graft experiment key-value-overlap imdb-gpt2-wide
        graft experiment key-value-overlap imdb-bert-1 --threshold 0.1 --show 20
        graft experiment key-value-overlap imdb-gpt2-wide --ascii --alphanumeric \\
          --min-length 3 --threshold 0.1
      """, aliases: ["interesting"])

  @OptionGroup var options: ExperimentOptions
  @Option(help: "Tokens in a set.")
  var k = 100
  @Option(help: "The least Sim_k of a pair that is listed.")
  var threshold = 0.4
  @Option(help: "Pairs to print (JSON has all).")
  var show = 10
  @Option(help: "Permutations of the baseline.")
  var draws = 5
  @OptionGroup var filter: TokenFilterOptions
  @OptionGroup var seed: SeedOption

  func validate() throws {
    if k < 1 { throw ValidationError("--k must be at least 1, not \(k).") }
    if !(threshold > 0 && threshold <= 1) {
      throw ValidationError("--threshold must be above 0 and at most 1, not \(threshold).")
    }
    if show < 0 { throw ValidationError("--show must be at least 0, not \(show).") }
    if draws < 1 { throw ValidationError("--draws must be at least 1, not \(draws).") }
  }

  func run() throws {
    let model = try options.model.open()
    let digest = BackgroundDigest(of: model)
    let tokenizer = try model.tokenizer(rows: model.projectionMatrix.rows)
    let experiment = RelatedPairs(model, k: k, draws: draws, seed: seed.seed)
    let wE = model.projectionMatrix
    let ids = try filter.ids(of: tokenizer, below: wE.rows)
    let layers = try ProgressHandler.command.map(0..<model.dimensions.layers, "overlap", unit: "blocks") {
      try experiment.alikeness(layer: $0, threshold: threshold, by: wE, among: ids, threads: options.threads.count)
    }
    let report = KeyValueOverlapReport(
      layers, of: experiment, threshold: threshold, labels: TokenLabels(tokenizer, width: 24))
    let stamp = ResultStamp(
      command: "experiment key-value-overlap", model: model, digest: digest, seed: seed.seed,
      options: filter.members + ["draws": draws, "k": k, "threshold": threshold] + options.threads.member)
    try options.show(ChartColumn([report.figure]), report.tables(show: show), stamp.object(report.members))
  }
}
