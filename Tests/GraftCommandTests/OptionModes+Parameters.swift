extension OptionMode {
  /// Parameters as words, without running the model.
  static let parameters: [OptionMode] = [
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
  ]
}
