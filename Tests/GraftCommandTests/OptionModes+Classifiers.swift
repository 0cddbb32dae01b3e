extension OptionMode {
  /// Classifiers: their accuracy, training and stitching.
  static let classifiers: [OptionMode] = [
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

    OptionMode("experiment stitch", "none -o r", uses: "--shard --output --resume"),
    OptionMode("experiment stitch", "none --point 0", uses: "--point", without: "--table"),
    OptionMode("experiment status", "none"),
    OptionMode("experiment merge", "none none -o r", uses: "--output"),
  ]
}
