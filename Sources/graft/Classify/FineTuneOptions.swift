import ArgumentParser
import Files
import Foundation
import Training
import Transformer

extension ClassifierKind: ExpressibleByArgument {}

/// Seeds given as a range, `1..11`, or a list, `1,4,9`.
struct SeedList: ExpressibleByArgument {
  let seeds: [UInt64]

  init?(argument: String) {
    let ends = argument.components(separatedBy: "..")
    if ends.count == 2, let low = UInt32(ends[0]), let high = UInt32(ends[1]), low <= high, high - low < 1000 {
      seeds = (low...high).map(UInt64.init)
    } else {
      let list = CommaList.values(argument) { UInt32($0) }
      guard list.allSatisfy({ $0 != nil }), Set(list).count == list.count else { return nil }
      seeds = list.compactMap { $0.map(UInt64.init) }
    }
  }
}

/// Named settings.
enum Recipe: String, CaseIterable, ExpressibleByArgument {
  /// The classifier of Dar et al. 2023, section on stitching: the weights (no bias) of the last 3 blocks and a classifier
  /// averaged over the tokens, 3,000 texts one at a time, once.
  case paper
}

/// How `finetune` trains: each value as given, else the recipe's, else the default.
struct FineTuneOptions: ParsableArguments {
  @Option(
    help: "paper: the settings of the stitching paper (docs/finetuning.md); options given beside it take precedence.")
  var recipe: Recipe?

  @Option(help: ArgumentHelp("How many of the last blocks are trained (default: 2).", valueName: "m"))
  var unfreeze: Int?

  @Option(
    help:
      "The classifier: cls, the first token (BERT and its like); mean over tokens (GPT-2's default) or last token."
  )
  var head: ClassifierKind?

  @Flag(help: "Train weights and no biases.")
  var weightsOnly = false

  @Option(help: "Epochs: how many times every text is read (default: 2).")
  var epochs: Int?

  @Option(help: "Texts in a step (default: 16).")
  var batch: Int?

  @Option(help: "The largest learning rate (default: 5e-5).")
  var learningRate: Double?

  @Option(help: "Share of the steps in which the rate rises; then it falls linearly to 0 (default: 0.1).")
  var warmup: Double?

  @Option(help: "Norm that gradients are scaled down to; 0 for no bound (default: 1).")
  var clip: Double?

  @Option(help: "Weight decay of AdamW, for weights that are no bias or norm (default: 0.01).")
  var weightDecay: Double?

  func validate() throws {
    func check(_ holds: Bool, _ message: String) throws { if !holds { throw ValidationError(message) } }
    try check((unfreeze ?? 0) >= 0, "--unfreeze must be at least 0, not \(unfreeze ?? 0).")
    try check((epochs ?? 1) >= 1, "--epochs must be at least 1, not \(epochs ?? 1).")
    try check((batch ?? 1) >= 1, "--batch must be at least 1, not \(batch ?? 1).")
    try check(
      (learningRate ?? 1).isFinite && (learningRate ?? 1) > 0, "--learning-rate must be above 0.")
    try check((0...1).contains(warmup ?? 0), "--warmup must be from 0 to 1, not \(warmup ?? 0).")
    try check((clip ?? 0) >= 0 && (clip ?? 0).isFinite, "--clip must be at least 0, not \(clip ?? 0).")
    try check(
      (weightDecay ?? 0) >= 0 && (weightDecay ?? 0).isFinite, "--weight-decay must be at least 0.")
  }

  private var isPaper: Bool { recipe == .paper }

  var blocks: Int { unfreeze ?? (isPaper ? 3 : 2) }
  var trainsWeightsOnly: Bool { weightsOnly || isPaper }
  /// How many texts the recipe draws.
  var recipeLimit: Int? { isPaper ? 3000 : nil }
  var recipeMaxLength: Int? { isPaper ? 1024 : nil }

  func kind(for model: Model) -> ClassifierKind { head ?? ClassifierKind.kinds(for: model)[0] }

  func settings(seed: UInt64) -> FineTuningSettings {
    let norm = clip ?? 1
    return FineTuningSettings(
      epochs: epochs ?? (isPaper ? 1 : 2), batchSize: batch ?? (isPaper ? 1 : 16),
      learningRate: learningRate ?? (isPaper ? 1e-5 : 5e-5), warmup: warmup ?? (isPaper ? 0 : 0.1),
      clip: norm == 0 ? nil : norm, weightDecay: weightDecay ?? (isPaper ? 0 : 0.01), seed: seed)
  }

  /// The values as recorded in a result.
  func members(_ kind: ClassifierKind) -> JSONMembers {
    let settings = settings(seed: 0)
    return [
      "batch": settings.batchSize, "clip": settings.clip, "epochs": settings.epochs, "head": kind.rawValue,
      "learning_rate": settings.learningRate, "unfreeze": blocks,
      "warmup": settings.warmup, "weight_decay": settings.weightDecay, "weights_only": trainsWeightsOnly,
    ]
  }
}
