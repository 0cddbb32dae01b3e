import ArgumentParser

struct Experiment: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Repeat a paper's experiment, beside its baseline.",
    usage: "graft experiment <experiment> [<options>]",
    discussion: """
      EXAMPLES:
        graft experiment related-pairs imdb-bert-1
        graft experiment keep-k imdb-gpt2-wide --svg keep-k.svg
      """,
    subcommands: [
      ExperimentKeepK.self, ExperimentRecall.self, ExperimentRelatedPairs.self, ExperimentKeyValueOverlap.self,
      ExperimentStitch.self, ExperimentStatus.self, ExperimentMerge.self,
    ])
}
