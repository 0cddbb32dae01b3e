import ArgumentParser
import Files
import Reporting
import Stitching
import Transformer

/// Which two models are joined, where, and how.
struct StitchPairOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The model that gives the lower blocks. \(CheckpointArgument.noStitchedModel)", valueName: "model"))
  var pretrained: String

  @Option(
    help: ArgumentHelp(
      "The model that gives the last blocks and the classifier. \(CheckpointArgument.noStitchedModel)",
      valueName: "model"))
  var finetuned: String

  @OptionGroup var hub: HubOptions

  @Option(
    help: ArgumentHelp(
      "How many of the pretrained model's blocks are kept, such as 0,2,4 (default: every number).", valueName: "n,..."),
    transform: CommaList.numbers)
  var keep: [Int]?

  @Option(
    help: ArgumentHelp(
      "How many of the fine-tuned model's last blocks follow (default: 3, as in the paper).", valueName: "m,..."),
    transform: CommaList.numbers)
  var transplant: [Int]?

  @Option(
    help: ArgumentHelp(
      "Maps, as above (default: pinv, transpose and the controls that fit).", valueName: "map,..."),
    transform: StitchPairOptions.recipes)
  var maps: [MapRecipe]?

  @Option(
    help: ArgumentHelp(
      "States of the pretrained model that least-squares, affine and mismatched read, side by side: \(MapLevels.spellings). Those above a cut are left out there.",
      valueName: "level,..."),
    transform: StitchPairOptions.levels)
  var levels: MapLevels?

  @Option(help: "How many times random and shuffled maps are drawn.")
  var draws = 5

  @Flag(help: "GPT-2: apply the pretrained model's final norm before the map.")
  var finalNorm = false

  @Flag(help: "Add the fine-tuned model's position embeddings after the map.")
  var addPositions = false

  @Flag(help: "GPT-2: both of these, as the paper's code does.")
  var asPublished = false

  @Flag(help: "Map through the tokens that both vocabularies have when they are not the same.")
  var allowPartialVocabulary = false

  func validate() throws {
    if let levels, let maps, let other = maps.first(where: { $0.readsLevels && $0.levels != .last }) {
      throw ValidationError("--levels \(levels.name) is about maps without levels of their own, not \(other.name).")
    }
    if !(1...1000).contains(draws) { throw ValidationError("--draws must be from 1 to 1000, not \(draws).") }
  }

  var options: StitchedModel.Options {
    .init(appliesFinalNorm: finalNorm || asPublished, addsPositions: addPositions || asPublished)
  }

  /// The grid of one pair and one seam that the options ask for.
  func grid(_ a: Model, _ b: Model) -> StitchGrid {
    let pair = StitchGrid.Pair(
      group: 0, pretrained: 0, finetuned: 1,
      kept: Set(keep ?? Array(0...a.dimensions.layers)).sorted(),
      transplanted: Set(transplant ?? [min(3, b.dimensions.layers)]).sorted(),
      recipes: recipes ?? MapRecipe.standard(equalWidths: a.dimensions.hidden == b.dimensions.hidden))
    return StitchGrid(pairs: [pair], seams: [options.name], draws: draws)
  }

  /// The maps with the levels that they read.
  private var recipes: [MapRecipe]? {
    maps?.map { recipe in
      levels.flatMap { MapRecipe(recipe.kind, levels: $0, matching: recipe.matching) } ?? recipe
    }
  }

  private static func levels(_ argument: String) throws -> MapLevels {
    do { return try MapLevels(argument) } catch let error as StitchingError { throw ValidationError("\(error).") }
  }

  /// The options as recorded in a result, with what the defaults came to.
  func members(_ shape: StitchGrid.Pair) -> JSONMembers {
    [
      "add_positions": options.addsPositions, "draws": draws, "final_norm": options.appliesFinalNorm,
      "keep": shape.kept, "maps": shape.recipes, "partial_vocabulary": allowPartialVocabulary,
      "transplant": shape.transplanted,
    ]
  }

  /// The command that makes a run again, every default written out that could be another one elsewhere.
  func commandLine(
    _ shape: StitchGrid.Pair, _ data: DatasetOptions, _ unlabelled: UnlabelledOptions,
    _ classification: ClassificationOptions, _ threads: ThreadOptions
  ) -> String {
    func list(_ values: [Int]) -> String { values.map(String.init).joined(separator: ",") }
    let isDrawn = shape.recipes.contains(where: \.isDrawn)
    let values: [(option: String, value: String?)] = [
      ("--pretrained", pretrained), ("--finetuned", finetuned), ("--keep", list(shape.kept)),
      ("--transplant", list(shape.transplanted)), ("--maps", shape.recipes.map(\.name).joined(separator: ",")),
      ("--draws", isDrawn ? "\(draws)" : nil), ("--dataset", data.dataset), ("--split", data.split?.rawValue),
      ("--reviews", data.reviews), ("--text-column", data.columns.textColumn),
      ("--label-column", data.columns.labelColumn),
      ("--unlabelled", unlabelled.unlabelled),
      ("--limit", data.limit.map { "\($0)" }), ("--seed", isDrawn || data.limit != nil ? "\(data.seed)" : nil),
      ("--max-length", classification.maxLength.map { "\($0)" }),
      ("--text-cleaning", classification.textCleaning?.rawValue), ("--threads", "\(threads.count.count)"),
      ("-o", "run"),
    ]
    let flags = [
      ("--final-norm", options.appliesFinalNorm), ("--add-positions", options.addsPositions),
      ("--allow-partial-vocabulary", allowPartialVocabulary),
    ]
    let words = values.compactMap { option in option.value.map { "\(option.option) \($0.shellQuoted)" } }
    return (["graft stitch"] + words + flags.filter(\.1).map(\.0)).joined(separator: " \\\n  ")
  }

  /// Each map once, in the order given.
  private static func recipes(_ argument: String) throws -> [MapRecipe] {
    do {
      return try CommaList.values(argument, MapRecipe.init).reduce(into: []) { recipes, recipe in
        if !recipes.contains(recipe) { recipes.append(recipe) }
      }
    } catch let error as StitchingError {
      throw ValidationError("\(error).")
    }
  }
}
