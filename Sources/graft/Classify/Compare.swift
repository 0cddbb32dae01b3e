import ArgumentParser
import Evaluation
import Files

struct Compare: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compare two runs of evaluate, review by review.",
    discussion: """
      Both runs must have scored the same reviews. The difference of the accuracies comes with its 95% interval for paired \
      proportions (Newcombe), and with the exact McNemar test of the reviews that only one of the two got right.

      EXAMPLES:
        graft evaluate imdb-bert-1-sentiment \\
          --dataset evaluation/imdb/test.jsonl --limit 200 -o run1
        graft evaluate imdb-gpt2-narrow-sentiment \\
          --dataset evaluation/imdb/test.jsonl --limit 200 -o run2
        graft compare run1 run2
        graft compare run1/predictions.jsonl run2/predictions.jsonl --json
      """)

  @Argument(help: "The folder of a run, or its predictions.jsonl.")
  var first: String

  @Argument(help: "The other run.")
  var second: String

  @OptionGroup var progress: ProgressOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let names = try (Prediction.classNames(run: first), Prediction.classNames(run: second))
    let comparison = try RunComparison(
      Prediction.read(run: first), Prediction.read(run: second),
      classNames: names.0.flatMap { first in names.1.map { (first, $0) } })
    let json = JSONMembers.header("compare") + ["runs": [first, second]] + comparison
    try output.print(json) { style in
      comparison.text(style, first: first, second: second)
    }
  }
}
