import ArgumentParser
import Files
import Interpretability
import Reporting
import Tokenization
import Transformer

struct Project: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Read parameters as words, without running the model.",
    discussion: """
      A vector that reads from or writes to the residual stream becomes a score for each token; a head's W_VO or W_QK \
      becomes a score for each pair of tokens, of which the highest are found exactly. --svd reads a matrix along its \
      singular directions instead, --against the difference between a fine-tuned model and its base.

      Vectors are named L3:907 (block 3, neuron 907) and L3H5:12 (block 3, head 5, place 12), heads L3H5.

      EXAMPLES:
        graft project imdb-gpt2-wide --ff-value L3:600 --ff-key L3:600
        graft project imdb-bert-1 --head L2H1 --matrix vo --pairs distinct
        graft project imdb-gpt2-wide --head L4H0 --matrix qk --svd --fold-norm
        graft project imdb-bert-1-sentiment --against imdb-bert-1
      """)

  @OptionGroup var model: CheckpointArgument
  @OptionGroup var subject: ProjectSubject

  @Option(
    help: "How many tokens at each end, or pairs (default: 30 tokens, 50 pairs, 10 a direction, 20 a displacement).")
  var top: Int?

  @Option(help: "What stands for the right inverse of the embedding where a vector reads: transpose or pinv.")
  var inverse: VocabularyProjection.Inverse = .transpose

  @Flag(help: "GPT-2: multiply what reads with the gain of the norm before it.")
  var foldNorm = false

  @OptionGroup var filter: TokenFilterOptions
  @OptionGroup var pairFilter: PairFilterOptions

  @Option(help: "Cut tokens to this many characters (tables).")
  var width = 24

  @OptionGroup var threads: ThreadOptions
  @OptionGroup var records: RecordOptions
  @OptionGroup var tables: TableOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if let top, !(1...1_000_000).contains(top) {
      throw ValidationError("--top must be from 1 to 1000000, not \(top).")
    }
    if foldNorm, subject.against != nil { throw ValidationError("--fold-norm does not go with --against.") }
    if width < 2 { throw ValidationError("--width must be at least 2, not \(width).") }
  }

  func run() throws {
    let opened = try model.open()
    let base = try subject.against.map { try CheckpointArgument.open($0) }
    let displacement = try base.map { try Displacement(of: opened, from: $0) }
    let projection = try VocabularyProjection(
      opened, inverse: inverse, foldingNorm: foldNorm, matrix: base.map { $0.unembedding?.matrix ?? $0.wE },
      threads: threads.count)
    let tokenizer = try opened.tokenizer(rows: projection.vocabulary)
    let isStamped = output.json || records.isGiven
    let digest = isStamped ? BackgroundDigest(of: opened) : nil
    let baseDigest = isStamped ? base.map { BackgroundDigest(of: $0) } : nil
    let reader = TokenReader(
      projection, TokenLabels(tokenizer, width: width),
      among: try filter.ids(of: tokenizer, below: projection.vocabulary),
      top: top ?? subject.defaultTop, threads: threads.count)
    let result: ProjectionReport
    if let displacement {
      try check(tokenizer, against: displacement.base)
      result = try DisplacementReport(
        displacement, reader, vectors: subject.vectorPlaces, moved: subject.moved, scored: subject.scored,
        seed: subject.seed, progress: .command
      ).report()
    } else {
      result = try subject.report(
        reader, groups: pairFilter.pairs.groups(of: tokenizer, below: projection.vocabulary))
    }
    let object = try digest.map { digest in
      try ResultStamp(
        command: "project", model: opened, digest: digest, seed: base == nil ? nil : subject.seed,
        options: filter.members + subject.members + pairFilter.member + [
          "fold_norm": foldNorm, "inverse": inverse.rawValue, "top": reader.top,
        ]
      ).object(
        ["against_sha256": Absent(wrappedValue: try baseDigest?.wait())] + result.members)
    }
    try tables.write(result.tables)
    if try records.print(Records(projection: object ?? .null)) { return }
    try output.print(object ?? .null, beside: tables.table) { style in result.text(style) }
  }

  /// Two vocabularies of one size would read a displacement as the wrong words, without an error.
  private func check(_ tokenizer: Tokenizer, against base: Model) throws {
    let other = try base.vocabularyTokenizer()
    let count = max(tokenizer.vocabularyCount, other.vocabularyCount)
    let difference = (0..<Int32(count)).first {
      tokenizer.token($0).map(ExactKey.init) != other.token($0).map(ExactKey.init)
    }
    if let difference {
      throw CommandError.foreignBase(base: base.name, model: model.model, id: Int(difference))
    }
  }
}
