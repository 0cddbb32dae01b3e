extension OptionMode {
  /// Identifiability and attribution.
  static let attention: [OptionMode] = [
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
  ]
}
