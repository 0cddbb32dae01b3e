import Checkpoints
import DenseMath
import Files
import Foundation
import TestSupport
import Testing

/// Classifiers of the families through the command line: against PyTorch's scores in Float64, and identities.
@Suite struct FamilyClassifierTests {
  private static let classifiers = Families.names.map { $0 + "-sentiment" }
  private let folder: TemporaryFolder
  private let dataset: (path: String, texts: [String])

  init() throws {
    folder = try TemporaryFolder()
    dataset = try Families.dataset(folder)
  }

  private var truncation: [String] { ["--max-length", "\(Families.maxLength)"] }

  /// Logits of the reviews, in their order.
  private func logits(_ name: String) throws -> [[Double]] {
    try Families.expected()["logits"][name].array().map { try $0.doubles() }
  }

  @Test(arguments: classifiers + ["bert-sentiment"]) func scoresReviews(_ name: String) throws {
    let expected = try logits(name)
    let run = folder.path("run")
    let result = try GraftProcess.run(
      ["evaluate", Families.path(name), "--dataset", dataset.path, "-o", run, "--json"] + truncation
    ).json()
    let lines = try ShortRun.lines(run + "/predictions.jsonl")
    let labelled = try Dictionary(
      uniqueKeysWithValues: ShortRun.lines(dataset.path).enumerated().map { (try $1["id"].string(), $0) })
    try #require(lines.count == expected.count && labelled.count == expected.count)
    var correct = 0
    for line in lines {
      let scores = expected[try #require(labelled[try line["id"].string()])]
      expectClose(try line["logits"].doubles(), scores, absolute: 1e-6, relative: 0, "logits")
      #expect(try line["predicted"].int() == (scores[1] > scores[0] ? 1 : 0))
      correct += try line["label"].int() == line["predicted"].int() ? 1 : 0
    }
    #expect(try result["accuracy"].double() == Double(correct) / Double(expected.count))
    let classified = try GraftProcess.run(
      ["classify", Families.path(name), "--json"] + truncation + dataset.texts.flatMap { ["--text", $0] }
    ).json()["results"].array()
    expectClose(
      try classified.flatMap { try $0["logits"].doubles() }, expected.flatMap { $0 }, absolute: 1e-6, relative: 0,
      "logits of classify")
  }

  /// Every level through the classifier, and what each token adds to a score.
  @Test(arguments: classifiers) func readsADecision(_ name: String) throws {
    let expected = try Families.expected()["decisions"][name]
    let text = ["--text", dataset.texts[0], "--json"] + truncation
    let levels = try GraftProcess.run(["lens-classifier", Families.path(name)] + text).json()["results"].item(0)[
      "levels"
    ].array()
    let stored = try expected["levels"].array().map { try $0.doubles() }
    #expect(levels.count == stored.count)
    expectClose(
      try levels.flatMap { try $0["logits"].doubles() }, stored.flatMap { $0 }, absolute: 1e-5, relative: 0,
      "logits of levels")
    let gradient = try GraftProcess.run(
      ["attribute", Families.path(name), "--method", "input-gradient", "--class", "POSITIVE"] + text
    ).json()["results"].item(0)
    expectClose(
      try gradient["attributions"].doubles(), try expected["input_gradient"].doubles(), absolute: 1e-6, relative: 1e-5,
      "input x gradient")
    #expect(try abs(gradient["score"].double() - stored[stored.count - 1][1]) < 1e-6)
    let over = try GraftProcess.run(
      ["lens-classifier", Families.path(name), "--dataset", dataset.path, "--json"] + truncation
    ).json()["levels"].array()
    let correct = try zip(logits(name), ShortRun.lines(dataset.path)).filter {
      try ($0[1] > $0[0] ? 1 : 0) == $1["label"].int()
    }.count
    let last = try #require(try over.first { try $0["level"].string() == levels[levels.count - 1]["level"].string() })
    #expect(try last["accuracy"].double() == Double(correct) / Double(Families.reviews))
  }

  /// The line of integrated gradients begins at the mask token, whatever it is: at the score of a text of masks.
  @Test(arguments: classifiers) func integratesFromTheMask(_ name: String) throws {
    let mask = Families.mask(name.replacing("-sentiment", with: ""))
    let result = try GraftProcess.run(
      "attribute", Families.path(name), "--method", "integrated", "--text", "The film", "--class", "1", "--steps",
      "200", "--json"
    ).json()
    #expect(try result["options"]["baseline"].string() == "mask")
    let reading = try result["results"].item(0)
    let (score, start) = (try reading["score"].double(), try reading["baseline_score"].double())
    let masks = try GraftProcess.run("classify", Families.path(name), "--text", mask + mask, "--json").json()
    let masked = try masks["results"].item(0)
    #expect(try masked["tokens"].int() == 4)
    #expect(try abs(start - masked["logits"].doubles()[1]) < 1e-6 && abs(score - start) > 1e-3)
    let parts = try reading["attributions"].doubles()
    #expect(parts.first == 0 && parts.last == 0 && parts.count == 4)
    expectClose([parts.reduce(0, +)], [score - start], absolute: 1e-5, relative: 0, "completeness")
  }

  /// Frozen blocks keep their weights, and the folder is the model that was scored.
  @Test(arguments: Families.names, [nil, "-sentiment"]) func finetunes(_ name: String, _ start: String?) throws {
    let (base, tuned) = (name + (start ?? ""), folder.path("tuned"))
    let result = try GraftProcess.run(
      [
        "finetune", Families.path(base), "--dataset", ShortRun.reviews, "--limit", "48", "--test", dataset.path,
        "--epochs", "2", "--learning-rate", "1e-2", "--unfreeze", "1", "-o", tuned, "--json",
      ] + truncation
    ).json()
    let scored = try GraftProcess.run(
      ["evaluate", tuned, "--dataset", dataset.path, "-o", folder.path("run"), "--json"] + truncation
    ).json()
    #expect(try result["accuracy"].double() == scored["accuracy"].double())
    #expect(
      try ShortRun.lines(tuned + "/predictions.jsonl").map { try $0["logits"].doubles() }
        == ShortRun.lines(folder.path("run/predictions.jsonl")).map { try $0["logits"].doubles() })
    let config = try JSONNode.read(tuned + "/config.json")
    let prefix = name == "roberta" ? "Roberta" : "DistilBert"
    #expect(try config["architectures"].strings() == [prefix + "ForSequenceClassification"])
    let (before, after) = (try Checkpoint(directory: Families.path(base)), try Checkpoint(directory: tuned))
    // The classifier's layers are new where the model had none.
    let isClassifier = { (name: String) in name.hasPrefix("classifier") || name.hasPrefix("pre_classifier") }
    let last = name == "roberta" ? ".layer.2." : ".layer.1."
    for entry in after.entries {
      let isTrained = isClassifier(entry.name) || entry.name.contains(last)
      guard before.entries.contains(where: { $0.name == entry.name }) else {
        #expect(isClassifier(entry.name) && start == nil, "\(entry.name)")
        continue
      }
      #expect(try (before.floats(entry.name).values != after.floats(entry.name).values) == isTrained, "\(entry.name)")
    }
  }

  /// A head that a model cannot have is refused before anything is read or written.
  @Test(arguments: Families.names) func refusesTheHeadsOfCausalModels(_ name: String) throws {
    for head in ["mean", "last"] {
      let run = try GraftProcess.run(
        "finetune", Families.path(name), "--dataset", "no-such-file", "--head", head, "-o", folder.path("tuned"))
      #expect(
        run.status == 1 && run.error.contains("\(name) cannot have the head \(head); its architecture has cls")
          && run.error.contains("give --head cls"), "\(run.error)")
      #expect(!FileManager.default.fileExists(atPath: folder.path("tuned")))
    }
  }

  /// What fine-tuning changed: norms of differences of tensors; a row of the classifier, through its dense layer.
  @Test(arguments: [
    ("distilbert", 1, "distilbert.transformer.layer.1.ffn.lin1.weight", "pre_classifier.weight", "classifier.weight"),
    (
      "roberta", 2, "roberta.encoder.layer.2.intermediate.dense.weight", "classifier.dense.weight",
      "classifier.out_proj.weight"
    ),
  ]) func readsADisplacement(_ name: String, _ last: Int, _ keys: String, _ dense: String, _ output: String) throws {
    let tuned = name + "-sentiment"
    let displacement = try GraftProcess.run(
      "project", Families.path(tuned), "--against", Families.path(name), "--top", "3", "--json"
    ).json()["displacement"]
    let (old, new) = (try Families.tensor(name, keys).values, try Families.tensor(tuned, keys).values)
    let norm = zip(old, new).reduce(0.0) { $0 + Double($1.1 - $1.0) * Double($1.1 - $1.0) }.squareRoot()
    for move in try displacement["moves"].array() {
      let isLast = try move["layer"].value != .null && move["layer"].int() == last
      #expect(try (move["norm"].double() == 0) == !isLast)
      if isLast, try move["name"].string() == "ff-key" {
        expectClose([try move["norm"].double()], [norm], absolute: 0, relative: 1e-5, "norm of the keys' displacement")
      }
    }
    let (W, w) = (try Families.tensor(tuned, dense).values, try Families.tensor(tuned, output).values)
    let wE = try Families.tensor(
      tuned, (name == "roberta" ? "roberta." : "distilbert.") + "embeddings.word_embeddings.weight")
    for row in try displacement["classifier"].array() {
      let offset = try row["class"].int() * 16
      // [d]: w_c W
      let read = (0..<16).map { i in (0..<16).reduce(0.0) { $0 + Double(w[offset + $1]) * Double(W[$1 * 16 + i]) } }
      let scores = (0..<wE.rows).map { v in (0..<16).reduce(0.0) { $0 + Double(wE[v * 16 + $1]) * read[$1] } }
      let order = scores.indices.sorted { scores[$0] > scores[$1] }
      let highest = try row["highest"].array()
      #expect(try highest.map { try $0["id"].int() } == Array(order.prefix(3)))
      expectClose(
        try highest.map { try $0["score"].double() }, order.prefix(3).map { scores[$0] }, absolute: 1e-5, relative: 0,
        "scores of the classifier's row")
    }
  }

  /// A classifier has the body of its base below the last block, and reads it with the base's head.
  @Test(arguments: Families.names) func borrowsTheHeadOfItsBase(_ name: String) throws {
    let text = ["--text", Families.text(name), "--json"]
    let borrowed = try GraftProcess.run(
      ["lens", Families.path(name + "-sentiment"), "--unembedding", Families.path(name)] + text
    ).json()["results"].item(0)["levels"].array()
    let own = try GraftProcess.run(["lens", Families.path(name)] + text).json()["results"].item(0)["levels"].array()
    func entropies(_ level: JSONNode) throws -> [Double] {
      try level["places"].array().map { try $0["entropy"].double() }
    }
    for index in own.indices {
      #expect(try (entropies(borrowed[index]) == entropies(own[index])) == (index < own.count - 1))
    }
  }
}
