import ArgumentParser
import Files
import Interpretability
import Reporting

extension LensStatistic: ExpressibleByArgument {}
extension LensHeadChoice: ExpressibleByArgument {}

/// `--attribute`: who makes a logit.
struct LogitAttributionOptions: ParsableArguments {
  @Flag(
    help: ArgumentHelp(
      "Show what each head, feed-forward block, embedding and bias adds to the logit of --target, minus that of --versus; "
        + "without --target, of the final answer. At the masks (GPT-2: the last token), or those of --tokens or --slice. "
        + CheckpointArgument.noStitchedModel
    ))
  var attribute = false

  /// The option as recorded in a result.
  var member: JSONMembers { ["attribute": attribute] }
}
