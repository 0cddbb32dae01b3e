import Checkpoints
import Files
import Foundation
import TestSupport
import Testing

/// Stitching across families through the command line: what is joined, with PyTorch's logits, and what is refused.
@Suite struct FamilyStitchTests {
  private let folder: TemporaryFolder
  private let dataset: (path: String, texts: [String])

  init() throws {
    folder = try TemporaryFolder()
    dataset = try Families.dataset(folder)
  }

  private var truncation: [String] { ["--max-length", "\(Families.maxLength)"] }

  private func pair(_ a: String, _ b: String) -> [String] {
    ["stitch", "--pretrained", Families.path(a), "--finetuned", Families.path(b)]
  }

  private func classify(_ model: String) throws -> [[Double]] {
    try GraftProcess.run(
      ["classify", model, "--json"] + truncation + dataset.texts.flatMap { ["--text", $0] }
    ).json()["results"].array().map { try $0["logits"].doubles() }
  }

  /// BERT and DistilBERT through their one vocabulary, in both directions; RoBERTa's positions, which begin at row 2, added
  /// again; BERT and RoBERTa through the tokens that both have. Swept and saved.
  @Test(arguments: 0..<6) func matchesPyTorch(_ index: Int) throws {
    let stored = try Families.expected()["stitched"].item(index)
    let (a, b) = (try stored["pretrained"].string(), try stored["finetuned"].string())
    let isPartial = try stored["shared"].int() == 116
    let options =
      [
        "--keep", "\(try stored["kept"].int())", "--transplant", "\(try stored["transplanted"].int())", "--maps",
        "pinv",
      ]
      + (try stored["add_positions"].bool() ? ["--add-positions"] : [])
    if isPartial {
      let refused = try GraftProcess.run(pair(a, b) + options + ["--save", folder.path("refused")])
      #expect(
        refused.status == 1 && refused.error.contains("the vocabularies differ, first at id 0: ")
          && refused.error.contains("116 tokens are in both; --allow-partial-vocabulary maps through these"),
        "\(refused.error)")
    }
    let all = pair(a, b) + options + (isPartial ? ["--allow-partial-vocabulary"] : [])
    let saved = folder.path("saved")
    let made = try GraftProcess.run(all + ["--save", saved])
    #expect(made.status == 0, "\(made.error)")
    let expected = try stored["logits"].array().map { try $0.doubles() }
    expectClose(
      try classify(saved).flatMap { $0 }, expected.flatMap { $0 }, absolute: 1e-5, relative: 1e-5, "\(a) to \(b)")

    let run = folder.path("run")
    let swept = try GraftProcess.run(all + ["--dataset", dataset.path, "-o", run] + truncation)
    #expect(swept.status == 0, "\(swept.error)")
    let lines = try ShortRun.lines(run + "/predictions.jsonl").filter { try $0["map"].string() == "pinv" }
    let order = try ShortRun.lines(dataset.path).map { try $0["id"].string() }
    for line in lines {
      let place = try #require(order.firstIndex(of: try line["id"].string()))
      expectClose(
        try line["logits"].doubles(), expected[place], absolute: 1e-5, relative: 1e-5, "review \(place) of the sweep")
    }
    #expect(lines.count == Families.reviews)
  }

  /// A model stitched to itself is itself, as are the last blocks on their own states.
  @Test(arguments: ["distilbert-sentiment", "roberta-sentiment"]) func aModelAndItself(_ name: String) throws {
    let saved = folder.path("saved")
    let made = try GraftProcess.run(
      pair(name, name) + ["--keep", "1", "--transplant", name.hasPrefix("roberta") ? "2" : "1", "--maps", "identity"]
        + ["--save", saved])
    #expect(made.status == 0, "\(made.error)")
    #expect(try classify(saved) == classify(Families.path(name)))
    let run = folder.path("run")
    let swept = try GraftProcess.run(
      pair("bert", "distilbert-sentiment") + [
        "--transplant", "1", "--draws", "1", "--dataset", dataset.path, "-o", run,
      ]
        + truncation)
    #expect(swept.status == 0, "\(swept.error)")
    let own = try classify(Families.path("distilbert-sentiment"))
    let order = try ShortRun.lines(dataset.path).map { try $0["id"].string() }
    let lines = try ShortRun.lines(run + "/predictions.jsonl").filter {
      try $0["map"].string() == "self" && $0["kept"].int() == 1
    }
    #expect(lines.count == Families.reviews)
    for line in lines {
      let place = try #require(order.firstIndex(of: try line["id"].string()))
      #expect(try line["logits"].doubles() == own[place])
    }
  }

  /// With texts that the pretrained model of each family writes by itself, a map from all its levels is kept and used.
  @Test(arguments: [
    ("bert", "distilbert-sentiment"), ("distilbert", "bert-sentiment"), ("roberta", "roberta-sentiment"),
  ]) func writesTextsAndReadsAllLevels(_ a: String, _ b: String) throws {
    let (run, saved) = (folder.path("run"), folder.path("saved"))
    let options =
      ["--keep", "2", "--transplant", "1", "--maps", "affine", "--levels", "all", "--unlabelled", "generated:30"]
      + truncation
    let swept = try GraftProcess.run(
      pair(a, b) + options + ["--dataset", dataset.path, "-o", run, "--json"]
    ).json()
    let texts = try ShortRun.lines(run + "/unlabelled.jsonl").map { try $0["text"].string() }
    #expect(texts.count > 25 && Set(texts).count == texts.count)
    #expect(texts.allSatisfy { !$0.contains(Families.mask(a)) && !$0.contains("[SEP]") && !$0.contains("</s>") })
    let kept = try GraftProcess.run(pair(a, b) + options + ["--save", saved])
    #expect(kept.status == 0, "\(kept.error)")
    #expect(try JSONNode.read(saved + "/stitched.json")["map"].string() == "affine:all")
    let lines = try ShortRun.lines(run + "/predictions.jsonl").filter { try $0["map"].string() == "affine:all" }
    let order = try ShortRun.lines(dataset.path).map { try $0["id"].string() }
    let logits = try classify(saved)
    for line in lines {
      let place = try #require(order.firstIndex(of: try line["id"].string()))
      #expect(try line["logits"].doubles() == logits[place])
    }
    #expect(try lines.count == Families.reviews && swept["chosen"].array().isEmpty)
  }

  /// A map chosen and fitted on unlabelled texts, kept, and used by every command that takes a stitched model.
  @Test(arguments: [
    ("bert", "distilbert-sentiment", 3, 1), ("distilbert", "bert-sentiment", 2, 2),
    ("roberta", "roberta-sentiment", 2, 1),
  ]) func choosesAMapAndKeepsIt(_ a: String, _ b: String, _ kept: Int, _ transplanted: Int) throws {
    let saved = folder.path("saved")
    let options =
      ["--keep", "\(kept)", "--transplant", "\(transplanted)", "--maps", "auto", "--unlabelled", dataset.path]
      + truncation
    let made = try GraftProcess.run(pair(a, b) + options + ["--save", saved, "--json"]).json()
    // Of two models with the same lower blocks every state is already the other's. A map that needed texts is kept.
    let (isSame, map) = (a == "roberta", try made["map"].string())
    #expect(map == "pinv" || map == "pinv+moments" || map.hasPrefix("affine"))
    #expect((made["map_sha256"].value == .null) == (map == "pinv") && (!isSame || map == "pinv"), "\(map)")
    if isSame {
      expectClose(
        try classify(saved).flatMap { $0 }, try classify(Families.path(b)).flatMap { $0 }, absolute: 1e-5, relative: 0,
        "B itself")
    }
    let swept = try GraftProcess.run(
      pair(a, b) + options + ["--dataset", dataset.path, "-o", folder.path("run"), "--json"]
    ).json()
    let scored = try GraftProcess.run(["evaluate", saved, "--dataset", dataset.path, "--json"] + truncation).json()
    #expect(try scored["accuracy"].double() == swept["points"].item(0)["accuracy"].double())

    let inspected = try GraftProcess.run("inspect", saved)
    let families = [
      "bert-sentiment": "DistilBERT and BERT", "distilbert-sentiment": "BERT and DistilBERT",
      "roberta-sentiment": "RoBERTa",
    ]
    #expect(inspected.output.contains(": \(try #require(families[b]))\n"), "\(inspected.output)")
    let text = ["--text", "The film", "--json"]
    let logits = try GraftProcess.run(["classify", saved] + text).json()["results"].item(0)["logits"].doubles()
    let levels = try GraftProcess.run(["lens-classifier", saved] + text).json()["results"].item(0)["levels"].array()
    #expect(try levels.count == transplanted + 1 && levels[transplanted]["logits"].doubles() == logits)
    let identified = try GraftProcess.run(["identify", saved] + text).json()["results"].item(0)["heads"].array()
    #expect(identified.count == 2 * (kept + transplanted))
    let lens = try GraftProcess.run(["lens", saved, "--head", "embedding"] + text).json()["results"].item(0)
    #expect(try lens["levels"].array().count == kept + transplanted + 1)
    let states = folder.path("states")
    #expect(try GraftProcess.run("forward", saved, "--text", "The film", "-o", states).status == 0)
    let verified = try GraftProcess.run("verify", saved, "--expected", states, "--json").json()
    #expect(try verified["stages"].array().allSatisfy { try $0["largest_error"].double() == 0 })
    // Whether a text has token types is for the model that reads it.
    let types = try GraftProcess.run("forward", saved, "--text", "The film", "--token-types", "0,1,1,0", "-o", states)
    let refusals = ["distilbert": "this model has no token types", "roberta": "outside 0 to 0"]
    #expect((types.status == 0) == (a == "bert"), "\(types.error)")
    #expect(refusals[a].map(types.error.contains) ?? true, "\(types.error)")
  }

  /// GPT-2 and RoBERTa share tokens, but neither's blocks can continue the other's states.
  @Test(arguments: [
    ("imdb-gpt2-narrow", "roberta-sentiment", "GPT-2, reads only what comes before", "RoBERTa, reads the whole text"),
    ("roberta", "imdb-gpt2-narrow-sentiment", "RoBERTa, reads the whole text", "GPT-2, reads only what comes before"),
  ]) func gpt2AndRoBERTaAreRefused(_ a: String, _ b: String, _ first: String, _ second: String) throws {
    let models = [a, b].map { $0.hasPrefix("imdb") ? $0 : Families.path($0) }
    let run = try GraftProcess.run(
      "stitch", "--pretrained", models[0], "--finetuned", models[1], "--keep", "1", "--transplant", "1", "--maps",
      "pinv", "--allow-partial-vocabulary", "--save", folder.path("saved"))
    #expect(run.status == 1)
    for reason in ["the pretrained model, " + first, "the fine-tuned one, " + second, "give two models that agree"] {
      #expect(run.error.contains(reason), "\(run.error)")
    }
  }

  @Test func saysWhatDoesNotApply() throws {
    let cut = ["--keep", "1", "--transplant", "1", "--save", folder.path("saved")]
    let published = try GraftProcess.run(
      pair("roberta", "roberta-sentiment") + cut + ["--maps", "pinv", "--as-published"])
    #expect(published.status == 1 && published.error.contains("does not apply to roberta"), "\(published.error)")
    let fitted = try GraftProcess.run(
      pair("roberta", "distilbert-sentiment") + cut + [
        "--maps", "affine", "--unlabelled", dataset.path, "--allow-partial-vocabulary",
      ])
    #expect(fitted.status == 1 && fitted.error.contains("need models with the same vocabulary"), "\(fitted.error)")
    let wide = try GraftProcess.run(pair("bert", "distilbert-sentiment") + cut + ["--maps", "identity"])
    #expect(wide.status == 1 && wide.error.contains("needs equal hidden sizes, not 20 and 16"), "\(wide.error)")
  }

  /// A grid over pairs of families, and a point of it repeated.
  @Test func runsAGrid() throws {
    let grid: JSON = [
      "schema": 1,
      "models": [
        [
          "pretrained": [.string(Families.path("bert"))], "finetuned": [.string(Families.path("distilbert-sentiment"))],
        ],
        [
          "pretrained": [.string(Families.path("roberta"))], "finetuned": [.string(Families.path("roberta-sentiment"))],
        ],
      ],
      "keep": [1, 2], "transplant": [1], "maps": ["pinv", "affine"], "draws": 1, "seed": 42,
      "dataset": .string(dataset.path), "max_length": .integer(Families.maxLength), "unlabelled": .string(dataset.path),
    ]
    let (file, run) = (try folder.write(grid.serialized(), to: "grid.json"), folder.path("run"))
    let result = try GraftProcess.run("experiment", "stitch", file, "-o", run, "--json").json()
    #expect(try result["points"].array().count == 2 * 2 * 2)
    let point = try GraftProcess.run("experiment", "stitch", run + "/results.json", "--point", "6", "--json").json()
    #expect(try point["same"].bool())
  }
}
