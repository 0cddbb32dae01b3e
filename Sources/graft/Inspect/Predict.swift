import ArgumentParser
import Files
import Transformer

struct Predict: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Predict tokens: fill the masks of a text, or continue it.",
    discussion: """
      BERT, DistilBERT and RoBERTa give the most probable tokens for every mask token of a text ([MASK], in RoBERTa's \
      vocabulary <mask>); GPT-2 those that may follow it, or with --generate a continuation. Generating stops early after \
      a token of the model's eos_token_id (generation_config.json, else config.json) and where the text fills the model's \
      positions. A setting of generation_config.json that would choose other tokens is refused; docs/settings.md lists \
      them.

      EXAMPLES:
        graft predict imdb-bert-1 --top 3 \\
          --text 'the acting is [MASK] and the plot is [MASK] .'
        graft predict imdb-gpt2-wide --text 'I watched this'
        graft predict imdb-gpt2-wide --text 'The best film' --generate 40 \\
          --sample --temperature 0.8 --seed 7
      """)

  @OptionGroup var model: ModelArgument
  @OptionGroup var input: TextOptions

  @Option(help: "How many tokens to show for each place.")
  var top = 5

  @Option(help: ArgumentHelp("Continue the text by up to this many tokens (GPT-2).", valueName: "n"))
  var generate: Int?

  @OptionGroup var sampling: SamplingOptions
  @OptionGroup var encoding: EncodingOptions
  @OptionGroup var threads: ThreadOptions
  @OptionGroup var tables: TableOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if top < 1 { throw ValidationError("--top must be at least 1, not \(top).") }
    if let generate, generate < 1 { throw ValidationError("--generate must be at least 1, not \(generate).") }
  }

  func run() throws {
    let model = try model.open()
    _ = try model.requireUnembedding()
    let digest = output.json ? BackgroundDigest(of: model) : nil
    let predictor = Predictor(
      model: model, encoder: try TextEncoder(model, encoding), workspace: threads.workspace())
    let plan = try generate.map { try GenerationPlan(count: $0, sampling, model) }
    let predictions = try ProgressHandler.command.map(input.texts(), "predict", unit: "texts") { text in
      try plan.map { try predictor.generate($0, text) } ?? predictor.top(top, text)
    }
    let object = try digest.map { digest in
      try ResultStamp(
        command: "predict", model: model, digest: digest, seed: plan?.seed, options: options(plan)
      ).object(["results": predictions])
    }
    try tables.write(predictions.flatMap(\.tables))
    try output.print(object ?? .null, beside: tables.table) { style in
      predictions.map { $0.text(style) }.joined(separator: "\n")
    }
  }

  private func options(_ plan: GenerationPlan?) -> JSONMembers {
    encoding.members + (plan?.members ?? ["top": top])
  }
}

/// How `--generate` chooses tokens.
struct SamplingOptions: ParsableArguments {
  @Flag(help: "Draw the tokens of --generate instead of taking the most probable.")
  var sample = false

  @Flag(help: "Take the most probable tokens of --generate although the model's own settings draw (do_sample).")
  var noSample = false

  @Option(help: "Below 1 the probable tokens become more probable, above 1 less (with --sample).")
  var temperature: Double?

  @Option(help: ArgumentHelp("Draw from this many most probable tokens only (with --sample).", valueName: "k"))
  var topK: Int?

  @Option(help: "The seed of --sample.")
  var seed: UInt64 = 42

  func validate() throws {
    if let temperature, !(temperature > 0 && temperature.isFinite) {
      throw ValidationError(
        "--temperature must be above 0, not \(temperature); leave --sample out for the most probable.")
    }
    if let topK, topK < 1 { throw ValidationError("--top-k must be at least 1, not \(topK).") }
    if seed > UInt64(Int.max) { throw ValidationError("--seed must be at most \(Int.max), not \(seed).") }
  }
}

/// How a text is continued: by the options, and where they leave it open by the model's files.
struct GenerationPlan {
  let count: Int
  let choice: TokenChoice
  let endOfText: Set<Int32>

  /// - Throws: `CommandError.drawsByItself`; what reading the settings throws.
  init(count: Int, _ sampling: SamplingOptions, _ model: any TransformerModel) throws {
    let settings = try model.generationSettings(sampling: sampling.sample)
    guard sampling.sample || sampling.noSample || !settings.samples else {
      throw CommandError.drawsByItself(path: settings.path)
    }
    Console.noteUnread(settings.unreadKeys, path: settings.path)
    self.count = count
    choice =
      sampling.sample
      ? .sampled(
        temperature: sampling.temperature ?? settings.temperature ?? 1, topK: sampling.topK ?? settings.topK,
        seed: sampling.seed) : .greedy
    endOfText = settings.endOfText
  }

  /// The seed of the draws; nil without any.
  var seed: UInt64? {
    guard case .sampled(_, _, let seed) = choice else { return nil }
    return seed
  }

  /// The options as recorded in a result.
  var members: JSONMembers {
    guard case .sampled(let temperature, let topK, _) = choice else { return ["generate": count] }
    return ["generate": count, "temperature": temperature, "top_k": topK]
  }
}
