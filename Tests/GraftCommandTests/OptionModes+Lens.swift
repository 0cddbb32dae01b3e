extension OptionMode {
  /// The lens over texts and datasets, and its tuned maps.
  static let lens: [OptionMode] = [
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
  ]
}
