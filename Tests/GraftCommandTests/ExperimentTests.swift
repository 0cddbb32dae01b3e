import Files
import Foundation
import TestSupport
import Testing

@Suite struct ExperimentTests {
  private static let reviews = ["--dataset", ShortRun.reviews, "--limit", "4"]

  @Test(arguments: [
    (["keep-k", "imdb-bert-1", "-n", "30", "--k", "10,100"], 2), (["related-pairs", "imdb-bert-1"], 3),
    (["key-value-overlap", "imdb-gpt2-wide"], 1), (["recall", "imdb-bert-1", "--positions", "20"] + reviews, 4),
  ]) func drawsItsFigure(_ arguments: [String], _ charts: Int) throws {
    let folder = try TemporaryFolder()
    let run = try GraftProcess.run(["experiment"] + arguments + ["--svg", folder.path("a.svg")])
    #expect(run.status == 0 && !run.output.contains("\u{1B}["), "\(run.error)")
    #expect(run.output.split(separator: "\n").allSatisfy { $0.count <= 80 })
    let picture = try String(contentsOfFile: folder.path("a.svg"), encoding: .utf8)
    #expect(picture.components(separatedBy: "class=\"chart\"").count == charts + 1)
  }

  @Test func listsNeuronsByTheTokensThatAreLeft() throws {
    func found(_ filters: String...) throws -> JSONNode {
      try GraftProcess.run(
        ["experiment", "key-value-overlap", "imdb-gpt2-wide", "--threshold", "0.1", "--json"] + filters
      ).json()
    }
    let (all, words) = (try found(), try found("--ascii", "--alphanumeric", "--min-length", "3"))
    let tokens = try words["pairs"].array().flatMap { try $0["shared"].array() }.map { try $0["token"].string() }
    #expect(!tokens.isEmpty)
    for token in tokens {
      let word = token.replacing("␣", with: "")
      #expect(word.count >= 3 && word.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) }, "\(token)")
    }
    #expect(
      try all["pairs"].array().contains { pair in
        try pair["shared"].array().contains { try $0["token"].string().contains("\\x") }
      })
    #expect(try words["options"]["min_length"].int() == 3)
    let similarities = try all["pairs"].array().map { try $0["similarity"].double() }
    #expect(similarities.count > 10 && similarities == similarities.sorted(by: >))
  }

  /// What it was called in earlier versions.
  @Test func keyValueOverlapHasItsOldName() throws {
    let arguments = ["imdb-bert-1", "--threshold", "0.1", "--draws", "1", "--json"]
    let runs = try ["interesting", "key-value-overlap"].map { try GraftProcess.run(["experiment", $0] + arguments) }
    #expect(runs[0].status == 0 && !runs[0].output.isEmpty && runs[0].output == runs[1].output, "\(runs[0].error)")
  }

  @Test func recallsDifferenceIsThatOfItsArms() throws {
    let run = try GraftProcess.run(
      ["experiment", "recall", "imdb-bert-1", "--positions", "30", "--json"] + Self.reviews)
    let recalls = try run.json()["recalls"].array()
    #expect(recalls.count == 4 * 4 * 2)
    var above = 0
    for recall in recalls {
      let (aligned, random) = (try recall["aligned"].double(), try recall["random"].double())
      expectClose([try recall["difference"].double()], [aligned - random], absolute: 1e-12, relative: 0, "difference")
      if aligned > random { above += 1 }
    }
    #expect(above > recalls.count / 2)
  }

  /// With every token kept the right inverse is exact, whatever the vectors.
  @Test func keepKEndsAtTheInnerProduct() throws {
    let run = try GraftProcess.run(
      ["experiment", "keep-k", "imdb-gpt2-narrow", "-n", "50", "--k", "99999", "--json"] + Self.reviews)
    let sorts = try run.json()["vectors"].array()
    #expect(try sorts.map { try $0["sort"].string() } == ["normal", "ff-values", "hidden"])
    for sort in sorts {
      let curves = try sort["curves"].array()
      let last = try curves.map { try $0["points"].item(0) }
      #expect(try last.allSatisfy { try $0["k"].int() == 8192 })
      #expect(try abs(last[1]["cosine"].double() - 1) < 1e-4)
      // All tokens are the same tokens for each way of choosing them.
      #expect(try abs(last[0]["cosine"].double() - last[2]["cosine"].double()) < 1e-6)
      #expect(try abs(last[0]["cosine"].double() - last[3]["cosine"].double()) < 1e-6)
    }
  }

  @Test(arguments: [
    (["recall", "imdb-bert-1"], 64, "Give --dataset."), (["keep-k", "imdb-bert-1", "--k", "0"], 64, "at least 1"),
    (["related-pairs", "imdb-bert-1", "--k", "9000"], 1, "give a number from 1 to 8192"),
    (["key-value-overlap", "imdb-bert-1", "--threshold", "0"], 64, "above 0"),
    (["key-value-overlap", "imdb-bert-1", "--min-length", "13"], 1, "give a number from 1 to 30"),
    (["key-value-overlap", "imdb-bert-1", "--words", "no-such-file"], 1, "no-such-file"),
    (["recall", "imdb-bert-1", "--positions", "1"] + reviews, 64, "at least 2"),
    (["related-pairs", "no-such-model"], 1, "no such directory or model"),
  ]) func refuses(_ arguments: [String], _ status: Int32, _ message: String) throws {
    let run = try GraftProcess.run(["experiment"] + arguments)
    #expect(run.status == status && run.output.isEmpty && run.error.contains(message), "\(run.error)")
  }
}
