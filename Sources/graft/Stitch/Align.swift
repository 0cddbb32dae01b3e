import ArgumentParser
import Files
import Reporting
import Stitching
import Transformer

struct Align: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Find which layers of two or more models do the same, from their parameters alone.",
    discussion: """
      The score of two layers is the mean absolute Pearson correlation of all pairs of their parameter vectors of a group: \
      K and V, the feed-forward keys and values; W_K, W_Q, W_V, W_O, attention. embedding compares them as scores over the \
      shared vocabulary, so depth and width may differ; feature compares coordinates, the baseline. The assignment pairs \
      layers for the highest total; hits are pairs on the diagonal, offset the mean distance from it, and margin is by how \
      much the assignment beats the next best. Three and more models are compared pair by pair, with a 95% interval over \
      models.

      EXAMPLES:
        graft align imdb-bert-1 imdb-bert-2
        graft align imdb-gpt2-wide imdb-gpt2-narrow --groups K,V --vectors 5
        graft align imdb-bert-1 imdb-bert-2 imdb-bert-1-sentiment -o alignment --json
      """)

  @Argument(
    help:
      "Two or more model directories, or names of models that come with graft. \(CheckpointArgument.noStitchedModel)")
  var models: [String]

  @Option(
    help: ArgumentHelp("Groups: K, V, W_K, W_Q, W_V, W_O (default: all).", valueName: "group,..."),
    transform: { try CommaList.choices($0, of: ParameterKind.alignmentOrder, named: \.symbol) })
  var groups: [ParameterKind]?

  @Option(
    help: ArgumentHelp(
      "Spaces: embedding, feature (default: embedding, and feature where hidden sizes agree).", valueName: "space,..."),
    transform: { try CommaList.choices($0, of: AlignmentSpace.allCases, named: \.rawValue) })
  var spaces: [AlignmentSpace]?

  @Option(help: "Also pair up the single vectors of matched layers and show so many of the closest pairs.")
  var vectors = 0

  @Option(help: "How many tokens stand for a vector.")
  var tokens = 5

  @Flag(help: "Compare through the tokens that both vocabularies have when they are not the same.")
  var allowPartialVocabulary = false

  @Option(help: "Seed of the resampling behind intervals.")
  var seed: UInt64 = 42

  @Option(
    name: [.customShort("o"), .long],
    help: .folder("Also write report.html, results.json and one picture per group into this folder.")
  )
  var output: FolderOutput?

  @OptionGroup var hub: HubOptions
  @OptionGroup var threads: ThreadOptions
  @OptionGroup var picture: FigureOptions
  @OptionGroup var tables: TableOptions
  @OptionGroup var records: RecordOptions
  @OptionGroup var display: OutputOptions

  private var kinds: [ParameterKind] { groups ?? ParameterKind.alignmentOrder }

  func validate() throws {
    if models.count < 2 { throw ValidationError("Give two or more models, not \(models.count).") }
    if vectors < 0 { throw ValidationError("--vectors must not be negative.") }
    if !(1...1000).contains(tokens) { throw ValidationError("--tokens must be from 1 to 1000, not \(tokens).") }
  }

  func run() throws {
    let opened = try models.map { try CheckpointArgument.open($0) }
    let digests = opened.map { BackgroundDigest(of: $0) }
    let pairs = try compare(opened)
    let summary = AlignmentSummary(pairs, models: opened.count, seed: seed)
    let object = try JSON(
      encoding: JSONMembers.header("align") + [
        "models": try zip(opened, digests).map { Self.description($0, sha256: try $1.wait()) },
        "options": options(pairs), "pairs": pairs, "seed": Int(clamping: seed), "summary": summary.lines,
      ])
    let report = AlignmentReport(pairs, summary)
    if let output { try report.write(to: output.path, stamp: object, command: CommandText.invoked) }
    try picture.write(report.picture)
    try tables.write(report.tables)
    if try records.print(Records(alignment: object)) { return }
    try display.print(object, beside: picture.figure, tables.table) { style in
      report.tables.text(style)
        + (output.map { style.painted("written: ", .faint) + "\($0)/report.html, results.json\n" } ?? "")
    }
  }

  private func compare(_ models: [Model]) throws -> [AlignedPair] {
    let plan = AlignmentPlan(
      kinds: kinds, spaces: spaces, vectors: vectors, tokens: tokens, allowsPartialVocabulary: allowPartialVocabulary,
      threads: threads.count)
    return try StitchingAdvice.naming(.options) {
      try AlignedPair.all(of: models.map { try TokenizedModel($0) }, plan, progress: .command)
    }
  }

  private func options(_ pairs: [AlignedPair]) -> JSONMembers {
    let used = AlignmentSpace.allCases.filter { space in pairs.contains { $0.groups.contains { $0.space == space } } }
    return [
      "groups": kinds.map(\.symbol), "partial_vocabulary": allowPartialVocabulary, "spaces": used.map(\.rawValue),
      "threads": threads.count.count, "tokens": tokens, "vectors": vectors,
    ]
  }

  private static func description(_ model: Model, sha256: String) -> JSONMembers {
    [
      "feed_forward": model.dimensions.feedForward, "hidden": model.dimensions.hidden,
      "layers": model.dimensions.layers, "model": model.name, "model_sha256": sha256,
      "model_revision": Absent(wrappedValue: model.revision),
    ]
  }
}
