import Stitching
import Tokenization

/// How the user may change what an error of stitching is about: options of the command line, or keys of an experiment's
/// file.
enum StitchingAdvice {
  case options
  case file

  /// Runs `body`; an error that an option can change names that option.
  static func naming<Result>(_ advice: StitchingAdvice, _ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch let error as StitchingError {
      throw advice.of(error).map { CommandError.advised("\(error)", advice: $0) } ?? error
    } catch let error as TokenizationError {
      guard case .differentVocabularies = error else { throw error }
      throw CommandError.advised(
        "\(error)", advice: "\(advice.name("allow-partial-vocabulary", "partial_vocabulary")) maps through these")
    }
  }

  private func name(_ option: String, _ key: String) -> String {
    switch self {
    case .options: "--" + option
    case .file: "\"\(key)\""
    }
  }

  private func of(_ error: StitchingError) -> String? {
    switch error {
    case .needsTexts: "give \(name("unlabelled", "unlabelled"))"
    case .notWithPositions where self == .options: "leave out --unlabelled, or --add-positions (and --as-published)"
    case .notWithPositions: "leave out the map, or the seams add-positions and as-published"
    case .tooFewTexts: "give more to \(name("unlabelled", "unlabelled"))"
    case .textsNeedOneVocabulary: "leave out \(name("unlabelled", "unlabelled"))"
    case .blocksOutOfRange(.kept, _, _): "change \(name("keep", "keep"))"
    case .blocksOutOfRange(.transplanted, _, _): "change \(name("transplant", "transplant"))"
    case .noFinalNorm where self == .options: "leave out --final-norm (and --as-published)"
    case .noFinalNorm: "leave out the seams final-norm and as-published"
    case .unfinishedShard: "resume it with --resume"
    default: nil
    }
  }
}
