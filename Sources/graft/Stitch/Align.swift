import ArgumentParser
import DenseMath
import Files
import Reporting
import Stitching
import Tokenization
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
    transform: AlignmentChoice.groups)
  var groups: [ParameterKind]?

  @Option(
    help: ArgumentHelp(
      "Spaces: embedding, feature (default: embedding, and feature where hidden sizes agree).", valueName: "space,..."),
    transform: AlignmentChoice.spaces)
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

  @OptionGroup var threads: ThreadOptions
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
    let object = JSON.object(
      try JSON.header("align") + [
        JSON.Member("models", .array(zip(opened, digests).map { Self.description($0, sha256: try $1.wait()) })),
        JSON.Member("options", options(pairs)), JSON.Member("pairs", .array(pairs.map(\.json))),
        JSON.Member("seed", .integer(Int(clamping: seed))), JSON.Member("summary", summary.json),
      ])
    let report = AlignmentReport(pairs, summary)
    if let output { try report.write(to: output.path, stamp: object) }
    try display.print(object) { style in
      report.text(style)
        + (output.map { style.painted("written: ", .faint) + "\($0)/report.html, results.json\n" } ?? "")
    }
  }

  private func compare(_ models: [Model]) throws -> [AlignedPair] {
    let count = models.count * (models.count - 1) / 2
    let progress = Progress(
      ProgressLine(label: "align", unit: "groups", total: count * kinds.count * (spaces?.count ?? 2), resumed: 0))
    defer { progress.clear() }
    var (pairs, done) = ([AlignedPair](), 0)
    for first in models.indices {
      for second in models.indices where second > first {
        let (a, b) = (models[first], models[second])
        let spaces = spaces ?? (a.dimensions.hidden == b.dimensions.hidden ? AlignmentSpace.allCases : [.embedding])
        let aligner = try ModelAligner(
          a, b, allowsPartialVocabulary: allowPartialVocabulary, spaces: Set(spaces), threads: threads.count)
        let reader =
          vectors > 0 ? try VectorReader(aligner, tokens: tokens, count: vectors, threads: threads.count) : nil
        var groups: [AlignedPair.Group] = []
        for space in spaces {
          for kind in kinds {
            let alignment = try aligner.align(kind, in: space)
            let layers = try reader.map { reader in
              try alignment.assignment.pairs.map { try reader.read(kind, in: space, $0.row, $0.column) }
            }
            groups.append(.init(kind: kind, space: space, alignment: alignment, layers: layers ?? []))
            done += 1
            progress.update(done)
          }
        }
        pairs.append(
          AlignedPair(
            first: first, second: second, names: (a.name, b.name), sharedTokens: aligner.shared.rows.count,
            groups: groups))
      }
    }
    return pairs
  }

  private func options(_ pairs: [AlignedPair]) -> JSON {
    let used = AlignmentSpace.allCases.filter { space in pairs.contains { $0.groups.contains { $0.space == space } } }
    return [
      "groups": .array(kinds.map { .string($0.symbol) }), "partial_vocabulary": .bool(allowPartialVocabulary),
      "spaces": .array(used.map { .string($0.rawValue) }), "threads": .integer(threads.count.count),
      "tokens": .integer(tokens), "vectors": .integer(vectors),
    ]
  }

  private static func description(_ model: Model, sha256: String) -> JSON {
    [
      "feed_forward": .integer(model.dimensions.feedForward), "hidden": .integer(model.dimensions.hidden),
      "layers": .integer(model.dimensions.layers), "model": .string(model.name), "model_sha256": .string(sha256),
    ]
  }
}

/// Lists on the command line, in the order of their definition.
enum AlignmentChoice {
  static func groups(_ argument: String) throws -> [ParameterKind] {
    try choice(argument, of: ParameterKind.alignmentOrder, named: \.symbol)
  }

  static func spaces(_ argument: String) throws -> [AlignmentSpace] {
    try choice(argument, of: AlignmentSpace.allCases, named: \.rawValue)
  }

  private static func choice<Choice: Equatable>(
    _ argument: String, of all: [Choice], named name: (Choice) -> String
  ) throws -> [Choice] {
    let chosen = try argument.split(separator: ",", omittingEmptySubsequences: false).map { part in
      guard let choice = all.first(where: { name($0) == part }) else {
        throw ValidationError("\"\(part)\" is none of " + all.map(name).joined(separator: ", "))
      }
      return choice
    }
    return all.filter(chosen.contains)
  }
}
