import ArgumentParser
import Files
import Hub
import Reporting
import Transformer

struct Models: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List the models that are here: those that come with graft and those in the hub's cache.",
    discussion: """
      Each with its size, commit and licence, and whether graft runs it or why not. Any of the names can be given as MODEL.

      EXAMPLES:
        graft models
        graft models --json
      """)

  @OptionGroup var progress: ProgressOptions
  @OptionGroup var tables: TableOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let models = try ProgressHandler.command.map(ListedModel.sources(), "models", unit: "models", ListedModel.init)
    try tables.write([ListedModel.table(models)])
    try output.print(JSONMembers.header("models") + ["models": models], beside: tables.table) { style in
      guard !models.isEmpty else { return "no models are here; graft pull NAME downloads one\n" }
      return ListedModel.table(models).text(style)
    }
  }
}
