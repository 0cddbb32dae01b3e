/// One way to use a command, and the options that have an effect in it.
struct OptionMode: Sendable, CustomStringConvertible {
  /// "atlas build"
  let command: String
  /// What makes the mode, without the command. The models and files are not there.
  let arguments: [String]
  /// Beside --threads, --progress and the options of every command.
  let uses: Set<String>

  init(_ command: String, _ arguments: String, uses: String = "", without: String = "") {
    func words(_ text: String) -> [String] { text.split(separator: " ").map(String.init) }
    self.command = command
    self.arguments = words(arguments)
    let isDrawn = self.arguments.contains("--figure")
    let hasTables = !Self.withoutTables.contains(command)
    self.uses = Set(words(uses)).union(hasTables ? ["--table"] : []).union(
      isDrawn ? ["--figure-width", "--figure-panels"] : []
    ).union([
      "--json", "--color", "--threads", "--progress", "--progress-interval", "--offline",
    ])
    .subtracting(words(without))
  }

  var description: String { "\(command) \(arguments.joined(separator: " "))" }
}

extension OptionMode {
  /// Commands that print no table.
  private static let withoutTables: Set = [
    "atlas build", "atlas export", "compare", "convert", "env", "explore", "forward", "pull",
  ]
  static let columns = "--text-column --label-column"
  static let dataset = "--dataset \(columns) --split --reviews --limit"
  static let run = "--output"
  static let texts = "--max-length --text-cleaning"
  static let filter = "--ascii --alphanumeric --min-length --words --corpus"
  static let prompt =
    "--beside --sublayers --updates --head --unembedding --mask-each --slice --tokens --target "
    + "--tuned --ablate --patch --attribute --show --figure --html --max-length --bos --precision --format"
  static let sweep =
    "--tokens --head --unembedding --figure --html --max-length --bos --precision --format"
  static let project = "--top \(filter) --width --format"
  static let training =
    "--recipe --unfreeze --head --weights-only --epochs --batch --learning-rate --warmup --clip "
    + "--weight-decay --labels --cache --checkpoint-every --resume --dataset \(columns) --limit --test-limit \(texts) \(run)"
  static let stitched =
    "--pretrained --finetuned --keep --transplant --final-norm --add-positions --as-published "
    + "--allow-partial-vocabulary --maps"

  /// The modes of each command that differ in what they use; every option is used in one of them.
  static let all = models + lens + attention + parameters + classifiers

  /// A value that each option can be parsed with, of one command or of all; the others have a default, which is given.
  static let values: [String: String] = [
    "--text": "t", "--file": "f", "--jsonl": "f", "--ids": "1", "--token-types": "0", "--output": "r",
    "--max-length": "9",
    "--generate": "2", "--temperature": "0.5", "--top-k": "3", "--beside": "t", "--unembedding": "none",
    "--slice": "0:1",
    "--tokens": "0", "--target": "t", "--versus": "u", "--tuned": "f", "--dataset": "f", "--split": "test",
    "--reviews": "f", "--limit": "3", "--text-cleaning": "br", "--ablate": "L0H0", "--patch": "L0.mlp=from:t",
    "--mean-over": "f", "--figure": "picture", "--table": "t.csv", "--figure-width": "3.25in", "--html": "page",
    "--save": "s",
    "--heads": "L0H0", "--lengths": "8",
    "--width": "8",
    "--level": "1", "--class": "0", "--baseline": "zero", "--ff-key": "L0:0", "--ff-value": "L0:0", "--query": "L0H0:0",
    "--key": "L0H0:0", "--value": "L0H0:0", "--head": "L0H0", "--layer": "0", "--against": "base", "--top": "3",
    "--words": "f", "--corpus": "f", "--text-column": "c", "--label-column": "c", "--kind": "vo", "--groups": "K",
    "--spaces": "embedding", "--threads": "1",
    "--test": "f", "--test-limit": "3", "--recipe": "paper", "--unfreeze": "1", "--epochs": "1", "--batch": "1",
    "--learning-rate": "0.1", "--warmup": "0.1", "--clip": "1", "--weight-decay": "0", "--labels": "a,b",
    "--seeds": "1,2",
    "--keep": "1", "--transplant": "1", "--maps": "pinv", "--levels": "all", "--unlabelled": "f",
    "--pretrained": "none",
    "--finetuned": "none", "project --output": "L0H0:0", "finetune --head": "cls", "lens --show": "kl", "--k": "3",
    "--shard": "1/2", "--patch-sweep": "heads", "--ablate-sweep": "heads", "--from": "t", "--pairs": "f",
    "--format": "csv", "--sites": "keys", "--layers": "0",
    "--point": "0", "--expected": "f", "--host": "127.0.0.1", "--atlas": "f",
  ]
}
