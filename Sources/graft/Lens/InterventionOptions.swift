import ArgumentParser
import Files
import Interpretability
import Transformer

/// `--ablate` and `--patch`: values replaced on the way through the model.
struct InterventionOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Take away what a head or a block adds: L5H3, L5.attn, L5.mlp; L5H3@4 at token 4 alone; L5H3=mean puts its mean "
        + "there, not zeros. Give it again for more.", valueName: "site"))
  var ablate: [String] = []

  @Option(
    help: ArgumentHelp(
      "Put in what another text makes: L5.residPost@3=from:TEXT at token 3 (of both), =from@7:TEXT from its token 7, "
        + "without @3 everywhere. Give it again for more.", valueName: "site=from:text"))
  var patch: [String] = []

  @Option(
    help: ArgumentHelp(
      "Means are over all tokens of these texts, one per line (default: of the text itself).", valueName: "path"))
  var meanOver: String?

  @Flag(help: "Show each text without --ablate and --patch to the left.")
  var unchanged = false

  func validate() throws { _ = try changes() }

  /// The ablations, then the patches, each in the order given.
  /// - Throws: `ValidationError`.
  func changes() throws -> [SiteChange] {
    try ablate.map { text in
      guard let change = SiteChange(ablation: text) else {
        throw ValidationError(
          "--ablate \(text): expected \(Address.Kind.site.rawValue), then perhaps @4 for one token and =mean.")
      }
      return change
    }
      + patch.map { text in
        guard let change = SiteChange(patch: text) else {
          throw ValidationError(
            "--patch \(text): expected \(Address.Kind.site.rawValue), perhaps @3 for one token, and =from:TEXT or "
              + "=from@7:TEXT.")
        }
        return change
      }
  }

  /// The options as recorded in a result.
  var members: JSONMembers {
    ["ablate": ablate, "patch": patch, "mean_over": meanOver, "unchanged": unchanged]
  }
}
