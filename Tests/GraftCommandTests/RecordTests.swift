import Files
import Foundation
import TestSupport
import Testing

/// `--format`: the numbers of --json as one row per cell.
@Suite struct RecordTests {
  private func rows(_ arguments: [String]) throws -> (csv: [[String]], json: [JSON]) {
    let csv = try GraftProcess.run(arguments + ["--format", "csv"])
    let lines = try GraftProcess.run(arguments + ["--format", "jsonl"])
    #expect(csv.status == 0 && lines.status == 0, "\(csv.error)")
    return (
      csv.output.split(separator: "\n").map {
        $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      },
      try lines.output.split(separator: "\n").map { try JSON.parse(String($0), path: "row") }
    )
  }

  /// The same columns and as many rows in both forms; each value of a row the same in both.
  private func check(_ arguments: [String], _ columns: [String], count: Int) throws -> [JSON] {
    let found = try rows(arguments)
    #expect(found.csv.first == columns, "\(arguments)")
    #expect(found.csv.count == count + 1 && found.json.count == count, "\(arguments): \(found.json.count)")
    for (fields, row) in zip(found.csv.dropFirst(), found.json) {
      for (column, field) in zip(columns, fields) {
        let value = row[column] ?? .null
        if case .string(let text) = value {
          #expect(field == text)
        } else {
          #expect(field == (value == .null ? "" : value.serialized()))
        }
      }
    }
    return found.json
  }

  @Test func lensHasARowPerLevelAndPosition() throws {
    let arguments = ["lens", "imdb-bert-1", "--text", "a great film", "--target", "good"]
    let rows = try check(
      arguments,
      [
        "text", "id", "level", "layer", "tuned", "position", "token", "top_token", "top_id", "top_logit",
        "top_probability",
        "entropy", "kl_to_final", "final_rank", "agrees", "truth_logit", "truth_logprob", "truth_rank", "target_logit",
        "target_logprob", "target_rank", "versus_logit", "versus_logprob", "versus_rank",
      ], count: 5 * 5)
    let result = try GraftProcess.run(arguments + ["--json"]).json()["results"].item(0)
    let cell = try result["levels"].item(2)["places"].item(3)
    let row = try #require(rows.first { $0["layer"] == .integer(1) && $0["position"] == .integer(3) })
    #expect(row["entropy"] == cell["entropy"].value && row["token"] == "film" && row["level"] == "L1")
    #expect(row["target_rank"] == cell["target"]["rank"].value && row["versus_rank"] == .null)
    #expect(row["top_token"] == (try cell["top"].item(0)["token"].value))
  }

  @Test func partsAndSweepsHaveRows() throws {
    let parts = try check(
      ["lens", "imdb-bert-1", "--text", "a [MASK] film", "--attribute"],
      ["text", "id", "position", "target", "versus", "part", "kind", "layer", "head", "value"], count: 43)
    #expect(parts.contains { $0["part"] == "L2H1" && $0["layer"] == .integer(2) && $0["head"] == .integer(1) })
    let columns = [
      "text", "site", "position", "token", "from_token", "head", "effect", "relative_effect", "logit_difference",
      "text_logit_difference", "from_logit_difference",
    ]
    let text = ["lens", "imdb-bert-1", "--text", "a [MASK] film", "--target", "good", "--versus", "bad"]
    let patch = text + ["--patch-sweep", "residPost", "--from", "a [MASK] plot"]
    let rows = try check(patch, columns, count: 5 * 5)
    let sweep = try GraftProcess.run(patch + ["--json"]).json()["results"].item(0)
    let row = try #require(rows.first { $0["site"] == "L1" && $0["position"] == .integer(3) })
    #expect(row["effect"] == (try sweep["levels"].item(2)["effects"].item(3).value))
    #expect(row["token"] == "film" && row["from_token"] == "plot" && row["head"] == .null)
    let heads = try check(text + ["--ablate-sweep", "heads"], columns, count: 16)
    #expect(heads[6]["head"] == .integer(2) && heads[6]["position"] == .null && heads[6]["relative_effect"] != .null)
  }

  @Test func attributionHasARowPerPairOfTokens() throws {
    let states = ["attribute", "imdb-bert-1", "--text", "a film"]
    let rows = try check(
      states, ["text", "layer", "position", "token", "source", "source_token", "contribution", "standard_error"],
      count: 4 * 4 * 4)
    let result = try GraftProcess.run(states + ["--json"]).json()["results"].item(0)
    let row = try #require(
      rows.first { $0["layer"] == .integer(2) && $0["position"] == .integer(1) && $0["source"] == .integer(3) })
    #expect(row["contribution"] == (try result["contributions"].item(2).item(1).item(3).value))
    #expect(row["standard_error"] == (try result["standard_errors"].item(2).item(1).item(3).value))
    let decision = try check(
      ["attribute", "imdb-bert-1-sentiment", "--text", "a film", "--method", "input-gradient"],
      ["text", "position", "token", "class", "label", "attribution"], count: 4)
    #expect(decision[2]["token"] == "film" && decision[2]["label"] != .null)
  }

  @Test func alignmentHasARowPerPairOfLayers() throws {
    let arguments = ["align", "imdb-bert-1", "imdb-bert-2", "--groups", "W_K", "--spaces", "embedding"]
    let rows = try check(
      arguments, ["a", "b", "space", "group", "a_layer", "b_layer", "score", "assigned"], count: 16)
    let group = try GraftProcess.run(arguments + ["--json"]).json()["pairs"].item(0)["groups"].item(0)
    #expect(rows[7]["score"] == (try group["scores"].item(1).item(3).value))
    #expect(rows.filter { $0["assigned"] == true }.count == 4 && rows[0]["a"] == "imdb-bert-1")
  }

  @Test func projectionHasARowPerToken() throws {
    let vectors = ["vector", "group", "norm", "relative_norm", "end", "rank", "id", "token", "score"]
    let rows = try check(
      ["project", "imdb-bert-1", "--ff-key", "L0:1", "--ff-value", "L1:2", "--top", "3"], vectors, count: 12)
    #expect(rows[4]["vector"] == "L0:1" && rows[4]["end"] == "lowest" && rows[4]["rank"] == .integer(2))
    let pairs = try check(
      ["project", "imdb-bert-1", "--head", "L0H0", "--top", "4"],
      ["rank", "row_id", "row_token", "column_id", "column_token", "score"], count: 4)
    #expect(pairs[3]["rank"] == .integer(4))
    let directions = try check(
      ["project", "imdb-bert-1", "--head", "L0H0", "--svd", "--directions", "2", "--top", "2"],
      ["direction", "singular_value", "factor", "end", "rank", "id", "token", "score"], count: 16)
    #expect(directions[8]["direction"] == .integer(1) && directions[4]["factor"] == "right")
    let moved = try check(
      ["project", "imdb-gpt2-narrow-sentiment", "--against", "imdb-gpt2-narrow", "--top", "1", "--moved", "2"], vectors,
      count: 4)
    #expect(moved[0]["norm"] != .null)
  }

  /// Every column of `--format` stands on the page.
  @Test func thePageHasEveryColumn() throws {
    let page = try String(contentsOfFile: Repository.path + "/docs/formats.md", encoding: .utf8)
    for arguments in [
      ["lens", "imdb-bert-1", "--text", "a"], ["lens", "imdb-bert-1", "--text", "[MASK]", "--attribute"],
      ["lens", "imdb-bert-1", "--text", "[MASK]", "--target", "good", "--versus", "bad", "--ablate-sweep", "heads"],
      ["attribute", "imdb-bert-1", "--text", "a"], ["project", "imdb-bert-1", "--head", "L0H0"],
      ["project", "imdb-bert-1", "--head", "L0H0", "--svd"], ["project", "imdb-bert-1", "--ff-key", "L0:1"],
      ["align", "imdb-bert-1", "imdb-bert-2", "--groups", "W_K"],
    ] {
      let columns = try #require(try rows(arguments).csv.first)
      let listed = columns.map { "`\($0)`" }.joined(separator: ", ")
      #expect(page.contains(listed), "\(arguments): \(listed)")
    }
  }
}
