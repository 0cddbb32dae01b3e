import Files
import Foundation
import TestSupport
import Testing

/// `graft lens` with --patch-sweep and --ablate-sweep.
@Suite struct LensSweepTests {
  private static let gpt2 = [
    "imdb-gpt2-wide", "--text", "This movie was a complete waste of", "--target", " time", "--versus", " money",
  ]
  private static let bert = [
    "imdb-bert-1", "--text", "the plot is [MASK] and awful .", "--target", "good", "--versus", "bad",
  ]
  private static let sources = [
    "imdb-gpt2-wide": "This film was a truly waste of", "imdb-bert-1": "the plot is [MASK] and superb .",
  ]

  private func lens(_ arguments: [String]) throws -> JSONNode {
    try GraftProcess.run(["lens"] + arguments + ["--json"]).json()
  }

  /// LD of the last level at a position, as the lens shows it with one change.
  private func difference(_ arguments: [String], at position: Int) throws -> Double {
    let levels = try lens(arguments + ["--tokens", "\(position)", "--top", "1"])["results"].item(0)["levels"].array()
    let place = try #require(levels.last)["places"].item(0)
    return try place["target"]["logit"].double() - place["versus"]["logit"].double()
  }

  @Test(arguments: [gpt2, bert], ["residPost", "attnOut", "mlpOut", "heads"])
  func equalsSinglePatches(_ model: [String], _ kind: String) throws {
    let source = try #require(Self.sources[model[0]])
    let result = try lens(model + ["--patch-sweep", kind, "--from", source])
    #expect(try Repository.schema("lens --patch-sweep").problems(in: result.value ?? .null) == [])
    let sweep = try result["results"].item(0)
    let position = try #require(try sweep["positions"].array().map { try $0.int() }.first)
    #expect(try sweep["positions"].array().count == 1)
    let own = try sweep["logit_difference"].double()
    let other = try sweep["from_logit_difference"].double()
    #expect(try own == difference(model, at: position))
    for (row, column) in [(1, 2), (3, 4)] {
      let level = try sweep["levels"].item(row)
      let site = try level["site"].string()
      let part = kind == "heads" ? "L\(row)H\(column % 4)" : "\(site)@\(column)"
      let place = kind == "heads" ? column % 4 : column
      let patched = try difference(model + ["--patch", "\(part)=from:\(source)"], at: position)
      #expect(try level["logit_differences"].item(place).double() == patched, "\(part)")
      #expect(try level["effects"].item(place).double() == (patched - own) / (other - own))
    }
  }

  @Test func equalsSingleAblations() throws {
    for (kind, part, place) in [("heads=mean", "L2H1=mean", 1), ("mlpOut", "L2.mlp@3", 3)] {
      let result = try lens(Self.gpt2 + ["--ablate-sweep", kind])
      #expect(try Repository.schema("lens --ablate-sweep").problems(in: result.value ?? .null) == [])
      let sweep = try result["results"].item(0)
      let own = try sweep["logit_difference"].double()
      let ablated = try difference(Self.gpt2 + ["--ablate", part], at: 6)
      let level = try sweep["levels"].item(2)
      #expect(try level["logit_differences"].item(place).double() == ablated)
      #expect(try level["effects"].item(place).double() == ablated - own)
      #expect(try level["relative_effects"].item(place).double() == (ablated - own) / own)
    }
    let folder = try TemporaryFolder()
    let texts = try folder.write("a film\n", to: "texts.txt")
    let over = ["--ablate-sweep", "heads=mean", "--mean-over", texts]
    #expect(
      try lens(Self.gpt2 + over)["results"].value
        != lens(Self.gpt2 + ["--ablate-sweep", "heads=mean"])["results"].value)
  }

  /// A text patched from itself has no effect to divide.
  @Test func anEffectOfNothingIsNull() throws {
    let sweep = try lens(Self.bert + ["--patch-sweep", "residPost", "--from", Self.bert[2]])["results"].item(0)
    #expect(try sweep["levels"].item(1)["effects"].item(2).value == .null)
    #expect(try sweep["levels"].item(1)["logit_differences"].item(2).double() == sweep["logit_difference"].double())
    let shown = try GraftProcess.run(["lens"] + Self.bert + ["--patch-sweep", "heads", "--from", Self.bert[2]]).output
    #expect(shown.contains("no value"))
  }

  @Test func averagesTheTextsOfAFile() throws {
    let folder = try TemporaryFolder()
    let pairs = try folder.write(
      #"""
      {"text": "the plot is [MASK] and awful .", "from": "the plot is [MASK] and superb .", "target": "good", "versus": "bad"}
      {"text": "the cast is [MASK] and awful .", "from": "the cast is [MASK] and superb .", "target": "great", "versus": "bad"}
      """#, to: "pairs.jsonl")
    let arguments = ["imdb-bert-1", "--patch-sweep", "residPost", "--pairs", pairs]
    let result = try lens(arguments)
    #expect(try Repository.schema("lens --patch-sweep").problems(in: result.value ?? .null) == [])
    #expect(
      try result["results"].item(0)["levels"].value
        == lens(
          Self.bert + ["--patch-sweep", "residPost", "--from", "the plot is [MASK] and superb ."])["results"].item(0)[
          "levels"
        ].value)
    let effects = try result["results"].array().map { try $0["levels"].item(2)["effects"].item(6).double() }
    let mean = try result["means"]["levels"].item(2)["effects"].item(6)
    #expect(try mean["mean"].double() == (effects[0] + effects[1]) / 2 && mean["texts"].int() == 2)
    let ends = try mean["ci95"].array().map { try $0.double() }
    #expect(ends == [min(effects[0], effects[1]), max(effects[0], effects[1])])
    #expect(try result["seed"].int() == 42)
    let shown = try GraftProcess.run(["lens"] + arguments).output
    #expect(shown.contains("imdb-bert-1: 2 texts") && shown.contains("means over texts"))
    let uneven = try folder.write(
      #"{"text": "[MASK] film", "from": "[MASK] plot", "target": "good", "versus": "bad"}"# + "\n"
        + #"{"text": "a [MASK] film", "from": "a [MASK] plot", "target": "good", "versus": "bad"}"#, to: "uneven.jsonl")
    let run = try GraftProcess.run("lens", "imdb-bert-1", "--patch-sweep", "attnOut", "--pairs", uneven)
    #expect(run.status == 1 && run.error.contains("text 2 has 5 tokens, the first one 4"), "\(run.error)")
    #expect(try GraftProcess.run("lens", "imdb-bert-1", "--patch-sweep", "heads", "--pairs", uneven).status == 0)
    #expect(try GraftProcess.run("lens", "imdb-bert-1", "--ablate-sweep", "heads", "--pairs", uneven).status == 0)
  }

  @Test func drawsAPictureAndAPage() throws {
    let folder = try TemporaryFolder()
    let (svg, page) = (folder.path("sweep.svg"), folder.path("sweep.html"))
    let run = try GraftProcess.run(
      ["lens"] + Self.bert
        + ["--patch-sweep", "residPost", "--from", "the plot is [MASK] and superb .", "--svg", svg, "--html", page])
    #expect(run.status == 0, "\(run.error)")
    #expect(run.output.contains("logit of good minus bad at token 4 ([MASK])"))
    let texts = try XMLTree.parse(String(contentsOfFile: svg, encoding: .utf8)).all("text").map(\.text)
    #expect(texts.contains("awful←superb") && texts.contains("embed"))
    #expect(try String(contentsOfFile: page, encoding: .utf8).contains("awful←superb"))
  }

  @Test(arguments: [
    (["--patch-sweep", "residPost", "--from", "a film"], 1, "--text has 7 tokens, --from 2"),
    (["--patch-sweep", "residPost"], 64, "needs --from"), (["--from", "a"], 64, "without --patch-sweep"),
    (["--patch-sweep", "logits", "--from", "a"], 64, "residPost"),
    (["--ablate-sweep", "heads=median"], 64, "heads=mean"),
    (["--ablate-sweep", "heads", "--patch-sweep", "heads", "--from", "a"], 64, "not both"),
    (["--ablate-sweep", "heads", "--ablate", "L1H0"], 64, "--ablate does nothing"),
    (["--ablate-sweep", "heads", "--tokens", "7"], 1, "0 to 6"),
    (["--ablate-sweep", "heads", "--mean-over", "x"], 64, "--mean-over does nothing"),
  ]) func saysWhatToDoInstead(_ arguments: [String], _ status: Int32, _ advice: String) throws {
    let run = try GraftProcess.run(["lens"] + Self.gpt2 + arguments)
    #expect(run.status == status && run.output.isEmpty && run.error.contains(advice), "\(run.error)")
  }

  @Test func needsTokensAndAMask() throws {
    let one = try GraftProcess.run("lens", "imdb-gpt2-wide", "--text", "a", "--ablate-sweep", "heads")
    #expect(one.status == 64 && one.error.contains("--target and --versus"))
    let none = try GraftProcess.run(
      "lens", "imdb-bert-1", "--text", "a film", "--target", "good", "--versus", "bad", "--ablate-sweep", "heads")
    #expect(none.status == 1 && none.error.contains("[MASK]"))
  }
}
