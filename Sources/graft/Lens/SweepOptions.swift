import ArgumentParser
import Files
import Interpretability

/// `--patch-sweep` and `--ablate-sweep`: one change after the other instead of one reading.
struct SweepOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Patch every level at every token in turn from --from, and show how much of the logit difference of --target and "
        + "--versus follows: residPost, attnOut, mlpOut, or heads (each head at all tokens). "
        + CheckpointArgument.noStitchedModel))
  var patchSweep: SiteSweep.Kind?

  @Option(
    help: ArgumentHelp(
      "Set every level at every token to 0 in turn: residPost, attnOut, mlpOut, or heads; heads=mean puts the mean there. "
        + CheckpointArgument.noStitchedModel, valueName: "kind"))
  var ablateSweep: AblationSweep?

  @Option(
    help: ArgumentHelp(
      "With --patch-sweep: the text that states are taken from, of equally many tokens.", valueName: "text")
  )
  var from: String?

  @Option(
    help: ArgumentHelp(
      "Sweep over all texts of this file, an object a line: text, target, versus and, to patch, from; shows means.",
      valueName: "path"))
  var pairs: String?

  /// What is changed; nil without a sweep.
  var kind: SiteSweep.Kind? { patchSweep ?? ablateSweep?.kind }

  /// The options as recorded in a result.
  var members: JSONMembers {
    ["from": from, "kind": kind?.rawValue, "method": patchSweep == nil ? ablateSweep?.method.rawValue : "patch"]
  }
}

extension SiteSweep.Kind: ExpressibleByArgument {}

/// `KIND`, `KIND=zero` or `KIND=mean`, as --ablate takes them after a site.
struct AblationSweep: ExpressibleByArgument {
  let kind: SiteSweep.Kind
  let method: SiteSweep.Method

  static var allValueStrings: [String] { SiteSweep.Kind.allCases.flatMap { [$0.rawValue, "\($0.rawValue)=mean"] } }

  init?(argument: String) {
    let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let methods: [String: SiteSweep.Method] = ["zero": .zero, "mean": .mean]
    guard let kind = SiteSweep.Kind(rawValue: parts[0]), let method = parts.count == 1 ? .zero : methods[parts[1]]
    else { return nil }
    (self.kind, self.method) = (kind, method)
  }
}
