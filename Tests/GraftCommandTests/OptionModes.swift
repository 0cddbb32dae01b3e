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
  private static let columns = "--text-column --label-column"
  private static let dataset = "--dataset \(columns) --split --reviews --limit"
  private static let run = "--output"
  private static let texts = "--max-length --text-cleaning"
  private static let filter = "--ascii --alphanumeric --min-length --words --corpus"
  private static let prompt =
    "--beside --sublayers --updates --head --unembedding --mask-each --slice --tokens --target "
    + "--tuned --ablate --patch --attribute --show --figure --html --max-length --bos --precision --format"
  private static let sweep =
    "--tokens --head --unembedding --figure --html --max-length --bos --precision --format"
  private static let project = "--top \(filter) --width --format"
  private static let training =
    "--recipe --unfreeze --head --weights-only --epochs --batch --learning-rate --warmup --clip "
    + "--weight-decay --labels --cache --checkpoint-every --resume --dataset \(columns) --limit --test-limit \(texts) \(run)"
  private static let stitched =
    "--pretrained --finetuned --keep --transplant --final-norm --add-positions --as-published "
    + "--allow-partial-vocabulary --maps"

  /// The modes of each command that differ in what they use; every option is used in one of them.
  static let all: [OptionMode] = [
    OptionMode("inspect", "none", uses: "--tensors", without: "--table"),
    OptionMode("inspect", "none --json", uses: "--tensors", without: "--color --table"),
    OptionMode("inspect", "none --tensors --json", uses: "--tensors", without: "--color"),
    OptionMode("models", ""),
    OptionMode("pull", "none"),
    OptionMode(
      "explore", "none", uses: "--port --host --tuned --atlas",
      without: "--json --color --progress --progress-interval"),
    OptionMode("convert", "none -o d", uses: "--output"),
    OptionMode("tokenize", "none --text t", uses: "--text --no-special"),
    OptionMode("tokenize", "none --file f", uses: "--file --no-special"),
    OptionMode(
      "forward", "none --text t -o f", uses: "--text --token-types --sites --output --max-length --bos --precision"),
    OptionMode(
      "forward", "none --sites keys --text t -o f",
      uses: "--text --sites --layers --output --max-length --bos --precision"),
    OptionMode(
      "forward", "none --sites keys --file t -o f",
      uses: "--file --sites --layers --output --max-length --bos --precision"),
    OptionMode("forward", "none --ids 1 -o f", uses: "--ids --token-types --output --max-length --precision"),

    OptionMode("predict", "none --text t", uses: "--text --top --generate --max-length --bos"),
    OptionMode("predict", "none --file f", uses: "--file --top --generate --max-length --bos"),
    OptionMode(
      "predict", "none --text t --generate 3", uses: "--text --generate --sample --no-sample --max-length --bos",
      without: "--table"),
    OptionMode(
      "predict", "none --text t --generate 3 --sample",
      uses: "--text --generate --sample --temperature --top-k --seed --max-length --bos", without: "--table"),

    OptionMode("lens", "none --text t", uses: "--text \(prompt)"),
    OptionMode("lens", "none --file f", uses: "--file \(prompt)"),
    OptionMode("lens", "none --jsonl f", uses: "--jsonl --versus \(prompt)"),
    OptionMode("lens", "none --text t --json", uses: "--text --top \(prompt)", without: "--color --show --format"),
    OptionMode("lens", "none --text t --json --html p", uses: "--text --top \(prompt)", without: "--color --format"),
    OptionMode(
      "lens", "none --text t --json --table t.md", uses: "--text --top \(prompt)", without: "--color --format"),
    OptionMode(
      "lens", "none --text t --format csv --table t.md", uses: "--text \(prompt)", without: "--color --json"),
    OptionMode("lens", "none --text t --figure p", uses: "--text --top \(prompt)"),
    OptionMode(
      "lens", "none --text t --attribute", uses: "--text --top \(prompt)",
      without: "--show --sublayers --updates --tuned --precision"),
    OptionMode(
      "lens", "none --text t --attribute --html p", uses: "--text --top \(prompt)", without: "--precision"),
    OptionMode(
      "lens", "none --text t --show kl", uses: "--text \(prompt)", without: "--target --attribute --json --format"),
    OptionMode("lens", "none --text t --show kl --figure p", uses: "--text --top \(prompt)", without: "--attribute"),
    OptionMode(
      "lens", "none --text t --target u --show target", uses: "--text \(prompt)",
      without: "--attribute --json --format"),
    OptionMode("lens", "none --text t --format csv", uses: "--text \(prompt)", without: "--color --json --show"),
    OptionMode(
      "lens", "none --text t --format csv --figure p", uses: "--text --top \(prompt)", without: "--color --json"),
    OptionMode("lens", "none --text t --target u", uses: "--text --versus \(prompt)", without: "--show"),
    OptionMode("lens", "none --text t --ablate L0H0", uses: "--text --unchanged \(prompt)"),
    OptionMode("lens", "none --text t --ablate L0H0=mean", uses: "--text --unchanged --mean-over \(prompt)"),
    OptionMode("lens", "none --text t --patch L0.mlp=from:u", uses: "--text --unchanged \(prompt)"),
    OptionMode("lens", "none --text t --head embedding", uses: "--text \(prompt)", without: "--unembedding"),
    OptionMode(
      "lens", "none --dataset f",
      uses:
        "\(dataset) \(texts) \(run) --seed --mask-share --sublayers --head --unembedding --tuned --precision --figure"),
    OptionMode(
      "lens", "none --dataset f --figure p",
      uses:
        "\(dataset) \(texts) \(run) --seed --mask-share --sublayers --head --unembedding --tuned --precision --figure --show"
    ),
    OptionMode(
      "lens", "none --dataset f -o r",
      uses:
        "\(dataset) \(texts) \(run) --resume --seed --mask-share --sublayers --head --unembedding --tuned --precision --figure"
    ),

    OptionMode(
      "lens", "none --text t --patch-sweep heads --from u --target a --versus b",
      uses: "--text --from --target --versus --patch-sweep \(sweep)"),
    OptionMode(
      "lens", "none --text t --ablate-sweep heads --target a --versus b",
      uses: "--text --target --versus --ablate-sweep \(sweep)"),
    OptionMode(
      "lens", "none --text t --ablate-sweep heads=mean --target a --versus b",
      uses: "--text --target --versus --mean-over --ablate-sweep \(sweep)"),
    OptionMode(
      "lens", "none --pairs f --patch-sweep heads --format jsonl", uses: "--pairs --seed --patch-sweep \(sweep)",
      without: "--color --json"),
    OptionMode("lens", "none --pairs f --patch-sweep heads", uses: "--pairs --seed --patch-sweep \(sweep)"),
    OptionMode("lens", "none --pairs f --ablate-sweep mlpOut", uses: "--pairs --seed --ablate-sweep \(sweep)"),

    OptionMode(
      "lens-fit", "none --dataset f -o f",
      uses: "\(dataset) \(texts) --seed --mask-share --output --ridge --steps --head --unembedding"),
    OptionMode(
      "lens-fit", "none --dataset f -o f --steps 3 --head embedding",
      uses: "\(dataset) \(texts) --seed --mask-share --output --ridge --steps --rate --head"),
    OptionMode("lens-classifier", "none --text t", uses: "--text --figure \(texts)"),
    OptionMode("lens-classifier", "none --text t --figure p", uses: "--text --figure \(texts)"),
    OptionMode("lens-classifier", "none --dataset f", uses: "\(dataset) --seed \(texts) \(run)"),
    OptionMode("lens-classifier", "none --dataset f -o r", uses: "\(dataset) --seed \(texts) \(run) --resume"),

    OptionMode("identify", "none --text t", uses: "--text --tolerance --simplex --html --figure --save \(texts)"),
    OptionMode("identify", "none --file f", uses: "--file --tolerance --simplex --html --figure --save \(texts)"),
    OptionMode(
      "identify", "none --text t --html p", uses: "--text --tolerance --simplex --heads --html --figure --save \(texts)"
    ),
    OptionMode(
      "identify", "none --text t --figure p",
      uses: "--text --tolerance --simplex --heads --show --html --figure --save \(texts)"),
    OptionMode(
      "identify", "none",
      uses:
        "--text --file --tolerance --simplex --lengths --measure --maps --loss --width --epochs --rate --ridge --dataset "
        + "--reviews --limit --seed --html --figure \(texts) \(run)"),
    OptionMode(
      "identify", "none --dataset f -o r --measure tokens --maps linear",
      uses: "--measure --maps --loss --ridge \(dataset) --seed --html --figure \(texts) \(run) --resume"),
    OptionMode(
      "identify", "none --measure tokens --maps identity,mlp",
      uses: "--measure --maps --loss --width --epochs --rate --dataset --reviews --limit --seed --html --figure "
        + "\(texts) \(run)"),
    OptionMode(
      "identify", "none --measure tokens --maps identity",
      uses: "--measure --maps --dataset --reviews --limit --seed --html --figure \(texts) \(run)"),
    OptionMode(
      "identify", "none --measure attention",
      uses:
        "--tolerance --simplex --lengths --measure --dataset --reviews --limit --seed --html --figure \(texts) \(run)"),

    OptionMode(
      "attribute", "none --text t",
      uses: "--text --method --exact --probes --definition --level --seed --figure --html --format \(texts)"),
    OptionMode(
      "attribute", "none --file f",
      uses: "--file --method --exact --probes --definition --level --seed --figure --html --format \(texts)"),
    OptionMode(
      "attribute", "none --text t --json",
      uses: "--text --method --exact --probes --definition --seed --figure --html \(texts)", without: "--color"),
    OptionMode(
      "attribute", "none --text t --format csv",
      uses: "--text --method --exact --probes --definition --seed --figure --html --format \(texts)",
      without: "--color --json"),
    OptionMode(
      "attribute", "none --text t --exact --format csv --table t.md",
      uses: "--text --method --exact --definition --level --figure --html --format \(texts)", without: "--color --json"),
    OptionMode(
      "attribute", "none --text t --exact --figure p",
      uses: "--text --method --exact --definition --level --figure --html --format \(texts)"),
    OptionMode(
      "attribute", "none --text t --exact",
      uses: "--text --method --exact --definition --level --figure --html --format \(texts)"),
    OptionMode(
      "attribute", "none --text t --definition ones",
      uses: "--text --method --definition --level --figure --html --format \(texts)"),
    OptionMode(
      "attribute", "none --text t --method input-gradient",
      uses: "--text --method --class --figure --html --format \(texts)"),
    OptionMode(
      "attribute", "none --text t --method integrated",
      uses: "--text --method --class --baseline --steps --figure --html --format \(texts)"),
    OptionMode(
      "attribute", "none --dataset f",
      uses: "--method --exact --probes --definition --seed \(dataset) --figure --html \(texts) \(run)"),
    OptionMode(
      "attribute", "none --dataset f -o r",
      uses: "--method --exact --probes --definition --seed \(dataset) --figure --html \(texts) \(run) --resume"),
    OptionMode(
      "attribute", "none --dataset f --exact",
      uses: "--method --exact --definition \(dataset) --figure --html \(texts) \(run)"),
    OptionMode(
      "attribute", "none --dataset f --exact --limit 2",
      uses: "--method --exact --definition --seed \(dataset) --figure --html \(texts) \(run)"),

    OptionMode(
      "project", "none --ff-key L0:0",
      uses: "--ff-key --ff-value --query --key --value --output --against --inverse --fold-norm \(project)"),
    OptionMode(
      "project", "none --ff-value L0:0", uses: "--ff-key --ff-value --query --key --value --output --against \(project)"
    ),
    OptionMode(
      "project", "none --output L0H0:0", uses: "--ff-key --ff-value --query --key --value --output --against \(project)"
    ),
    OptionMode(
      "project", "none --head L0H0",
      uses: "--head --matrix --lowest --svd --pairs --inverse --fold-norm \(project)"),
    OptionMode(
      "project", "none --head L0H0 --json",
      uses: "--head --matrix --lowest --svd --pairs --inverse --fold-norm \(project)",
      without: "--color --width --format"),
    OptionMode(
      "project", "none --against base --format csv",
      uses: "--against --ff-key --ff-value --query --key --value --output --moved --inverse \(project)",
      without: "--color --json --width"),
    OptionMode(
      "project", "none --head L0H0 --json --table t.md",
      uses: "--head --matrix --lowest --svd --pairs --inverse --fold-norm \(project)", without: "--color --format"),
    OptionMode(
      "project", "none --against base --format csv --table t.md",
      uses: "--against --ff-key --ff-value --query --key --value --output --moved --scored --seed --inverse \(project)",
      without: "--color --json"),
    OptionMode(
      "project", "none --head L0H0 --svd", uses: "--head --matrix --svd --directions --inverse --fold-norm \(project)"),
    OptionMode(
      "project", "none --layer 0 --matrix k --svd",
      uses: "--layer --matrix --svd --directions --inverse --fold-norm \(project)"),
    OptionMode("project", "none --layer 0 --matrix v --svd", uses: "--layer --matrix --svd --directions \(project)"),
    OptionMode(
      "project", "none --against base",
      uses: "--against --ff-key --ff-value --query --key --value --output --moved --scored --seed --inverse \(project)"),
    OptionMode(
      "project", "none --against base --ff-value L0:0",
      uses: "--against --ff-key --ff-value --query --key --value --output --scored --seed --inverse \(project)"),

    OptionMode(
      "project", "none --output L0H0:0 --corpus f",
      uses: "--ff-key --ff-value --query --key --value --output --against \(project) \(columns)"),

    OptionMode(
      "atlas build", "none --corpus f",
      uses: "--output --top-pairs --top --svd --pairs --inverse --fold-norm \(filter) \(columns)"),
    OptionMode(
      "atlas build", "none", uses: "--output --top-pairs --top --svd --pairs --inverse --fold-norm \(filter)"),
    OptionMode("atlas search", "word", uses: "--atlas --kind --lowest --limit"),
    OptionMode("atlas search", "word --kind vo", uses: "--atlas --kind --limit"),
    OptionMode("atlas show", "L0H0", uses: "--atlas"),
    OptionMode("atlas show", "", uses: "--atlas", without: "--table"),
    OptionMode("atlas export", "--html p", uses: "--html --atlas"),

    OptionMode(
      "align", "none none", uses: "--groups --spaces --vectors --figure --allow-partial-vocabulary --output --format"),
    OptionMode(
      "align", "none none --vectors 0", uses: "--groups --spaces --vectors --figure --allow-partial-vocabulary --output"
    ),
    OptionMode(
      "align", "none none --vectors 2",
      uses: "--groups --spaces --vectors --tokens --figure --allow-partial-vocabulary --output"),
    OptionMode(
      "align", "none none none",
      uses: "--groups --spaces --vectors --figure --allow-partial-vocabulary --seed --output --format"
    ),

    OptionMode(
      "align", "none none --figure p",
      uses: "--groups --spaces --vectors --figure --allow-partial-vocabulary --output --format"),
    OptionMode(
      "align", "none none none --format csv",
      uses: "--groups --spaces --figure --allow-partial-vocabulary --output --format",
      without: "--color --json"),
    OptionMode(
      "align", "none none none --format csv --table t.md",
      uses: "--groups --spaces --vectors --figure --allow-partial-vocabulary --seed --output --format",
      without: "--color --json"),
    OptionMode(
      "align", "none none none --format csv -o d",
      uses: "--groups --spaces --vectors --figure --allow-partial-vocabulary --seed --output --format",
      without: "--color --json"
    ),

    OptionMode("classify", "none --text t", uses: "--text \(texts) --precision"),
    OptionMode("classify", "none --file f", uses: "--file \(texts) --precision"),
    OptionMode("evaluate", "none --dataset f", uses: "\(dataset) \(texts) \(run) --precision"),
    OptionMode(
      "evaluate", "none --dataset f --limit 3 -o r", uses: "\(dataset) --seed \(texts) \(run) --resume --precision"),
    OptionMode("compare", "none none"),
    OptionMode("finetune", "none --dataset f -o r", uses: "--test --hold-out --seed --seeds \(training)"),
    OptionMode("finetune", "none --dataset f -o r --test f", uses: "--test --seed --seeds \(training)"),
    OptionMode("finetune", "none --dataset f -o r --seeds 1,2", uses: "--test --hold-out --seed --seeds \(training)"),
    OptionMode("finetune", "none --dataset f -o r --seeds 1,2 --test f", uses: "--test --seeds \(training)"),
    OptionMode(
      "finetune", "none --dataset f -o r --recipe paper", uses: "--test --hold-out --seed --seeds \(training)",
      without: "--weights-only"),
    OptionMode(
      "finetune", "none --dataset f -o r --seeds 1,2 --test f --limit 4", uses: "--test --seed --seeds \(training)"),

    OptionMode(
      "stitch", "--pretrained none --finetuned none --save s", uses: "\(stitched) --draws --seed --save",
      without: "--table"),
    OptionMode(
      "stitch", "--pretrained none --finetuned none --save s --maps pinv", uses: "\(stitched) --save",
      without: "--table"),
    OptionMode(
      "stitch", "--pretrained none --finetuned none --save s --as-published", uses: "\(stitched) --draws --seed --save",
      without: "--final-norm --add-positions --table"),
    OptionMode(
      "stitch", "--pretrained none --finetuned none --save s --maps affine",
      uses: "\(stitched) --save --levels --unlabelled", without: "--table"),
    OptionMode(
      "stitch", "--pretrained none --finetuned none --save s --maps auto --unlabelled generated",
      uses: "\(stitched) --save --seed --unlabelled \(texts)", without: "--table"),
    OptionMode(
      "stitch", "--pretrained none --finetuned none --save s --maps auto --unlabelled f",
      uses: "\(stitched) --save --unlabelled \(texts) \(columns)", without: "--table"),
    OptionMode(
      "stitch", "--pretrained none --finetuned none --dataset f -o r",
      uses: "\(stitched) --draws --seed --save --unlabelled --precision --figure \(dataset) \(texts) \(run) --resume"),
    OptionMode(
      "stitch", "--pretrained none --finetuned none --dataset f -o r --maps pinv",
      uses: "\(stitched) --save --unlabelled --precision --figure \(dataset) \(texts) \(run) --resume"),
    OptionMode(
      "stitch", "--pretrained none --finetuned none --dataset f -o r --maps pinv,random+norm",
      uses: "\(stitched) --draws --seed --save --unlabelled --precision --figure \(dataset) \(texts) \(run) --resume"),

    OptionMode(
      "stitch", "--pretrained none --finetuned none --dataset f -o r --maps pinv --figure p",
      uses: "\(stitched) --save --unlabelled --precision --figure \(dataset) \(texts) \(run) --resume"),

    OptionMode("experiment keep-k", "none", uses: "--figure -n --k --dataset --seed"),
    OptionMode("experiment keep-k", "none --figure p", uses: "--figure -n --k --dataset --seed"),
    OptionMode("experiment keep-k", "none --dataset f", uses: "--figure -n --k --seed \(dataset) \(texts)"),
    OptionMode(
      "experiment recall", "none --dataset f", uses: "--figure --k --active --positions --seed \(dataset) \(texts)"),
    OptionMode("experiment related-pairs", "none --figure p", uses: "--figure --k --draws --seed"),
    OptionMode("experiment related-pairs", "none", uses: "--figure --k --draws --seed"),
    OptionMode(
      "experiment recall", "none --dataset f --figure p",
      uses: "--figure --k --active --positions --seed \(dataset) \(texts)"),
    OptionMode(
      "experiment key-value-overlap", "none --figure p",
      uses: "--figure --k --threshold --show --draws --seed \(filter)"),
    OptionMode(
      "experiment key-value-overlap", "none --corpus f",
      uses: "--figure --k --threshold --show --draws --seed \(filter) \(columns)"),
    OptionMode(
      "experiment key-value-overlap", "none", uses: "--figure --k --threshold --show --draws --seed \(filter)"),
    OptionMode(
      "experiment key-value-overlap", "none --json", uses: "--figure --k --threshold --draws --seed \(filter)",
      without: "--color"),
    OptionMode(
      "experiment key-value-overlap", "none --json --table t.md",
      uses: "--figure --k --threshold --show --draws --seed \(filter)", without: "--color"),
    OptionMode("experiment stitch", "none -o r", uses: "--shard --output --resume"),
    OptionMode("experiment stitch", "none --point 0", uses: "--point", without: "--table"),
    OptionMode("experiment status", "none"),
    OptionMode("experiment merge", "none none -o r", uses: "--output"),
    OptionMode("verify", "none --expected f", uses: "--expected --tolerance"),
    OptionMode("env", ""),
  ]

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
