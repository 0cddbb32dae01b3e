import ArgumentParser
import Files
import Interpretability
import Transformer

extension DecisionAttribution.Baseline: ExpressibleByArgument {}

/// What is attributed to tokens, and how.
enum AttributionMethod: String, CaseIterable, ExpressibleByArgument {
  /// Hidden states, by the norm of their Jacobian.
  case tokens
  /// A classifier's score, by input x gradient.
  case inputGradient = "input-gradient"
  /// A classifier's score, by integrated gradients.
  case integrated
}

/// Which norm of the Jacobian is meant.
enum AttributionDefinition: String, CaseIterable, ExpressibleByArgument { case frobenius, ones }

struct AttributionOptions: ParsableArguments {
  @Option(help: "tokens: hidden states (default). input-gradient, integrated: a classifier's decision.")
  var method: AttributionMethod = .tokens

  @Flag(help: "The Frobenius norm along every direction, not from random ones.")
  var exact = false

  @Option(help: "Random directions per token for the estimate; its standard error is reported.")
  var probes = 64

  @Option(help: "frobenius: the paper's norm. ones: that of the gradient of a state's sum, as other scripts have it.")
  var definition: AttributionDefinition = .frobenius

  @Option(help: "The level to show: 1 is the state after the first block (default: the last).")
  var level: Int?

  @Option(name: .customLong("class"), help: "The class, by number or name (default: the one predicted).")
  var label: String?

  @Option(
    help: "Integrated gradients: what the line begins at; mask (the default where there is a mask token), zero or mean."
  )
  var baseline: DecisionAttribution.Baseline?

  @Option(help: "Integrated gradients: points on the line.")
  var steps = 64

  func validate() throws {
    if probes < 2 { throw ValidationError("--probes must be at least 2, not \(probes).") }
    if steps < 1 { throw ValidationError("--steps must be at least 1, not \(steps).") }
  }

  func definition(seed: UInt64) -> TokenAttribution.Definition {
    definition == .ones ? .ones : exact ? .exact : .probes(count: probes, seed: seed)
  }

  /// The level to show, counted from 0.
  func level(of model: Model) throws -> Int {
    let layers = model.dimensions.layers
    guard let level else { return layers - 1 }
    guard (1...layers).contains(level) else {
      throw ValidationError("--level must be from 1 to \(layers), not \(level).")
    }
    return level - 1
  }

  /// The number of `--class`; nil without it. Of several numbers none is predicted, so that one must be named.
  func label(of classifier: Classification) throws -> Int? {
    let labels = classifier.labels
    guard let label else {
      if classifier.problemType == .regression, labels.count > 1 {
        throw ValidationError("This model gives \(labels.count) numbers; name one by --class.")
      }
      return nil
    }
    if let place = labels.firstIndex(of: label) { return place }
    guard let number = Int(label), labels.indices.contains(number) else {
      throw ValidationError("--class must be one of \(labels.joined(separator: ", ")), not \(label).")
    }
    return number
  }

  /// The options as recorded in a result.
  func members(seed: UInt64, baseline: DecisionAttribution.Baseline?) -> JSONMembers {
    let isTokens = method == .tokens
    let usesProbes = isTokens && definition == .frobenius && !exact
    return [
      "baseline": baseline.map(\.rawValue), "class": label, "definition": isTokens ? definition.rawValue : nil,
      "exact": isTokens && exact, "method": method.rawValue, "probes": usesProbes ? probes : nil,
      "steps": method == .integrated ? steps : nil,
    ]
  }
}
