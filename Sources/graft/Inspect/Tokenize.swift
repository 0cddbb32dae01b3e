import ArgumentParser
import Files
import Reporting
import Tokenization

struct Tokenize: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show how a model's tokenizer cuts texts.",
    discussion: """
      With --json a line for each text: {"ids", "offsets", "tokens"}, where tokens are the vocabulary's own strings and \
      offsets are UTF-8 byte positions [start, end) in the text. A line of a file ends at \\n and nowhere else. MODEL may \
      be a directory that holds tokenizer files alone.

      EXAMPLES:
        graft tokenize imdb-bert-1 --text 'unbelievably good'
        echo 'a film' | graft tokenize imdb-bert-1
        printf '%s\\n' 'a fine film' 'a dull film' > texts.txt
        graft tokenize imdb-gpt2-wide --file texts.txt --json --no-special
      """)

  @OptionGroup var model: ModelArgument
  @OptionGroup var input: TextOptions

  @Flag(help: "Leave out the special tokens that the model puts around a text.")
  var noSpecial = false

  @OptionGroup var progress: ProgressOptions
  @OptionGroup var tables: TableOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let tokenizer = try model.tokenizer()
    let stream = OutputOptions.stream(beside: [tables.table])
    let style = Console.style(output.color, of: stream)
    var kept: [Table] = []
    var pending = ""
    let texts = try input.texts()
    let progress = Progress(.init("tokenize", unit: "texts", total: texts.count))
    for (index, text) in texts.enumerated() {
      progress.update(index)
      let encoding = try tokenizer.encode(text.bytes, addSpecialTokens: !noSpecial)
      var problems = TextProblems()
      try text.bytes.withUnsafeBytes { try problems.add($0, ids: encoding.ids, tokenizer, source: text.source) }
      Console.add(problems)
      if output.json {
        pending += try JSON(encoding: encoding).serialized() + "\n"
      } else {
        pending += (index > 0 ? "\n" : "") + encoding.table(of: text.string, tokenizer).text(style)
      }
      if tables.table != nil { kept.append(encoding.table(of: text.string, tokenizer)) }
      if pending.utf8.count > 1 << 16 {
        try Console.write(pending, to: stream)
        pending = ""
      }
    }
    try tables.write(kept)
    try Console.write(pending, to: stream)
  }
}
