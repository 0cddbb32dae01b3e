import ArgumentParser
import Evaluation
import Files
import Reporting
import Transformer

/// `--sites`: some values of many texts.
struct SiteOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Write these values alone, of every text: residPre, queries, keys, values, headOutputs, attnOut, residMid, mlpHidden, "
        + "mlpOut, residPost and the others of docs/architecture.md that have one row per token.",
      valueName: "queries,mlpOut"),
    transform: { try CommaList.choices($0, of: SiteFile.sites, named: \.rawValue) })
  var sites: [Site]?

  @Option(
    help: ArgumentHelp("With --sites: of these blocks (default: all).", valueName: "0,5"), transform: CommaList.numbers)
  var layers: [Int]?

  @Option(
    help: ArgumentHelp("With --sites: a file with one text per line ('-' reads standard input).", valueName: "path"))
  var file: String?
}

extension Forward {
  /// Writes the values at some sites of all texts.
  func runSites(_ sites: [Site], _ model: any TransformerModel) throws {
    let digest = result.json ? BackgroundDigest(of: model) : nil
    let encoder = try TextEncoder(model, encoding)
    let lines = try choice.file.map { try InputLines($0) }
    let count = lines?.count ?? 1
    func input(_ index: Int) -> InputText { lines?[index] ?? InputText(text ?? "", source: "--text") }
    var truncated = 0
    // Twice through the tokenizer, so that neither ids nor states are in memory.
    let lengths = try ProgressHandler.command.map(0..<count, "tokens", unit: "texts") { index in
      let tokens = try encoder.encode(fitting: model, input(index))
      if tokens.truncated { truncated += 1 }
      return tokens.ids.count
    }
    let layers = choice.layers ?? Array(model.blockDimensions.indices)
    let shapes = try model.writeValues(
      at: sites, of: layers, lengths: lengths, to: output.path, workspace: threads.workspace(precision.precision),
      progress: .command
    ) { try encoder.encode(input($0).bytes, source: input($0).source, notes: false).ids }
    let tokens = lengths.reduce(0, +)
    let object = try digest.map { digest in
      try ResultStamp(
        command: "forward-sites", model: model, digest: digest,
        options: encoding.members + precision.member
          + ["file": choice.file, "layers": layers, "sites": sites.map(\.rawValue), "text": self.text]
      ).object([
        "output": output.path, "tensors": Dictionary(shapes) { $1 }, "texts": count, "tokens": tokens,
        "truncated": truncated,
      ])
    }
    try result.print(object ?? .null, beside: output) { style in
      var sheet = FactSheet("\(model.name): \(count.counted("text")), \(tokens.counted("token"))")
      for (name, shape) in shapes { sheet.add(name, shape.map(String.init).joined(separator: " x ")) }
      return sheet.text(style) + "written to \(output)\n"
    }
  }
}
