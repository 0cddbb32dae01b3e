import ArgumentParser
import Files
import Reporting

struct Classify: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Label texts with a classifier.",
    discussion: """
      A text longer than the model's positions (or --max-length) is truncated (the special tokens around \
      it stay), and the result says so.

      EXAMPLES:
        graft classify imdb-bert-1-sentiment --text 'a waste of two hours' \\
          --text 'simply wonderful'
        echo 'what a film' | graft classify imdb-gpt2-narrow-sentiment
        printf '%s\\n' 'a fine film' 'a dull film' > texts.txt
        graft classify imdb-bert-1-sentiment --file texts.txt --json
      """)

  @OptionGroup var model: ModelArgument
  @OptionGroup var input: TextOptions
  @OptionGroup var classification: ClassificationOptions
  @OptionGroup var precision: PrecisionOptions
  @OptionGroup var threads: ThreadOptions
  @OptionGroup var tables: TableOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let model = try model.open()
    let classifier = try model.classification()
    let digest = output.json ? BackgroundDigest(of: model) : nil
    let encoder = try TextEncoder(model, maxLength: classification.maxLength)
    let cleaning = try classification.cleaning(for: model)
    let texts = try input.texts()
    let tokens = try texts.map { text in
      let bytes = cleaning == .none ? text.bytes : Array(cleaning.clean(text.string).utf8)
      return try encoder.encode(bytes, source: text.source)
    }
    let logits = try model.classify(
      tokens.map(\.ids), workspace: threads.workspace(precision.precision), progress: .command)
    let results = texts.indices.map {
      ClassifiedText(text: texts[$0].string, tokens: tokens[$0], logits: logits[$0], classifier: classifier)
    }
    let object = try digest.map { digest in
      try ResultStamp(
        command: "classify", model: model, digest: digest, options: classification.members(cleaning) + precision.member
      ).object(["labels": classifier.labels, "problem_type": classifier.problemType.rawValue, "results": results])
    }
    let table = ClassifiedText.table(results, classifier)
    try tables.write([table])
    try output.print(object ?? .null, beside: tables.table) { table.text($0) }
  }
}
