import Transformer

/// Why two models cannot be stitched. Every case says what was expected, found, and what to do.
public enum StitchingError: Error, Equatable, Sendable, CustomStringConvertible {
  /// A's blocks, or B's.
  public enum Blocks: String, Sendable { case kept, transplanted }

  /// Blocks that read other positions, or norms at other places.
  case differentArchitectures(pretrained: ModelTraits, finetuned: ModelTraits)
  /// A map that needs equal widths, between models of different widths.
  case differentWidths(map: String, pretrained: Int, finetuned: Int)
  /// Feature space of models of different widths.
  case differentFeatures(first: Int, second: Int)
  /// An unknown map.
  case unknownMap(String)
  /// Levels that cannot be read.
  case unknownLevels(String)
  /// Levels of which none is at or below a cut.
  case levelsAboveCut(levels: String, kept: Int)
  /// Levels whose statistics take too much memory, in bytes.
  case levelsTooWide(levels: String, bytes: Int, limit: Int)
  /// A map that does not go from the states that a cut has, [levels · d_A, d_B].
  case mapOfOtherStates(map: String, expected: [Int], found: [Int])
  /// More directions than B's embedding has.
  case rankOutOfRange(found: Int, width: Int)
  /// A map that needs unlabelled texts, without them.
  case needsTexts(map: String)
  /// Position embeddings added after the map, and texts, or a map fitted to them: B's own states contain positions
  /// already.
  case notWithPositions(map: String?)
  /// Too few unlabelled texts: one half fits maps, the other measures them.
  case tooFewTexts(dataset: String)
  /// A number of generated texts that is none.
  case unknownTexts(String)
  /// A model that cannot write texts by itself.
  case cannotWrite(model: String)
  /// Unlabelled texts for models that do not tokenize them alike.
  case textsNeedOneVocabulary
  /// A saved map with another digest.
  case changedMap(path: String, expected: String, found: String)
  /// A number of blocks out of range.
  case blocksOutOfRange(Blocks, found: Int, allowed: ClosedRange<Int>)
  /// A's final norm before the map, in a model whose blocks normalise their states.
  case noFinalNorm(modelType: String)
  /// A folder for a stitched model that is a checkpoint.
  case holdsCheckpoint(path: String)
  /// A model of a stitched model, in the `role` "pretrained" or "finetuned", that is not at its place.
  case missingModel(path: String, role: String, place: String)
  /// A model of a stitched model with another digest.
  case changedModel(path: String, model: String, expected: String, found: String)
  /// Folders that are not the parts of one experiment.
  case notTheShards(reason: String)
  /// A part that is not finished.
  case unfinishedShard(path: String)

  public var description: String {
    switch self {
    case .differentArchitectures(let pretrained, let finetuned):
      return
        "the pretrained model, \(pretrained.blockDescription); the fine-tuned one, \(finetuned.blockDescription): the "
        + "blocks of one cannot continue the states of the other; give two models that agree in this"
    case .differentWidths(let map, let pretrained, let finetuned):
      return "the \(map) map needs equal hidden sizes, not \(pretrained) and \(finetuned); leave it out"
    case .differentFeatures(let first, let second):
      return "feature space compares coordinates one by one and needs equal hidden sizes, not \(first) and \(second); "
        + "leave it out"
    case .unknownMap(let name):
      return "there is no map \"\(name)\"; there are \(MapRecipe.spellings)"
    case .unknownLevels(let text):
      return "\"\(text)\" is no list of levels; expected \(MapLevels.spellings)"
    case .levelsAboveCut(let levels, let kept):
      return "none of the levels \(levels) is at or below the cut after \(kept) blocks; keep more blocks or add last"
    case .levelsTooWide(let levels, let bytes, let limit):
      func gibibytes(_ bytes: Int) -> Double { (Double(bytes) / Double(1 << 30) * 10).rounded() / 10 }
      return
        "the levels \(levels) need \(gibibytes(bytes)) GiB for products of all their numbers, of at most "
        + "\(gibibytes(limit)); give fewer, such as embed/last"
    case .mapOfOtherStates(let map, let expected, let found):
      return
        "the map \(map) is \(found[0]) by \(found[1]), but the states at this cut need \(expected[0]) by \(expected[1])"
    case .rankOutOfRange(let found, let width):
      return "truncated:\(found) keeps \(found) directions; the fine-tuned model's embedding allows 1 to \(width)"
    case .needsTexts(let map):
      return "the map \(map) is made from unlabelled texts"
    case .notWithPositions(let map?):
      return "the map \(map) is made from states that hold their positions, which are added again after it: there is "
        + "nothing to measure it on"
    case .notWithPositions(nil):
      return "unlabelled texts compare states that hold their positions, which are added again after the map"
    case .tooFewTexts(let dataset):
      return "\(dataset): expected at least 2 unlabelled texts, one to make maps from and one to measure them on"
    case .unknownTexts(let text):
      return "\"\(text)\": expected \(UnlabelledSource.word), or with a number of texts from 2, such as "
        + "\(UnlabelledSource.word):500; a file of that name is ./\(text)"
    case .cannotWrite(let model):
      return
        "\(model) has no token that begins a text, or none that stands for a masked one, and cannot write texts by itself"
    case .textsNeedOneVocabulary:
      return
        "unlabelled texts need models with the same vocabulary, so that both read the same tokens; these share only "
        + "a part"
    case .changedMap(let path, let expected, let found):
      return
        "\(path): has SHA-256 \(found), but the stitched model was saved with \(expected); restore it or stitch again"
    case .blocksOutOfRange(let blocks, let found, let allowed):
      return "\(found) blocks \(blocks.rawValue); these models allow \(allowed.lowerBound) to \(allowed.upperBound)"
    case .noFinalNorm(let modelType):
      return
        "a final norm before the map does not apply to \(modelType): its hidden states are normalised by every block"
    case .holdsCheckpoint(let path):
      return "\(path): holds a checkpoint (config.json), which a stitched model would hide; give another folder"
    case .missingModel(let path, let role, let place):
      return "\(path) (\(role).model): expected the model \(place.split(separator: "/").last ?? "") at \(place), found "
        + "nothing there; move the folder of a stitched model together with its models, or write in the file where the "
        + "model is now (an absolute path, or one from this folder that begins with ./ or ../)"
    case .changedModel(let path, let model, let expected, let found):
      return
        "\(path): the weights of \(model) have SHA-256 \(found), but the stitched model was made from \(expected); "
        + "restore them or stitch again"
    case .notTheShards(let reason):
      return "\(reason); give the folders of all parts of one experiment, each finished, once"
    case .unfinishedShard(let path):
      return "\(path) is not finished"
    }
  }
}

extension ModelTraits {
  /// Whether blocks of the other family can follow blocks of this one.
  func fits(_ other: ModelTraits) -> Bool {
    isCausal == other.isCausal && normPlacement == other.normPlacement && objective == other.objective
  }

  /// "GPT-2, reads what comes before and normalises what its layers read"
  fileprivate var blockDescription: String {
    let reading = isCausal ? "reads only what comes before" : "reads the whole text"
    let norms =
      normPlacement == .pre ? "normalises what each layer reads" : "normalises the hidden state after each layer"
    return "\(family), \(reading) and \(norms)"
  }
}
