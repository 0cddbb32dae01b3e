import ArgumentParser

struct Experiment: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Experiments of the papers behind graft, from their definition to their result.",
    subcommands: [ExperimentStitch.self])
}
