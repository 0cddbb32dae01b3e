import ArgumentParser
import Evaluation
import Files
import Reporting
import Transformer

struct Forward: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run one text and write every hidden state, attention weight and score.",
    discussion: """
      The file holds ids [T], hidden [L+1, T, d] (0: the embeddings; i+1: the residual stream after block i, for GPT-2 \
      before ln_f), attention [L, H, T, T], logits [T, V] and classifier_logits [C] where the model has those heads. \
      A stitched model writes hidden and attention once for each of its two parts.

      --sites writes other values, of all texts of --file: a tensor [rows, columns] per block and site, such as L3.queries, \
      with the rows of all texts below each other; offsets [texts + 1] says where each text begins, ids [rows] holds the \
      tokens. Memory does not grow with the file.

      EXAMPLES:
        graft forward imdb-bert-1 --text 'what a film' -o states.safetensors
        graft forward imdb-gpt2-wide --ids 40,734,257 -o ids.safetensors --json
        graft forward imdb-bert-1 --ids 2,9,3,8,3 --token-types 0,0,0,1,1 \\
          -o types.safetensors
        graft forward imdb-gpt2-wide --sites keys,mlpHidden --layers 0,3 \\
          --text 'what a film' -o keys.safetensors
      """)

  @OptionGroup var model: ModelArgument

  @Option(help: "The text.")
  var text: String?

  @Option(
    help: ArgumentHelp("The token ids, in place of a text; no tokenizer is needed.", valueName: "1,2,3"),
    transform: CommaList.numbers)
  var ids: [Int32]?

  @Option(
    help: ArgumentHelp(
      "The token type of each token, of a model that has types (default: 0 for all).", valueName: "0,0,1"),
    transform: CommaList.numbers)
  var tokenTypes: [Int32]?

  @OptionGroup var choice: SiteOptions

  @Option(name: [.short, .long], help: .file("The safetensors file to write."))
  var output: FileOutput

  @OptionGroup var encoding: EncodingOptions
  @OptionGroup var precision: PrecisionOptions
  @OptionGroup var threads: ThreadOptions
  @OptionGroup var result: OutputOptions

  func validate() throws {
    guard [text == nil, ids == nil, choice.file == nil].count(where: { !$0 }) == 1 else {
      throw ValidationError("Give one of --text and --ids, or with --sites one of --text and --file.")
    }
  }

  func run() throws {
    let model = try model.open()
    if let sites = choice.sites { return try runSites(sites, model) }
    let digest = result.json ? BackgroundDigest(of: model) : nil
    let tokens = try tokens(for: model)
    var types = tokenTypes
    if let given = types, tokens.truncated { types = Array(given.prefix(tokens.ids.count)) }
    var trace = try model.trace(tokens.ids, tokenTypes: types, workspace: threads.workspace(precision.precision))
    let shapes = try trace.write(to: output.path)
    let object = try digest.map { digest in
      try ResultStamp(command: "forward", model: model, digest: digest, options: options).object([
        "ids": tokens.ids, "output": output.path, "tensors": Dictionary(shapes) { $1 },
        "tokens": tokens.ids.count, "truncated": tokens.truncated,
      ])
    }
    try result.print(object ?? .null, beside: output) { style in
      var sheet = FactSheet(
        "\(model.name): \(tokens.ids.count.counted("token"))\(tokens.truncated ? ", truncated" : "")")
      for (name, shape) in shapes { sheet.add(name, shape.map(String.init).joined(separator: " x ")) }
      return sheet.text(style) + "written to \(output)\n"
    }
  }

  private func tokens(for model: any TransformerModel) throws -> EncodedText {
    if let text { return try TextEncoder(model, encoding).encode(Array(text.utf8), source: "--text") }
    let all = ids ?? []
    let head = all.prefix(encoding.maxLength.map { min($0, model.positions) } ?? all.count)
    if head.count < all.count {
      Truncation.add(
        "--ids", tokens: all.count, read: head.count,
        limit: Truncation.limit(encoding.maxLength, tokenizer: nil, positions: model.positions))
    }
    return EncodedText(ids: Array(head), truncated: head.count < all.count)
  }

  private var options: JSONMembers {
    encoding.members + precision.member + ["text": text, "token_types": tokenTypes]
  }
}
