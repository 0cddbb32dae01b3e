import Files
import Foundation
import TestSupport
import Testing

/// `graft stitch` as a process, and what it leaves behind.
@Suite struct StitchTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func writesPointsBaselinesPredictionsAndAPage() throws {
    let run = folder.path("run")
    let result = try GraftProcess.run(ShortRun.stitch + ["-o", run, "--json"]).json()
    #expect(try JSONNode.read(run + "/results.json").value == result.value)
    let lines = try ShortRun.lines(run + "/predictions.jsonl")
    struct Key: Hashable {
      let kept, transplanted, draw: Int
      let map: String
    }
    func key(_ node: JSONNode) throws -> Key {
      Key(
        kept: try node["kept"].int(), transplanted: try node["transplanted"].int(), draw: try node["draw"].int(),
        map: try node["map"].string())
    }
    let cells = Dictionary(grouping: lines) { (try? key($0)) ?? Key(kept: -1, transplanted: -1, draw: -1, map: "") }
    let points = try result["points"].array()
    // Two cuts, two heights, pinv, transpose and identity once, random and shuffled twice.
    #expect(points.count == 2 * 2 * 7)
    for point in try points + result["baselines"]["self"].array() {
      let own = try #require(cells[try key(point)])
      let correct = try own.filter { try $0["label"].int() == $0["predicted"].int() }.count
      #expect(own.count == 60)
      #expect(try point["accuracy"].double() == Double(correct) / 60)
      #expect(try point["n"].int() == 60)
    }
    #expect(try result["baselines"]["chance"].double() == 0.5)
    // In the order of id, kept, transplanted, map, draw.
    let order = try lines.map { line -> (String, [Int], String, Int) in
      let key = try key(line)
      return (try line["id"].string(), [key.kept, key.transplanted], key.map, key.draw)
    }
    for (left, right) in zip(order, order.dropFirst()) {
      let precedes =
        left.0 != right.0
        ? left.0 < right.0
        : left.1 != right.1
          ? left.1.lexicographicallyPrecedes(right.1) : left.2 != right.2 ? left.2 < right.2 : left.3 < right.3
      #expect(precedes, "\(left) before \(right)")
    }
    // B fed its own states to the end is B, as evaluate scores it, logit for logit.
    _ = try GraftProcess.run(ShortRun.evaluate + ["-o", folder.path("whole")])
    let whole = try ShortRun.lines(folder.path("whole") + "/predictions.jsonl")
    for (kept, transplanted) in [(2, 2), (3, 1)] {
      let own = try #require(cells[Key(kept: kept, transplanted: transplanted, draw: 0, map: "self")])
      let logits = try Dictionary(uniqueKeysWithValues: own.map { (try $0["id"].string(), try $0["logits"].doubles()) })
      for line in whole { #expect(try logits[line["id"].string()] == line["logits"].doubles()) }
    }
    let page = try String(contentsOfFile: run + "/report.html", encoding: .utf8)
    #expect(page.contains("<svg") && page.contains("imdb-bert-1-sentiment stitched onto imdb-bert-2"))
    #expect(page.replacing("http://www.w3.org/2000/svg", with: "").contains("http://") == false)
    #expect(page.contains("https://") == false)
    #expect(page.contains("--max-length 64") && page.contains("--limit 60"), "the command that repeats the run")
  }

  /// Charts that are compared show the same part of their axis, which one of them alone would not.
  @Test func theChartsOfAPageHaveOneScale() throws {
    func ticks(_ transplant: String) throws -> [[String]] {
      let run = folder.path(transplant)
      _ = try GraftProcess.run([
        "stitch", "--pretrained", "imdb-bert-2", "--finetuned", "imdb-bert-1-sentiment", "--transplant", transplant,
        "--keep",
        "2,4", "--maps", "pinv,transpose", "--dataset", ShortRun.reviews, "--limit", "60", "--max-length", "64", "-o",
        run,
      ])
      let page = try XMLTree.parse(String(contentsOfFile: run + "/report.html", encoding: .utf8))
      return page.all("g", class: "axes").map { axes in
        axes.all("text").filter { $0.attributes["text-anchor"] == "end" }.map(\.text)
      }
    }
    let both = try ticks("2,3")
    #expect(both.count == 2 && both[0] == both[1], "\(both)")
    #expect(try ticks("3") != [both[1]])
  }

  @Test func aKilledSweepResumedHasTheSameBytes() throws {
    _ = try GraftProcess.run(ShortRun.stitch + ["-o", folder.path("whole")])
    let whole = try ShortRun.contents(folder.path("whole"))
    #expect(Set(whole.keys) == ["run.json", "results.json", "predictions.jsonl", "report.html"])
    let run = folder.path("killed")
    try ShortRun.runAndKill(ShortRun.stitch + ["-o", run], folder: run, afterBytes: 100)
    #expect(try GraftProcess.run(ShortRun.stitch + ["-o", run, "--resume"]).status == 0)
    #expect(try ShortRun.contents(run) == whole)
  }

  private static let pair = [
    "stitch", "--pretrained", "imdb-gpt2-wide", "--finetuned", "imdb-gpt2-narrow-sentiment", "--transplant", "2",
  ]
  private static let scored = ["--dataset", ShortRun.reviews, "--limit", "20", "--max-length", "48"]

  /// Without a text and without a label: what `auto` chose, the texts, and the model that is kept.
  @Test func autoChoosesACutAndKeepsIt() throws {
    let (run, saved) = (folder.path("run"), folder.path("saved"))
    let auto = Self.pair + Self.scored + ["--maps", "auto,affine:all", "--keep", "0,2,4"]
    let result = try GraftProcess.run(auto + ["--unlabelled", "generated:60", "-o", run, "--json"]).json()
    let chosen = try result["chosen"].array()
    #expect(chosen.count == 1)
    let cut = try #require(chosen.first)
    func maps(_ name: String) throws -> [JSONNode] {
      try result["maps"].array().filter { try $0["map"].string() == name }
    }
    let choices = try maps("auto")
    let divergences = try choices.map { try $0["kl_to_finetuned"].double() }
    let best = try #require(divergences.indices.min { divergences[$0] < divergences[$1] })
    #expect(
      try cut["kept"].int() == choices[best]["kept"].int() && cut["map"].string() == choices[best]["chosen"].string())
    #expect(try cut["kl_to_finetuned"].double() == divergences[best] && choices.count == 3)
    let point = try #require(
      try result["points"].array().first { try $0["map"].string() == "auto" && $0["kept"].int() == cut["kept"].int() })
    #expect(try cut["accuracy"].double() == point["accuracy"].double() && cut["n"].int() == 20)
    for map in try maps("affine:all") {
      #expect(try map["ridge"].double() > 0 && !map["chosen"].isPresent)
      #expect(try map["residual"].isPresent == (map["kept"].int() == 0))
    }
    #expect(try result["options"]["unlabelled"].string() == "generated:60")

    // The texts are kept, and give the same run when they are given.
    let texts = run + "/unlabelled.jsonl"
    let lines = try ShortRun.lines(texts)
    #expect(lines.count > 50 && lines.count <= 60)
    let again = try GraftProcess.run(auto + ["--unlabelled", texts, "-o", folder.path("again"), "--json"]).json()
    #expect(again["points"].value == result["points"].value && again["maps"].value == result["maps"].value)
    #expect(try again["options"]["unlabelled_sha256"].string() == result["options"]["unlabelled_sha256"].string())

    // Of several cuts --save keeps the chosen one.
    let kept = try GraftProcess.run(
      Self.pair + ["--maps", "auto", "--keep", "0,2,4", "--max-length", "48", "--unlabelled", texts, "--save", saved])
    #expect(kept.status == 0, "\(kept.error)")
    let file = try JSONNode.read(saved + "/stitched.json")
    #expect(try file["kept"].int() == cut["kept"].int() && file["map"].string() == cut["map"].string())
    let scores = try GraftProcess.run(
      ["evaluate", saved] + Self.scored + ["-o", folder.path("scores"), "--json"]
    ).json()
    #expect(try scores["accuracy"].double() == cut["accuracy"].double())
  }

  @Test func levelsAreReadAndNamed() throws {
    let affine = Self.pair + Self.scored + ["--keep", "3", "--unlabelled", ShortRun.reviews, "--json"]
    let result = try GraftProcess.run(
      affine + ["--maps", "affine,pinv", "--levels", "embed,last", "-o", folder.path("run")]
    ).json()
    #expect(try result["options"]["maps"].array().map { try $0.string() } == ["affine:embed/last", "pinv"])
    let named = try GraftProcess.run(affine + ["--maps", "affine:embed/last,pinv", "-o", folder.path("named")]).json()
    #expect(named["points"].value == result["points"].value)
    for (options, message) in [
      (["--maps", "pinv", "--levels", "all"], "--levels does nothing"),
      (["--maps", "auto", "--levels", "all"], "--levels does nothing"),
      (["--maps", "affine:all", "--levels", "last"], "not affine:all"),
      (["--maps", "affine", "--levels", "L0H1"], "\"L0H1\" is no list of levels"),
      (["--maps", "affine:L3", "--keep", "2"], "none of the levels L3 is at or below the cut after 2 blocks"),
      (["--maps", "affine", "--unlabelled", "generated:1"], "expected generated, or with a number of texts from 2"),
    ] {
      let run = try GraftProcess.run(
        Self.pair + Self.scored + ["--unlabelled", ShortRun.reviews, "-o", folder.path("refused")] + options)
      #expect(run.status != 0 && run.output.isEmpty && run.error.contains(message), "\(run.error)")
    }
  }

  @Test func aSavedSpliceIsAModel() throws {
    let saved = folder.path("saved")
    let pair = ["--pretrained", "imdb-gpt2-wide", "--finetuned", "imdb-gpt2-narrow-sentiment"]
    let cell = ["--keep", "4", "--transplant", "2", "--maps", "pinv"]
    #expect(try GraftProcess.run(["stitch"] + pair + cell + ["--save", saved]).status == 0)
    let scored = try GraftProcess.run(
      "evaluate", saved, "--dataset", ShortRun.reviews, "--limit", "20", "--max-length", "64", "--json"
    ).json()
    let swept = try GraftProcess.run(
      ["stitch"] + pair + cell + [
        "--dataset", ShortRun.reviews, "--limit", "20", "--max-length", "64", "-o", folder.path("run"), "--json",
      ]
    ).json()
    #expect(try scored["accuracy"].double() == swept["points"].item(0)["accuracy"].double())
    #expect(try GraftProcess.run("inspect", saved, "--json").json()["model_type"].string() == "gpt2")
    #expect(try GraftProcess.run("classify", saved, "--text", "a fine film").status == 0)
    let states = folder.path("states.safetensors")
    #expect(try GraftProcess.run("forward", saved, "--text", "a fine film", "-o", states).status == 0)
    let verified = try GraftProcess.run("verify", saved, "--expected", states)
    #expect(verified.status == 0, "what forward wrote is what verify makes: \(verified.error)")
    let nested = try GraftProcess.run(
      "stitch", "--pretrained", saved, "--finetuned", "imdb-gpt2-narrow-sentiment", "--save", "x")
    #expect(nested.status == 1 && nested.error.contains("found a stitched model"))
  }

  @Test func aStitchedModelMovesTogetherWithItsModels() throws {
    let manager = FileManager.default
    let (tree, moved, text) = (folder.path("tree"), folder.path("moved"), ["--text", "a fine film", "--json"])
    for (name, model) in [("a", "imdb-gpt2-wide"), ("b", "imdb-gpt2-narrow-sentiment")] {
      try manager.createDirectory(atPath: tree + "/models", withIntermediateDirectories: true)
      try manager.copyItem(atPath: Repository.model(model), toPath: "\(tree)/models/\(name)")
    }
    let made = try GraftProcess.run(
      [
        "stitch", "--pretrained", "models/a", "--finetuned", "./models/b/", "--keep", "4", "--transplant", "2",
        "--maps",
        "pinv", "--save", "kept/stitched", "--json",
      ], directory: tree
    ).json()
    #expect(try made["pretrained"]["model"].string() == "../../models/a")
    #expect(try made["finetuned"]["model"].string() == "../../models/b")
    let before = try GraftProcess.run(["classify", "kept/stitched"] + text, directory: tree).json()
    try manager.moveItem(atPath: tree, toPath: moved)
    let after = try GraftProcess.run(["classify", moved + "/kept/stitched"] + text).json()
    #expect(
      try after["results"].item(0)["probabilities"].doubles() == before["results"].item(0)["probabilities"].doubles())
    try manager.moveItem(atPath: moved + "/kept/stitched", toPath: folder.path("alone"))
    let real = URL(fileURLWithPath: folder.path).resolvingSymlinksInPath().deletingLastPathComponent().path
    for command in [["classify"] + text, ["tokenize"] + text] {
      let alone = try GraftProcess.run([command[0], folder.path("alone")] + command.dropFirst())
      #expect(alone.status == 1)
      #expect(alone.error.contains("expected the model a at \(real)/models/a, found nothing there"), "\(alone.error)")
      #expect(alone.error.contains("together with its models"))
    }
  }

  /// A stitched model of named models, where they are not known.
  @Test func aNameThatIsNotKnownIsLookedForAloud() throws {
    let made = try GraftProcess.run(
      "stitch", "--pretrained", "imdb-bert-2", "--finetuned", "imdb-bert-1-sentiment", "--keep", "4", "--transplant",
      "2", "--maps", "pinv", "--save", folder.path("saved"))
    #expect(made.status == 0, "\(made.error)")
    let run = try GraftProcess.run(
      ["classify", folder.path("saved"), "--text", "good"], environment: ["GRAFT_MODELS": folder.path])
    #expect(run.status == 1)
    #expect(
      run.error.contains("saved/stitched.json: expected the model imdb-bert-2 in \(folder.path), found none; set"),
      "\(run.error)")
  }

  @Test func aSpliceIsRefusedWhenItsModelsChange() throws {
    let copy = folder.path("copy")
    try FileManager.default.copyItem(atPath: Repository.model("imdb-bert-1-sentiment"), toPath: copy)
    let saved = folder.path("saved")
    let made = try GraftProcess.run(
      "stitch", "--pretrained", "imdb-bert-2", "--finetuned", copy, "--keep", "4", "--transplant", "2", "--maps",
      "pinv",
      "--save", saved)
    #expect(made.status == 0, "\(made.error)")
    var weights = try Data(contentsOf: URL(fileURLWithPath: copy + "/model.safetensors"))
    weights[weights.count - 2] ^= 1
    try weights.write(to: URL(fileURLWithPath: copy + "/model.safetensors"))
    let run = try GraftProcess.run("classify", saved, "--text", "good")
    #expect(run.status == 1 && run.error.contains("SHA-256"), "\(run.error)")
  }

  @Test func saysWhyTwoModelsCannotBeJoined() throws {
    let bert = ["stitch", "--pretrained", "imdb-bert-2", "--finetuned", "imdb-bert-1-sentiment", "--save", "x"]
    let gpt2 = ["stitch", "--pretrained", "imdb-gpt2-wide", "--finetuned", "imdb-gpt2-narrow-sentiment", "--save", "x"]
    let other = folder.path("other")
    try FileManager.default.copyItem(atPath: Repository.model("imdb-bert-2"), toPath: other)
    let vocabulary = try String(contentsOfFile: other + "/vocab.txt", encoding: .utf8)
    try vocabulary.replacing("\nthe\n", with: "\nthexyz\n").write(
      toFile: other + "/vocab.txt", atomically: true, encoding: .utf8)
    let cases: [([String], Int32, String)] = [
      (
        ["stitch", "--pretrained", "imdb-gpt2-wide", "--finetuned", "imdb-bert-1-sentiment", "--save", "x"], 1,
        "GPT-2, reads only what comes before and normalises what each layer reads; the fine-tuned one, BERT"
      ),
      (
        ["stitch", "--pretrained", other, "--finetuned", "imdb-bert-1-sentiment", "--save", "x"], 1,
        "\"thexyz\" against \"the\""
      ),
      (bert + ["--keep", "9"], 1, "9 blocks kept; these models allow 0 to 4; change --keep"),
      (bert + ["--transplant", "7"], 1, "7 blocks transplanted; these models allow 0 to 4; change --transplant"),
      (
        bert + ["--final-norm"], 1,
        "does not apply to bert: its hidden states are normalised by every block; leave out --final-norm"
      ),
      (gpt2 + ["--maps", "identity"], 1, "needs equal hidden sizes, not 160 and 128"),
      (gpt2 + ["--maps", "magic"], 64, "magic"),
      (gpt2 + ["--maps", "truncated:0"], 64, "truncated:r"),
      (gpt2 + ["--maps", "truncated:129"], 1, "the fine-tuned model's embedding allows 1 to 128"),
      (gpt2 + ["--maps", "affine"], 1, "the map affine is made from unlabelled texts; give --unlabelled"),
      (gpt2 + ["--maps", "affine", "--as-published", "--unlabelled", ShortRun.reviews], 1, "--add-positions"),
      (["stitch", "--pretrained", "imdb-bert-2", "--finetuned", "imdb-bert-1-sentiment"], 64, "--dataset"),
    ]
    for (arguments, status, message) in cases {
      let run = try GraftProcess.run(arguments, directory: folder.path)
      #expect(run.status == status && run.error.contains(message), "\(arguments): \(run.error)")
    }
    let fitted = try GraftProcess.run(
      gpt2.dropLast() + [
        folder.path("fitted"), "--maps", "affine+norm", "--keep", "4", "--transplant", "2", "--max-length", "32",
        "--unlabelled", try ShortRun.fewReviews(folder),
      ])
    #expect(fitted.status == 0, "\(fitted.error)")
    let run = try GraftProcess.run("classify", folder.path("fitted"), "--text", "good")
    #expect(run.status == 0, "\(run.error)")
    let partial = try GraftProcess.run(
      "stitch", "--pretrained", other, "--finetuned", "imdb-bert-1-sentiment", "--keep", "4", "--transplant", "2",
      "--maps",
      "pinv", "--allow-partial-vocabulary", "--save", folder.path("partial"))
    #expect(partial.status == 0, "\(partial.error)")
  }
}
