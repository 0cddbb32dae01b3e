import ArgumentParser
import Atlas
import DenseMath
import Files
import Interpretability
import Reporting

struct AtlasBuild: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "build",
    abstract: "Read all parameters of a model as words into a SQLite file.",
    discussion: """
      The highest pairs of W_VO and W_QK of every head, and the highest and lowest tokens of every feed-forward key and \
      value and every sub-head's query, key, value and output, exact, among all tokens or those that the filters leave; \
      with --svd also the strongest singular directions of each head's matrices and of each block's feed-forward keys and \
      values. A build may be stopped at any moment; the same command continues it.

      EXAMPLES:
        graft atlas build imdb-gpt2-wide
        graft atlas build imdb-gpt2-wide -o words.sqlite --ascii --alphanumeric \\
          --min-length 3 --pairs distinct
        graft atlas build imdb-bert-1 -o bert.sqlite --top-pairs 20 --top 5 --svd 3
      """)

  @OptionGroup var model: CheckpointArgument
  @Option(name: .shortAndLong, help: ArgumentHelp("The file to build into.", valueName: "path"))
  var output = DatabaseOutput(argument: "atlas.sqlite")
  @Option(help: "Highest pairs to keep of each head's matrices.")
  var topPairs = 50
  @Option(help: "Highest tokens to keep of each vector, and as many of the lowest.")
  var top = 10
  @Option(help: "Singular directions to keep of each matrix; 0 for none.")
  var svd = 0
  @OptionGroup var filter: TokenFilterOptions
  @OptionGroup var pairFilter: PairFilterOptions
  @Option(help: "What reads from the stream is projected with: transpose, as in the paper, or pinv.")
  var inverse: VocabularyProjection.Inverse = .transpose
  @Flag(help: "GPT-2: multiply what reads with the gain of the norm before it.")
  var foldNorm = false
  @OptionGroup var threads: ThreadOptions
  @OptionGroup var show: OutputOptions

  func validate() throws {
    if topPairs < 1 { throw ValidationError("--top-pairs must be at least 1, not \(topPairs).") }
    if top < 1 { throw ValidationError("--top must be at least 1, not \(top).") }
    if svd < 0 { throw ValidationError("--svd must be at least 0, not \(svd).") }
  }

  func run() throws {
    let model = try model.open()
    let digest = BackgroundDigest(of: model)
    let projection = try VocabularyProjection(
      model, inverse: inverse, foldingNorm: foldNorm, threads: threads.count)
    let tokenizer = try model.tokenizer(rows: projection.vocabulary)
    let stamp = try ResultStamp(
      command: "atlas build", model: model, digest: digest,
      options: filter.members + pairFilter.member + threads.member + [
        "fold_norm": foldNorm, "inverse": inverse.rawValue, "svd": svd, "top": top, "top_pairs": topPairs,
      ]
    ).object()
    let ids = try filter.ids(of: tokenizer, below: projection.vocabulary)
    // The builder writes the file's tables at once.
    Interruption.keeps(in: output.path)
    let builder = try AtlasBuilder(
      output.path, projection, tokenizer: tokenizer,
      options: AtlasOptions(pairs: topPairs, tokens: top, directions: svd),
      selection: PairSearch.Selection(
        rows: ids, columns: ids, groups: pairFilter.pairs.groups(of: tokenizer, below: projection.vocabulary)),
      stamp: stamp, threads: threads.count)
    let (before, parts) = builder.progress
    try builder.build(progress: .command)
    let rows = projection.vocabulary
    let padding = max(0, rows - tokenizer.vocabularyCount)
    try show.print(
      JSONMembers.header("atlas build") + [
        "atlas": stamp, "done": builder.progress.done, "padding_rows": padding, "parts": parts,
        "path": output.path, "resumed": before,
      ]
    ) { style in
      let earlier = before > 0 ? ", \(before.grouped) of them built earlier" : ""
      let note =
        padding > 0
        ? "\(padding.counted("row")) of the matrix past the tokenizer's \(tokenizer.vocabularyCount.grouped) tokens: "
          + "shown as [row N, no token]\n" : ""
      return note + style.painted("written: ", .faint)
        + "\(output), \(parts.counted("part"))\(earlier); graft atlas search WORD --atlas \(output)\n"
    }
  }
}
