import ArgumentParser
import Files
import Reporting

struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show what a model is: architecture, heads, tensors, tokenizer, memory.",
    discussion: """
      EXAMPLES:
        graft inspect imdb-bert-1
        graft inspect models/imdb-bert-1-sentiment --tensors
        graft inspect imdb-gpt2-wide --json
      """)

  @OptionGroup var model: ModelArgument

  @Flag(help: "List every stored tensor with its type and shape.")
  var tensors = false

  @OptionGroup var threads: ThreadOptions
  @OptionGroup var tables: TableOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let opened = try model.open()
    let digest = BackgroundDigest(of: opened)
    let description = try ModelDescription(opened, threads: threads.count) { try opened.notedTokenizer() }
    let stamp = ResultStamp(command: "inspect", model: opened, digest: digest, options: ["tensors": tensors])
    let sha256 = try digest.wait()
    try tables.write([description.tensorTable])
    try output.print(stamp.object(description.members(withTensors: tensors)), beside: tables.table) { style in
      description.text(style, digest: sha256, withTensors: tensors)
    }
  }
}
