import ArgumentParser
import Files
import Foundation
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

  @Option(
    help: ArgumentHelp(
      "How many of the pretrained model's blocks are kept, such as 0,2,4 (default: every number).", valueName: "n,..."),
    transform: NumberList.init)
  var keep: NumberList?

  @Option(
    help: ArgumentHelp(
      "How many of the fine-tuned model's last blocks follow (default: 3, as in the paper).", valueName: "m,..."),
    transform: NumberList.init)
  var transplant: NumberList?

  @Option(
    help: ArgumentHelp(
      "Maps, as above (default: pinv, transpose and the controls that fit).", valueName: "map,..."),
    transform: MapList.init)
  var maps: MapList?

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
    if !(1...1000).contains(draws) { throw ValidationError("--draws must be from 1 to 1000, not \(draws).") }
  }

  var options: StitchedModel.Options {
    .init(appliesFinalNorm: finalNorm || asPublished, addsPositions: addPositions || asPublished)
  }

  func kept(_ pair: StitchPair) -> [Int] { keep?.values ?? Array(0...pair.pretrained.dimensions.layers) }

  func transplanted(_ pair: StitchPair) -> [Int] {
    transplant?.values ?? [min(3, pair.finetuned.dimensions.layers)]
  }

  func maps(_ pair: StitchPair) -> [MapRecipe] {
    maps?.values
      ?? MapRecipe.standard(equalWidths: pair.pretrained.dimensions.hidden == pair.finetuned.dimensions.hidden)
  }

  /// The options as they stand in a result, with what the defaults came to.
  func members(_ sweep: StitchSweep, _ pair: StitchPair) -> [JSON.Member] {
    [
      JSON.Member("add_positions", .bool(options.addsPositions)), JSON.Member("draws", .integer(draws)),
      JSON.Member("final_norm", .bool(options.appliesFinalNorm)),
      JSON.Member("keep", .array(sweep.kept.map { .integer($0) })),
      JSON.Member("maps", .array(maps(pair).map { .string($0.name) })),
      JSON.Member("partial_vocabulary", .bool(allowPartialVocabulary)),
      JSON.Member("transplant", .array(sweep.transplanted.map { .integer($0) })),
    ]
  }

  /// The command that makes a run again, every default written out that could be another one elsewhere.
  func commandLine(
    _ sweep: StitchSweep, _ pair: StitchPair, _ data: DatasetOptions, _ unlabelled: UnlabelledOptions,
    _ classification: ClassificationOptions, _ threads: ThreadOptions
  ) -> String {
    func list(_ values: [Int]) -> String { values.map(String.init).joined(separator: ",") }
    let isDrawn = maps(pair).contains(where: \.isDrawn)
    let values: [(option: String, value: String?)] = [
      ("--pretrained", pretrained), ("--finetuned", finetuned), ("--keep", list(sweep.kept)),
      ("--transplant", list(sweep.transplanted)), ("--maps", maps(pair).map(\.name).joined(separator: ",")),
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
}

/// The two models, opened.
struct StitchPair {
  let pretrained: Model
  let finetuned: Model
  /// What a saved model calls them: a name that is known everywhere, or an absolute path.
  let pretrainedName: String
  let finetunedName: String

  init(_ options: StitchPairOptions) throws {
    (pretrained, pretrainedName) = try Self.open(options.pretrained)
    (finetuned, finetunedName) = try Self.open(options.finetuned)
  }

  private static func open(_ model: String) throws -> (Model, String) {
    let opened = try CheckpointArgument.open(model)
    let isPath = FileManager.default.fileExists(atPath: model)
    return (opened, isPath ? URL(fileURLWithPath: opened.checkpoint.directory).standardizedFileURL.path : model)
  }
}

/// Numbers with commas between.
struct NumberList {
  let values: [Int]

  /// - Throws: `ValidationError` that names the part.
  init(_ argument: String) throws {
    values = try argument.split(separator: ",", omittingEmptySubsequences: false).map { part in
      guard let number = Int(part) else { throw ValidationError("\"\(part)\" is not a whole number") }
      return number
    }
  }
}

/// Names of maps with commas between.
struct MapList {
  /// Each once, in the order given.
  let values: [MapRecipe]

  /// - Throws: `ValidationError` that names the part.
  init(_ argument: String) throws {
    var values: [MapRecipe] = []
    for part in argument.split(separator: ",", omittingEmptySubsequences: false) {
      do {
        let recipe = try MapRecipe(String(part))
        if !values.contains(recipe) { values.append(recipe) }
      } catch let error as StitchingError {
        throw ValidationError("\(error).")
      }
    }
    self.values = values
  }
}
