import ArgumentParser
import Atlas
import DenseMath
import Files
import Interpretability
import Reporting
import Tokenization
import Transformer

struct AtlasBuild: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "build",
    abstract: "Read all parameters of a model as words into a SQLite file.",
    discussion: """
      The highest pairs of W_VO and W_QK of every head, and the highest and lowest tokens of every feed-forward key and \
      value and every sub-head's query, key, value and output, exact. A build may be stopped at any moment; the same \
      command continues it.

      EXAMPLES:
        graft atlas build imdb-gpt2-wide
        graft atlas build imdb-bert-1 -o bert.sqlite --pairs 20 --tokens 5
      """)

  @OptionGroup var model: ModelArgument
  @Option(name: .shortAndLong, help: ArgumentHelp("The file to build into.", valueName: "path"))
  var output = "atlas.sqlite"
  @Option(help: "Highest pairs to keep of each head's matrices.")
  var pairs = 50
  @Option(help: "Highest tokens to keep of each vector, and as many of the lowest.")
  var tokens = 10
  @Option(help: "What reads from the stream is projected with: transpose, as in the paper, or pinv.")
  var inverse: VocabularyProjection.Inverse = .transpose
  @Flag(help: "GPT-2: multiply what reads with the gain of the norm before it.")
  var foldNorm = false
  @OptionGroup var threads: ThreadOptions
  @OptionGroup var show: OutputOptions

  func validate() throws {
    if pairs < 1 { throw ValidationError("--pairs must be at least 1, not \(pairs).") }
    if tokens < 1 { throw ValidationError("--tokens must be at least 1, not \(tokens).") }
  }

  func run() throws {
    let opened = try model.open()
    guard let model = opened as? Model else { throw CommandError.noCheckpoint(model: opened.name) }
    let digest = BackgroundDigest(of: model)
    let tokenizer = try Tokenizer.load(directory: model.tokenizerDirectory, modelType: model.modelType)
    let projection = try VocabularyProjection(
      model, inverse: inverse, foldingNorm: foldNorm, threads: threads.count)
    let stamp = ResultStamp(
      command: "atlas build", model: model, digest: digest,
      options: .object([
        JSON.Member("fold_norm", .bool(foldNorm)), JSON.Member("inverse", .string(inverse.rawValue)),
        JSON.Member("pairs", .integer(pairs)), JSON.Member("tokens", .integer(tokens)), threads.member,
      ])
    ).object([])
    let builder = try AtlasBuilder(
      output, projection, tokenizer: tokenizer, options: AtlasOptions(pairs: pairs, tokens: tokens), stamp: stamp,
      threads: threads.count)
    let (before, parts) = builder.progress
    var progress = Progress(ProgressLine(label: "atlas", unit: "parts", total: parts, resumed: before))
    try builder.build { progress.update($0) }
    progress.clear()
    let rows = projection.vocabulary
    let padding = max(0, rows - tokenizer.vocabularyCount)
    try show.print(
      .object([
        JSON.Member("atlas", stamp), JSON.Member("done", .integer(builder.progress.done)),
        JSON.Member("padding_rows", .integer(padding)), JSON.Member("parts", .integer(parts)),
        JSON.Member("path", .string(output)), JSON.Member("resumed", .integer(before)), JSON.Member("schema", 1),
        JSON.Member("command", "atlas build"), JSON.Member("graft_version", .string(Version.current)),
      ])
    ) { style in
      let earlier = before > 0 ? ", \(before.grouped) of them built earlier" : ""
      let note =
        padding > 0
        ? "\(padding.counted("row")) of the matrix past the tokenizer's \(tokenizer.vocabularyCount.grouped) tokens: "
          + "shown as [row N]\n" : ""
      return note + style.painted("written: ", .faint)
        + "\(output), \(parts.counted("part"))\(earlier); graft atlas search WORD --atlas \(output)\n"
    }
  }
}
