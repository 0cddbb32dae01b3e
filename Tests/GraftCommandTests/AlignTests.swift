import Files
import Foundation
import TestSupport
import Testing

/// `graft align` as a process, and what it leaves behind.
@Suite struct AlignTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func writesScoresPicturesAndAPage() throws {
    let directory = folder.path("alignment")
    let result = try GraftProcess.run(
      "align", "imdb-bert-1", "imdb-bert-2", "--groups", "V,K", "-o", directory, "--json"
    ).json()
    #expect(try JSONNode.read(directory + "/results.json").value == result.value)
    let groups = try result["pairs"].array()[0]["groups"].array()
    #expect(try groups.map { try $0["group"].string() } == ["K", "V", "K", "V"])
    #expect(try groups.map { try $0["space"].string() } == ["embedding", "embedding", "feature", "feature"])
    for group in groups {
      let scores = try group["scores"].array().map { try $0.array().map { try $0.double() } }
      let pairs = try group["assignment"].array().map { try $0.array().map { try $0.int() } }
      #expect(pairs.map { $0[0] } == Array(0..<scores.count))
      let total = pairs.reduce(0.0) { $0 + scores[$1[0]][$1[1]] }
      #expect(try abs(group["total"].double() - total) < 1e-12)
      #expect(try group["diagonal_hits"].int() == pairs.filter { $0[0] == $0[1] }.count)
      let name = try "0-1-\(group["group"].string())-\(group["space"].string()).svg"
      let picture = try String(contentsOfFile: directory + "/" + name, encoding: .utf8)
      for score in scores.flatMap({ $0 }) { #expect(picture.contains(String(format: ">%.4f<", score))) }
    }
    let page = try String(contentsOfFile: directory + "/report.html", encoding: .utf8)
    #expect(page.contains("imdb-bert-1 against imdb-bert-2") && page.contains("V in feature space"))
  }

  /// Three models make three pairs and an interval; a model's fine-tuned copy is closer than another model.
  @Test func severalModels() throws {
    let models = ["imdb-bert-1", "imdb-bert-2", "imdb-bert-1-sentiment"]
    let run = ["align"] + models + ["--groups", "W_V", "--spaces", "feature"]
    let result = try GraftProcess.run(run + ["--json"]).json()
    let pairs = try result["pairs"].array()
    #expect(try pairs.map { [try $0["a"].int(), try $0["b"].int()] } == [[0, 1], [0, 2], [1, 2]])
    let margins = try pairs.map { try $0["groups"].array()[0]["margin"].double() }
    #expect(margins[1] > margins[0] && margins[1] > margins[2])
    let summary = try result["summary"].array()
    #expect(summary.count == 1)
    #expect(try abs(summary[0]["margin"]["mean"].double() - margins.reduce(0, +) / 3) < 1e-15)
    let ends = try summary[0]["margin"]["ci95"].array().map { try $0.double() }
    #expect(ends[0] == margins.min() && ends[1] == margins.max())
    #expect(try GraftProcess.run(run).output.contains("All 3 pairs: mean, and 95% interval over models"))
  }

  /// The closest vectors of a model and its fine-tuned copy are the same ones, and say the same.
  @Test func readsTheClosestVectors() throws {
    let result = try GraftProcess.run(
      "align", "imdb-bert-1", "imdb-bert-1-sentiment", "--groups", "V", "--spaces", "embedding", "--vectors", "3",
      "--tokens", "4", "--json"
    ).json()
    let layers = try result["pairs"].array()[0]["groups"].array()[0]["vectors"].array()
    #expect(try layers.count == result["models"].array()[0]["layers"].int())
    for layer in layers {
      #expect(try layer["a_layer"].int() == layer["b_layer"].int())
      for pair in try layer["pairs"].array() {
        #expect(try pair["a"].int() == pair["b"].int())
        #expect(try pair["correlation"].double() > 0.9)
        #expect(try pair["a_tokens"].array().count == 4)
      }
    }
  }

  @Test(arguments: [
    (["align", "imdb-bert-1"], "Give two or more models, not 1."),
    (["align", "imdb-bert-1", "imdb-bert-2", "--groups", "K,X"], "\"X\" is none of K, V, W_K, W_Q, W_V, W_O"),
    (["align", "imdb-bert-1", "imdb-bert-2", "--spaces", "raw"], "\"raw\" is none of embedding, feature"),
    (["align", "imdb-bert-1", "imdb-bert-2", "--vectors=-1"], "--vectors must not be negative."),
  ])
  func refusesAWrongCommandLine(_ arguments: [String], _ message: String) throws {
    let run = try GraftProcess.run(arguments)
    #expect(run.status == 64)
    #expect(run.error.contains(message))
  }
}
