import ArgumentParser
import Checkpoints
import Files
import Transformer

struct Verify: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compare a model with stored results, stage by stage.",
    discussion: """
      Runs the ids (and token_types) of the file and compares hidden, attention, logits and classifier_logits in the \
      order the model computes them. The error of a stage is its largest difference, as a fraction of the largest magnitude \
      of the expected tensor. Ends with exit code 1 at the first stage over the tolerance.

      The file is what graft forward writes, or the same tensors from another program (F32 or F64).

      EXAMPLES:
        graft forward imdb-bert-1 --text 'what a film' -o states.safetensors
        graft verify imdb-bert-1 --expected states.safetensors
        graft verify imdb-bert-1 --tolerance 1e-5 --json --expected \\
          Tests/TransformerTests/Fixtures/trained/imdb-bert-1/expected.safetensors
      """)

  @OptionGroup var model: ModelArgument

  @Option(help: ArgumentHelp("The safetensors file of expected results.", valueName: "path"))
  var expected: String

  @Option(help: "The largest error allowed, as a fraction of the tensor's largest magnitude.")
  var tolerance = 2e-5

  @OptionGroup var threads: ThreadOptions
  @OptionGroup var tables: TableOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard tolerance >= 0, tolerance.isFinite else {
      throw ValidationError("--tolerance must be 0 or a positive number, not \(tolerance).")
    }
  }

  func run() throws {
    let model = try model.open()
    let digest = output.json ? BackgroundDigest(of: model) : nil
    let file = try SafetensorsFile(expected)
    let (ids, tokenTypes) = try Verification.input(of: file)
    let trace = try model.trace(ids, tokenTypes: tokenTypes, workspace: threads.workspace())
    let verification = try Verification(of: trace, against: file)
    guard !verification.stages.isEmpty else {
      throw CommandError.nothingToCompare(path: expected, names: file.names)
    }
    let failure = verification.firstFailure(tolerance: tolerance)
    let shown = verification.stages(tolerance: tolerance)
    let object = try digest.map { digest in
      try ResultStamp(
        command: "verify", model: model, digest: digest,
        options: ["expected": expected, "tolerance": tolerance]
      ).object([
        "first_failure": failure.map(\.name), "other_head": model.otherHead, "not_compared": verification.notCompared,
        "passed": failure == nil, "stages": shown, "tokens": ids.count,
      ])
    }
    try tables.write([verification.table(of: shown, tolerance: tolerance)])
    try output.print(object ?? .null, beside: tables.table) { style in
      verification.text(shown, of: model, tolerance: tolerance, style)
    }
    if let failure {
      throw CommandError.overTolerance(
        stage: failure.name, fraction: failure.fraction.scientific, tolerance: tolerance.scientific)
    }
  }
}
