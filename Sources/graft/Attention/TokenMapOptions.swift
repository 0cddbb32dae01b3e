import ArgumentParser
import Files
import Interpretability

/// What is measured over a dataset.
enum IdentifyMeasure: String, CaseIterable, ExpressibleByArgument {
  case attention, tokens, both

  var includesAttention: Bool { self != .tokens }
  var includesTokens: Bool { self != .attention }
}

extension TokenMap.Loss: ExpressibleByArgument {}

/// `--maps identity,mlp`: each kind once.
struct TokenMapList: ExpressibleByArgument {
  let kinds: [TokenMap.Kind]

  init(_ kinds: [TokenMap.Kind]) { self.kinds = kinds }

  /// As the help shows it.
  var defaultValueDescription: String { kinds.map(\.rawValue).joined(separator: ",") }

  init?(argument: String) {
    let found = CommaList.values(argument) { TokenMap.Kind(rawValue: $0) }
    kinds = found.compactMap { $0 }
    guard kinds.count == found.count, Set(kinds).count == kinds.count else { return nil }
  }
}

/// How the maps are fitted that lead from hidden states back to tokens.
struct TokenMapOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Maps back to the inputs: identity, linear, mlp.", valueName: "kinds"))
  var maps = TokenMapList(TokenMap.Kind.allCases)

  @Option(help: "What maps are fitted to: cosine or l2.")
  var loss: TokenMap.Loss = .cosine

  @Option(help: "The MLP's width (default: twice that of a hidden state).")
  var width: Int?

  @Option(help: "Passes of the MLP over the training tokens, at most.")
  var epochs = 20

  @Option(help: "The MLP's learning rate.")
  var rate = 2e-3

  @Option(help: "The linear map's ridge, as a part of the mean variance of a hidden number.")
  var ridge = 1e-4

  func validate() throws {
    if let width, !(1...65536).contains(width) {
      throw ValidationError("--width must be from 1 to 65536, not \(width).")
    }
    if !(1...10000).contains(epochs) { throw ValidationError("--epochs must be from 1 to 10000, not \(epochs).") }
    guard rate > 0, rate.isFinite else { throw ValidationError("--rate must be above 0, not \(rate).") }
    guard ridge >= 0, ridge.isFinite else { throw ValidationError("--ridge must not be below 0, as \(ridge) is.") }
  }

  /// The options as recorded in a result.
  var members: JSONMembers {
    [
      "epochs": epochs, "loss": loss.rawValue, "maps": maps.kinds.map(\.rawValue), "rate": rate,
      "ridge": ridge, "width": width,
    ]
  }

  func training(seed: UInt64) -> TokenMapTraining {
    TokenMapTraining(loss: loss, hidden: width, epochs: epochs, rate: rate, ridge: ridge, seed: seed)
  }
}
