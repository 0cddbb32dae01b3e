import Files
import Foundation
import TestSupport
import Testing

/// `graft lens` with --ablate, --patch and --attribute.
@Suite struct LensInterventionTests {
  private static let writer = "imdb-gpt2-wide"
  private static let text = "This movie was a complete waste of"

  private func lens(_ arguments: [String], model: String = writer) throws -> [JSONNode] {
    try GraftProcess.run(["lens", model] + arguments + ["--json"]).json()["results"].array()
  }

  private func logits(_ result: JSONNode) throws -> [Double] {
    try result["levels"].array().flatMap { try $0["places"].array() }.map { try $0["top"].item(0)["logit"].double() }
  }

  @Test func patchingFromTheSameTextChangesNothing() throws {
    let readings = try lens([
      "--text", Self.text, "--unchanged", "--patch", "L1.residPost=from:\(Self.text)", "--patch",
      "L3H2@4=from:\(Self.text)",
    ])
    #expect(readings.count == 2)
    #expect(readings[0]["levels"].value == readings[1]["levels"].value)
    #expect(try readings[0]["interventions"].strings() == [])
    #expect(
      try readings[1]["interventions"].strings() == [
        "L1 from \"\(Self.text)\"", "L3H2@4 from \"\(Self.text)\"",
      ])
  }

  /// The state before the first block from another token of another text: the last place then says what it says there.
  @Test func patchesFromAnotherToken() throws {
    let patched = try lens([
      "--text", "good good good", "--patch", "L4.residPost@1=from@6:\(Self.text)", "--top", "1",
    ])[0]
    let other = try lens(["--text", Self.text, "--top", "1"])[0]
    func last(_ result: JSONNode, _ place: Int) throws -> JSON? {
      try #require(try result["levels"].array().last)["places"].item(place)["top"].value
    }
    #expect(try last(patched, 1) == last(other, 6))
    #expect(try last(patched, 2) != last(other, 6))
  }

  @Test func ablationsComposeAndMeansHaveAText() throws {
    let folder = try TemporaryFolder()
    let texts = try folder.write("a film\nThis movie was\n", to: "texts.txt")
    let plain = try logits(lens(["--text", Self.text])[0])
    let zero = try logits(lens(["--text", Self.text, "--ablate", "L2.mlp"])[0])
    let own = try logits(lens(["--text", Self.text, "--ablate", "L2.mlp=mean"])[0])
    let over = try logits(lens(["--text", Self.text, "--ablate", "L2.mlp=mean", "--mean-over", texts])[0])
    let composed = try logits(
      lens(["--text", Self.text, "--ablate", "L2.mlp=mean", "--mean-over", texts, "--ablate", "L0H1@2"])[0])
    #expect(Set([plain, zero, own, over, composed]).count == 5)
    // The mean over one token is that token: nothing changes.
    let one = try lens(["--text", "good", "--ablate", "L2.mlp=mean", "--ablate", "L1H0=mean", "--unchanged"])
    #expect(one[0]["levels"].value == one[1]["levels"].value)
  }

  @Test func masksAreChangedInTurn() throws {
    let readings = try lens(
      ["--text", "a great film", "--mask-each", "--ablate", "L0.attn", "--unchanged"], model: "imdb-bert-1")
    #expect(try logits(readings[0]) != logits(readings[1]))
  }

  @Test(arguments: [
    (["--ablate", "L9.mlp"], 1, "5 blocks, L0 to L4"), (["--ablate", "L1H9"], 1, "5 heads, H0 to H4"),
    (["--ablate", "L1H"], 64, "such as L5H3"), (["--ablate", "L1=median"], 64, "=mean"),
    (["--ablate", "L1.mlp@7"], 1, "7 tokens, 0 to 6"), (["--ablate", "L1.attentionWeights"], 1, "the sites are"),
    (["--patch", "L1"], 64, "=from:TEXT"), (["--patch", "L1=from:a film"], 1, "has 2 tokens"),
    (["--patch", "L1@2=from:a film"], 1, "places 0 to 1"), (["--patch", "L1=from@2:a"], 64, "=from:TEXT"),
    (["--dataset", ShortRun.reviews, "--attribute"], 64, "it is for prompts"),
    (["--mean-over", "x"], 64, "without --ablate SITE=mean"), (["--unchanged"], 64, "without --ablate or --patch"),
    (["--ablate", "L1.mlp=mean", "--mean-over", "no-such-file"], 1, "no-such-file"),
    (["--ablate", "L1.mlp", "--unchanged", "--beside", "a"], 64, "not both"),
  ]) func saysWhatToDoInstead(_ arguments: [String], _ status: Int32, _ advice: String) throws {
    let run = try GraftProcess.run(["lens", Self.writer, "--text", Self.text] + arguments)
    #expect(run.status == status && run.output.isEmpty && run.error.contains(advice), "\(run.error)")
  }

  @Test func attributesTheFinalAnswer() throws {
    let result = try lens(["--text", Self.text, "--attribute"])[0]
    let attribution = try result["attributions"].item(0)
    let last = try #require(try result["levels"].array().last?["places"].array().last)
    #expect(try result["attributions"].array().count == 1 && attribution["position"].int() == 6)
    #expect(try attribution["target"]["id"].int() == last["top"].item(0)["id"].int())
    #expect(try Float(attribution["logit"].double()) == Float(last["top"].item(0)["logit"].double()))
    let values = try attribution["parts"].array().map { try $0["value"].double() }
    let magnitude = values.reduce(0) { $0 + abs($1) }
    expectClose(
      [values.reduce(0, +)], [try attribution["logit"].double()], absolute: 1e-5 * magnitude, relative: 0, "sum")
    // 5 blocks of 5 heads, a feed-forward block and two biases, two embeddings, ln_f's shift.
    #expect(values.count == 5 * (5 + 1 + 2) + 2 + 1)
    let shown = try GraftProcess.run("lens", Self.writer, "--text", Self.text, "--attribute").output
    #expect(shown.contains("logit of ␣time at token 6 (␣of)") && shown.contains("33 more"))
  }

  @Test func attributesADifferenceAtMasks() throws {
    let arguments = ["--text", "the [MASK] is [MASK] .", "--target", "good", "--versus", "bad", "--attribute"]
    let result = try lens(arguments, model: "imdb-bert-1")[0]
    let attributions = try result["attributions"].array()
    #expect(try attributions.map { try $0["position"].int() } == [2, 4])
    for attribution in attributions {
      let place = try #require(
        try result["levels"].array().last?["places"].array().first {
          try $0["position"].int() == attribution["position"].int()
        })
      #expect(
        try attribution["logit"].double() == place["target"]["logit"].double() - place["versus"]["logit"].double())
    }
    let none = try GraftProcess.run("lens", "imdb-bert-1", "--text", "good", "--attribute")
    #expect(none.status == 1 && none.error.contains("[MASK]"))
    let chosen = try lens(["--text", "good", "--attribute", "--tokens", "1"], model: "imdb-bert-1")[0]
    #expect(try chosen["attributions"].array().count == 1)
    let each = try lens(["--text", "good film", "--attribute", "--mask-each"], model: "imdb-bert-1")[0]
    #expect(try each["attributions"].array().count == 2)
  }

  @Test func writesPicturesOfTheParts() throws {
    let folder = try TemporaryFolder()
    let run = try GraftProcess.run(
      "lens", Self.writer, "--text", Self.text, "--attribute", "--svg", folder.path("a.svg"), "--html",
      folder.path("a.html"))
    #expect(run.status == 0, "\(run.error)")
    let svg = try String(contentsOfFile: folder.path("a.svg"), encoding: .utf8)
    #expect(svg.contains("logit of ␣time") && svg.contains("H4"))
    let html = try String(contentsOfFile: folder.path("a.html"), encoding: .utf8)
    #expect(html.components(separatedBy: "<figure class=\"heat\"").count == 3)
  }

  @Test func stitchedModelsAreReadButNotAttributed() throws {
    let folder = try TemporaryFolder()
    let saved = folder.path("splice")
    let stitch = try GraftProcess.run(
      "stitch", "--pretrained", "imdb-bert-2", "--finetuned", "imdb-bert-1-sentiment", "--keep", "2", "--transplant",
      "2",
      "--maps",
      "pinv", "--save", saved)
    #expect(stitch.status == 0, "\(stitch.error)")
    let (text, borrowed) = (["--text", "a [MASK] film", "--top", "3"], ["--unembedding", "imdb-bert-1"])
    let whole = try lens(text + borrowed, model: saved)[0]
    let own = try lens(text, model: "imdb-bert-2")[0]
    for level in 0..<3 {
      let tops = try [whole, own].map { try $0["levels"].item(level)["places"].array().map { $0["top"].value } }
      #expect(tops[0] == tops[1])
    }
    #expect(
      try lens(text + borrowed + ["--ablate", "L3.mlp"], model: saved)[0]["levels"].value != whole["levels"].value)
    let beyond = try GraftProcess.run(["lens", saved] + text + borrowed + ["--ablate", "L4.mlp", "--json"])
    #expect(beyond.status == 1 && beyond.error.contains("4 blocks, L0 to L3"))
    let refused = try GraftProcess.run(["lens", saved] + text + borrowed + ["--attribute"])
    #expect(refused.status == 1 && refused.error.contains("give one of the two models"))
  }
}
