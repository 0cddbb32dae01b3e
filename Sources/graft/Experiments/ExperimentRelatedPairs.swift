import ArgumentParser
import Files
import Interpretability
import Reporting

struct ExperimentRelatedPairs: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "related-pairs",
    abstract: "Do parameters that work together speak of the same tokens?",
    discussion: """
      Sim_k is the share that the k strongest tokens (by |score|) of two vectors have in common, intersection over union. \
      For each block: key and value of a neuron, the value and output side of a sub-head, its query and key side; and the \
      same with one side permuted over the whole block.

      EXAMPLES:
        graft experiment related-pairs imdb-bert-1
        graft experiment related-pairs imdb-gpt2-wide --k 50 --svg pairs.svg
      """)

  @OptionGroup var options: ExperimentOptions
  @Option(help: "Tokens in a set.")
  var k = 100
  @Option(help: "Permutations of the baseline.")
  var draws = 5
  @OptionGroup var seed: SeedOption

  func validate() throws {
    if k < 1 { throw ValidationError("--k must be at least 1, not \(k).") }
    if draws < 1 { throw ValidationError("--draws must be at least 1, not \(draws).") }
  }

  func run() throws {
    let model = try options.model.open()
    let digest = BackgroundDigest(of: model)
    let experiment = RelatedPairs(model, k: k, draws: draws, seed: seed.seed)
    let wE = model.projectionMatrix
    let found = try experiment.similarities(by: wE, threads: options.threads.count, progress: .command)
    let report = RelatedPairsReport(found, chance: TokenSets.chance(k: k, vocabulary: wE.rows), of: experiment)
    let stamp = ResultStamp(
      command: "experiment related-pairs", model: model, digest: digest, seed: seed.seed,
      options: ["draws": draws, "k": k] + options.threads.member)
    try options.show(report.figure, report.tables, stamp.object(report.members))
  }
}
