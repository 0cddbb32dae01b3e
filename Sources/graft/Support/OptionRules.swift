import Transformer

// When the options of each command have an effect, in the order of graft --help.

extension OptionRule {
  /// Of every command.
  static let common = [
    OptionRule("--color", without: "--json", because: "JSON has no colour"),
    OptionRule("--format", without: "--json", because: "JSON holds every number"),
    OptionRule("--figure-width", with: ["--figure"], because: "no picture is written"),
    OptionRule("--figure-panels", with: ["--figure"], because: "no picture is written"),
    OptionRule("--color", without: "--format", because: "rows have no colour"),
    OptionRule(
      "--progress-interval", with: [.byDefault("--progress", value: "auto"), "--progress plain"],
      because: "no progress is shown"),
  ]

  /// Of `DatasetOptions` where a dataset is one way of several.
  fileprivate static let dataset =
    [OptionRule("--split", "--reviews", "--limit", with: ["--dataset"], because: "it chooses among a dataset's texts")]
    + columns(of: "--dataset")
  /// Of `ColumnOptions` beside options that name a dataset, of which none has to be given.
  fileprivate static func columns(of datasets: OptionSetting...) -> [OptionRule] {
    [OptionRule("--text-column", "--label-column", with: datasets, because: "it names a column of a dataset")]
  }
  /// Of `RunOptions`.
  fileprivate static let run = [
    OptionRule("--resume", with: ["--output"], because: "what was computed before is in the folder of the run, -o")
  ]
  fileprivate static let recordsDataset = [
    OptionRule("--output", with: ["--dataset"], because: "it is the folder of a run over a dataset")
  ]
  /// Of `ClassificationOptions`, and of a head that is read with or borrowed.
  fileprivate static let textPreparation = [
    OptionRule(
      "--max-length", "--text-cleaning", with: ["--dataset"], because: "it decides how a dataset's texts are read")
  ]
  fileprivate static let unembedding = [
    OptionRule(
      "--unembedding", with: [.byDefault("--head", value: "mlm")],
      because: "the token embedding is read with, not a model's head")
  ]
  fileprivate static let maskShare = [
    OptionRule(
      "--mask-share", with: [], lacking: \ModelTraits.predictsMasked,
      because: "this model predicts the next token, not a masked one")
  ]
}

extension Inspect: RuledCommand {
  static let optionRules = [
    OptionRule("--table", with: ["--tensors"], because: "what a model is are facts, and the tensors are a table")
  ]
}

extension Tokenize: RuledCommand { static let optionRules: [OptionRule] = [] }

extension Models: RuledCommand { static let optionRules: [OptionRule] = [] }

extension Convert: RuledCommand { static let optionRules: [OptionRule] = [] }

extension Pull: RuledCommand { static let optionRules: [OptionRule] = [] }

extension Forward: RuledCommand {
  static let optionRules = [
    OptionRule("--ids", "--token-types", without: "--sites", because: "values at sites are those of texts"),
    OptionRule("--layers", "--file", with: ["--sites"], because: "one text is run and every state written"),
    OptionRule(
      "--bos", with: ["--text", "--file"], because: "ids are taken as they are; put the token's id first in --ids"),
    OptionRule(
      "--token-types", with: [], lacking: \ModelTraits.hasTokenTypes, because: "this model has no token types"),
  ]
  var ruledModel: String? { model.model }
}

extension Predict: RuledCommand {
  static let optionRules = [
    OptionRule(
      "--top", "--table", without: "--generate", because: "a continuation has no list of tokens for each place"),
    OptionRule("--no-sample", without: "--sample", because: "tokens are drawn"),
    OptionRule(
      "--sample", "--no-sample", with: ["--generate"], because: "it decides how a continuation's tokens are chosen"),
    OptionRule(
      "--temperature", "--top-k", "--seed", with: ["--sample"], because: "the most probable token is always taken"),
  ]
}

extension Lens: RuledCommand {
  private static let sweeps = ["--patch-sweep", "--ablate-sweep"].flatMap { sweep in
    [
      OptionRule(
        "--file", "--jsonl", "--dataset", "--beside", "--sublayers", "--updates", "--mask-each", "--slice", "--top",
        "--show", "--tuned", "--ablate", "--patch", "--unchanged", "--attribute", without: sweep,
        because: "the logit difference is shown with one part after the other changed, and no level is read")
    ]
  }

  static let optionRules =
    sweeps + [
      OptionRule("--format", without: "--dataset", because: "a dataset has means, and no cells"),
      OptionRule(
        "--show", with: [.absent("--format"), "--figure", "--html", "--table"],
        because: "rows hold every statistic, and no picture or table is written"),
      OptionRule("--from", with: ["--patch-sweep"], because: "no state is taken from another text"),
      OptionRule("--pairs", with: ["--patch-sweep", "--ablate-sweep"], because: "its texts are those of a sweep"),
      OptionRule(
        "--text", "--from", "--target", "--versus", without: "--pairs",
        because: "the file has texts and tokens of its own"),
      OptionRule(
        "--text", "--file", "--jsonl", "--beside", "--updates", "--mask-each", "--slice", "--tokens", "--target",
        "--versus", "--ablate", "--patch", "--mean-over", "--unchanged", "--attribute", "--bos", "--html", "--top",
        without: "--dataset", because: "it is for prompts, and a dataset has texts of its own"),
      OptionRule(
        "--seed", with: ["--dataset", "--pairs"], because: "nothing is drawn"),
      OptionRule(
        "--text-cleaning", "--mask-share", with: ["--dataset"],
        because: "it is for a dataset; a prompt is read as it is"),
      OptionRule(
        "--show probability", "--show rank", "--show final-rank", "--show target", "--show target-rank",
        "--show difference", without: "--dataset", because: "the chart of a dataset shows entropy, kl or loss"),
      OptionRule(
        "--show", with: [.absent("--dataset"), "--figure"],
        because: "the tables of a dataset hold every statistic, and the chart is not written"),
      OptionRule(
        "--show", with: [.absent("--json"), "--figure", "--html", "--table"],
        because: "JSON holds every statistic, and no picture or table is written"),
      OptionRule(
        "--show", with: [.absent("--attribute"), "--html"],
        because: "the picture is coloured by what each part adds to a logit"),
      OptionRule(
        "--top", with: ["--json", "--html", "--figure", "--attribute"],
        because: "a cell shows the most probable token alone on a terminal"),
      OptionRule(
        "--show target", "--show target-rank", "--show difference", with: ["--target", "--jsonl"],
        because: "no token is followed"),
      OptionRule("--show difference", with: ["--versus"], because: "there is no token to subtract"),
      OptionRule(
        "--versus", with: ["--target", "--jsonl"], because: "it is compared with the token that is followed"),
      OptionRule(
        "--target", "--versus",
        with: [
          "--json", "--html", "--figure", "--attribute", .absent("--show"), "--show target", "--show target-rank",
          "--show difference",
        ], because: "another statistic is shown"),
      OptionRule(
        "--versus",
        with: ["--json", "--html", "--figure", "--attribute", .absent("--show"), "--show difference"],
        because: "another statistic is shown"),
      OptionRule(
        "--sublayers", "--updates", "--tuned", with: [.absent("--attribute"), "--json", "--html"],
        because: "the parts of a logit are shown, and no level"),
      OptionRule(
        "--mean-over", with: ["--ablate SITE=mean", "--ablate-sweep KIND=mean"],
        because: "no value is replaced by its mean"),
      OptionRule("--unchanged", with: ["--ablate", "--patch"], because: "nothing is changed"),
      OptionRule(
        "--precision", without: "--attribute", because: "the parts of a logit are those of a pass in fp32"),
    ] + OptionRule.dataset + OptionRule.recordsDataset + OptionRule.run + OptionRule.unembedding
    + OptionRule.maskShare
  var ruledModel: String? { model.model }
}

extension LensFit: RuledCommand {
  static let optionRules =
    [
      OptionRule("--rate", with: ["--steps >0"], because: "the regression alone has no rate"),
      OptionRule(
        "--seed", with: ["--limit", "--steps >0"], lacking: \ModelTraits.predictsMasked,
        because: "no texts are drawn and no tokens masked"),
    ] + OptionRule.unembedding + OptionRule.maskShare
  var ruledModel: String? { model.model }
}

extension LensClassifier: RuledCommand {
  static let optionRules =
    [
      OptionRule("--seed", with: ["--dataset"], because: "nothing is drawn for a text"),
      OptionRule("--figure", with: ["--text"], because: "the picture is of one text"),
    ] + OptionRule.dataset + OptionRule.recordsDataset + OptionRule.run
}

extension Identify: RuledCommand {
  private static let dataset = ["--text", "--file"].map { text in
    OptionRule(
      "--lengths", "--measure", "--maps", "--loss", "--width", "--epochs", "--rate", "--ridge", "--split",
      "--reviews", "--limit", "--seed", "--output", "--resume", without: text,
      because: "it is for the statistics of a dataset")
  }

  static let optionRules =
    dataset + [
      OptionRule(
        "--heads", "--save", "--show", with: ["--text", "--file"], because: "it is about the heads of a text"),
      OptionRule("--heads", with: ["--html", "--figure"], because: "it chooses the heads of a page or a picture"),
      OptionRule("--show", with: ["--figure"], because: "tables and pages show all three parts"),
      OptionRule("--split", with: ["--dataset"], because: "the IMDB sample has no parts"),
      OptionRule(
        "--maps", "--loss", "--width", "--epochs", "--rate", "--ridge",
        with: [.byDefault("--measure", value: "both"), "--measure tokens"],
        because: "no map is fitted for attention alone"),
      OptionRule(
        "--tolerance", "--simplex", "--lengths",
        with: [.byDefault("--measure", value: "both"), "--measure attention"],
        because: "attention is not measured"),
      OptionRule(
        "--width", "--epochs", "--rate", with: [.byDefault("--maps", value: "mlp")], because: "no MLP is fitted"),
      OptionRule("--ridge", with: [.byDefault("--maps", value: "linear")], because: "no linear map is fitted"),
      OptionRule(
        "--loss", with: [.byDefault("--maps", value: "mlp"), "--maps linear"], because: "no map is fitted"),
    ] + OptionRule.columns(of: "--dataset") + OptionRule.run
}

extension Attribute: RuledCommand {
  private static let states = OptionSetting.byDefault("--method", value: "tokens")
  private static let frobenius = OptionSetting.byDefault("--definition", value: "frobenius")

  static let optionRules =
    [
      OptionRule(
        "--probes", "--exact", "--definition", "--level", with: [states],
        because: "it is about hidden states, and a decision is attributed"),
      OptionRule(
        "--class", with: ["--method input-gradient", "--method integrated"],
        because: "hidden states are attributed, and no class's score"),
      OptionRule(
        "--baseline", "--steps", with: ["--method integrated"], because: "it is about integrated gradients alone"),
      OptionRule("--exact", with: [frobenius], because: "the gradient of a state's sum is always exact"),
      OptionRule("--probes", without: "--exact", because: "every direction is followed, none is drawn"),
      OptionRule("--probes", with: [frobenius], because: "the gradient of a state's sum is one direction"),
      OptionRule("--level", without: "--dataset", because: "over a dataset every level is shown"),
      OptionRule("--format", without: "--dataset", because: "a dataset has means, and no cells"),
      OptionRule(
        "--level", with: [.absent("--format"), "--figure", "--html", "--table"], because: "rows hold every level"),
      OptionRule(
        "--level", with: [.absent("--json"), "--figure", "--html", "--table"], because: "JSON holds every level"),
      OptionRule("--seed", with: [states, "--limit"], because: draw),
      OptionRule("--seed", with: [.absent("--exact"), "--limit"], because: draw),
      OptionRule("--seed", with: [frobenius, "--limit"], because: draw),
    ] + OptionRule.dataset + OptionRule.recordsDataset + OptionRule.run
  private static let draw = "no direction is drawn, and no texts are"
}

extension Project: RuledCommand {
  private static let vectors = ["--ff-key", "--ff-value", "--query", "--key", "--value", "--output"]

  static let optionRules =
    vectors.flatMap { vector in
      [
        OptionRule(.given(vector, value: nil), without: "--head", because: "the head is read, through pairs of tokens"),
        OptionRule(
          .given(vector, value: nil), without: "--svd", because: "a whole matrix is read, along its directions"),
        OptionRule("--moved", without: vector, because: "the vectors that were named are shown"),
      ]
    } + [
      OptionRule("--matrix", with: ["--head", "--svd"], because: "it chooses a matrix of a head or a block"),
      OptionRule("--lowest", "--pairs", with: ["--head"], because: "it is about the pairs of tokens of a head"),
      OptionRule("--lowest", "--pairs", without: "--svd", because: "a direction has tokens, not pairs"),
      OptionRule("--layer", "--directions", with: ["--svd"], because: "it is about singular directions"),
      OptionRule("--layer", with: ["--matrix k", "--matrix v"], because: "the head names its block"),
      OptionRule(
        "--head", with: [.byDefault("--matrix", value: "vo"), "--matrix qk"],
        because: "keys and values are a block's, not a head's"),
      OptionRule(
        "--moved", "--scored", "--seed", with: ["--against"],
        because: "it is about the difference from another model"),
      OptionRule(
        "--inverse", "--fold-norm",
        with: ["--ff-key", "--query", "--key", "--value", "--head", "--svd", "--against"],
        because: "the vectors write to the residual stream, and it is about what reads from it"),
      OptionRule(
        "--inverse", "--fold-norm", with: [.byDefault("--matrix", value: "vo"), "--matrix qk", "--matrix k"],
        because: "the values write to the residual stream, and it is about what reads from it"),
      OptionRule("--width", with: [.absent("--json"), "--table"], because: "JSON holds whole tokens"),
      OptionRule("--width", with: [.absent("--format"), "--table"], because: "rows hold whole tokens"),
      OptionRule(
        "--scored", "--seed", with: [.absent("--format"), "--table"],
        because: "rows hold the vectors, and no score of all"),
    ] + OptionRule.columns(of: "--corpus")
}

extension AtlasBuild: RuledCommand { static let optionRules = OptionRule.columns(of: "--corpus") }

extension AtlasSearch: RuledCommand {
  static let optionRules = [
    OptionRule(
      "--lowest",
      with: [.absent("--kind")]
        + ["ff-key", "ff-value", "query", "key", "value", "output"].map { .given("--kind", value: $0) },
      because: "heads have pairs, and a direction's sign is free: only vectors have lowest tokens")
  ]
}

extension AtlasShow: RuledCommand {
  static let optionRules = [
    OptionRule("--table", with: [.arguments(1, named: "place")], because: "what an atlas holds are facts, and no table")
  ]
}

extension AtlasExport: RuledCommand { static let optionRules: [OptionRule] = [] }

extension Align: RuledCommand {
  static let optionRules = [
    OptionRule(
      "--seed", with: [.arguments(3, named: "models")], because: "an interval over models needs three or more"),
    OptionRule("--tokens", with: ["--vectors >0"], because: "tokens are shown for single vectors alone"),
    OptionRule(
      "--vectors", "--tokens", "--seed", with: [.absent("--format"), "--output", "--table"],
      because: "rows hold the scores of layers alone"),
  ]
}

extension Classify: RuledCommand { static let optionRules: [OptionRule] = [] }

extension Evaluate: RuledCommand {
  static let optionRules =
    [OptionRule("--seed", with: ["--limit"], because: "every text is scored, none is drawn")] + OptionRule.run
}

extension Compare: RuledCommand { static let optionRules: [OptionRule] = [] }

extension FineTune: RuledCommand {
  static let optionRules = [
    OptionRule("--weights-only", without: "--recipe", because: "the recipe trains weights and no biases"),
    OptionRule("--hold-out", without: "--test", because: "the classifier is scored on the texts of --test"),
    OptionRule(
      "--seed", with: [.absent("--seeds"), .absent("--test"), "--limit", "--test-limit", "--recipe paper"],
      because: "the runs have seeds of their own, and no texts are drawn"),
  ]
}

extension Stitch: RuledCommand {
  private static let drawn: [OptionSetting] = [.absent("--maps"), "--maps random*", "--maps shuffled*"]

  static let optionRules =
    [
      OptionRule("--final-norm", "--add-positions", without: "--as-published", because: "it does both"),
      OptionRule("--draws", with: drawn, because: "no map is drawn"),
      OptionRule("--precision", with: ["--dataset"], because: "no text is scored"),
      OptionRule("--figure", "--table", with: ["--dataset"], because: "nothing is scored"),
      OptionRule("--precision", without: "--save", because: "what is kept is fitted in fp32"),
      OptionRule(
        "--seed", with: drawn + ["--limit", "--unlabelled generated*"], because: "no map is drawn, and no texts are"),
      OptionRule(
        "--levels", with: ["--maps least-squares*", "--maps affine*", "--maps mismatched*"],
        because: "no map is fitted to states; auto chooses its levels itself"),
      OptionRule(
        "--unlabelled",
        with: [
          "--dataset", "--maps weighted*", "--maps least-squares*", "--maps affine*", "--maps mismatched*",
          "--maps auto*",
          "--maps MAP+norm", "--maps MAP+moments",
        ], because: "no map is made from texts, and none is measured"),
      OptionRule(
        "--max-length", "--text-cleaning", with: ["--dataset", "--unlabelled"], because: "no texts are read"),
      OptionRule(
        "--split", "--reviews", "--limit", with: ["--dataset"], because: "it chooses among the texts of --dataset"),
    ] + OptionRule.columns(of: "--dataset", "--unlabelled") + OptionRule.recordsDataset + OptionRule.run
}

extension ExperimentKeepK: RuledCommand {
  static let optionRules = OptionRule.dataset + OptionRule.textPreparation
}

extension ExperimentRecall: RuledCommand { static let optionRules: [OptionRule] = [] }

extension ExperimentRelatedPairs: RuledCommand { static let optionRules: [OptionRule] = [] }

extension ExperimentKeyValueOverlap: RuledCommand {
  static let optionRules =
    [OptionRule("--show", with: [.absent("--json"), "--table"], because: "JSON has all pairs")]
    + OptionRule.columns(of: "--corpus")
}

extension ExperimentStitch: RuledCommand {
  static let optionRules =
    [
      OptionRule(
        "--output", "--shard", "--resume", without: "--point", because: "one point is repeated and nothing kept"),
      OptionRule("--table", without: "--point", because: "what one point scores are facts, and no table"),
    ] + OptionRule.run
}

extension ExperimentStatus: RuledCommand { static let optionRules: [OptionRule] = [] }

extension ExperimentMerge: RuledCommand { static let optionRules: [OptionRule] = [] }

extension Verify: RuledCommand { static let optionRules: [OptionRule] = [] }

extension Explore: RuledCommand { static let optionRules: [OptionRule] = [] }

extension Env: RuledCommand { static let optionRules: [OptionRule] = [] }
