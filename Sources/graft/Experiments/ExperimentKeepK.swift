import ArgumentParser
import Files
import Interpretability
import Reporting

struct ExperimentKeepK: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "keep-k",
    abstract: "How few tokens of a projection hold what a vector says?",
    discussion: """
      Inner products of vectors, made from the k strongest tokens of their projections alone, beside the true ones: the \
      cosine of the two Gram matrices, for the transpose (the paper's E') and the pseudo-inverse, and for k tokens drawn \
      at random, for each vector apart and the same for all. Vectors: normal ones, feed-forward values and, with \
      --dataset, hidden states after the blocks.

      EXAMPLES:
        graft experiment keep-k imdb-bert-1
        graft experiment keep-k imdb-gpt2-wide --svg keep-k.svg \\
          --dataset evaluation/imdb/test.jsonl --limit 60
      """)

  @OptionGroup var options: ExperimentOptions
  @Option(name: .customShort("n"), help: "Vectors of each sort.")
  var count = 1000
  @Option(
    help: ArgumentHelp("The k (default: the paper's, clipped to the vocabulary).", valueName: "10,100"),
    transform: CommaList.numbers)
  var k: [Int]?
  @OptionGroup var data: DatasetOptions
  @OptionGroup var classification: ClassificationOptions

  func validate() throws {
    if !(2...20_000).contains(count) { throw ValidationError("-n must be from 2 to 20000, not \(count).") }
    if let wrong = k?.first(where: { $0 < 1 }) { throw ValidationError("--k must be at least 1, not \(wrong).") }
    if let k, k.count > 255 { throw ValidationError("--k takes at most 255 numbers, not \(k.count).") }
  }

  func run() throws {
    let model = try options.model.open()
    let digest = BackgroundDigest(of: model)
    let workspace = options.threads.workspace()
    let wE = model.projectionMatrix
    let ks = k.map { Array(Set($0.map { min($0, wE.rows) })).sorted() } ?? KeepK.grid(vocabulary: wE.rows)
    let texts = try data.dataset.map { _ in
      try ExperimentTexts(data, classification, for: model, threads: workspace.threads)
    }
    let experiment = try KeepK(wE: wE, threads: workspace.threads)
    var sorts = [
      ("normal", "normal vectors", KeepK.normalVectors(count, of: model, seed: data.seed)),
      ("ff-values", "feed-forward values", KeepK.values(count, of: model, seed: data.seed)),
    ]
    if let texts {
      let states = try Progress.during("hidden states") {
        try KeepK.states(
          count, of: model, over: texts.batches, tokens: texts.tokens, seed: data.seed, workspace: workspace)
      }
      sorts.append(("hidden", "hidden states", states))
    }
    let curves = try experiment.curves(sorts.map(\.2), ks: ks, seed: data.seed, progress: .command)
    let report = KeepKReport(
      zip(sorts, curves).map { .init($0.0, title: $0.1, vectors: $0.2.rows, curves: $1) }, model: model.name)
    let stamp = ResultStamp(
      command: "experiment keep-k", model: model, digest: digest, dataset: texts?.dataset, seed: data.seed,
      options: data.members + (texts.map { classification.members($0.cleaning) } ?? [:]) + [
        "k": ks, "n": count,
      ] + options.threads.member)
    let truncated = Absent(wrappedValue: texts?.encoded.truncatedCount)
    try options.show(
      report.figure, report.tables, stamp.object(["truncated": truncated, "vectors": report.members]))
  }
}
