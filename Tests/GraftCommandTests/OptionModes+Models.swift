extension OptionMode {
  /// Models themselves, and what one pass of them says.
  static let models: [OptionMode] = [
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

    OptionMode("verify", "none --expected f", uses: "--expected --tolerance"),

    OptionMode("env", ""),
  ]
}
