import Checkpoints
import Files
import Foundation
import TestSupport
import Testing

@Suite struct IdentifyTests {
  private static let text = "The plot, the acting and the music: a waste of two long hours. I want them back!"
  private static let short = measured + ["--lengths", "8,40", "--epochs", "2"]
  private static let measured = ["identify", "imdb-bert-1", "--limit", "12", "--max-length", "48", "-t", "2"]

  private func conforms(_ run: GraftRun, sourceLocation: SourceLocation = #_sourceLocation) throws -> JSONNode {
    let value = try run.json(sourceLocation: sourceLocation)
    #expect(
      try Repository.schema("identify").problems(in: JSON.parse(run.output, path: "output")) == [],
      sourceLocation: sourceLocation)
    return value
  }

  @Test(arguments: ["imdb-bert-1", "imdb-gpt2-wide"]) func measuresEveryHeadOfATextInAll(_ model: String) throws {
    let arguments = ["identify", model, "--text", Self.text + Self.text, "--simplex"]
    let run = try GraftProcess.run(arguments + ["--json"])
    let result = try conforms(run)["results"].item(0)
    let tokens = try result["ids"].array().count
    let heads = try result["heads"].array()
    #expect(heads.count == (model == "imdb-bert-1" ? 16 : 25))
    for head in heads {
      #expect(try head["rank"].int() == 32 && head["null_dimension"].int() == tokens - 32)
      #expect(try head["simplex_null_dimension"].int() == tokens - 33)
      #expect(try head["null_share"].double() > 0 && head["correlation"].double() < 1)
    }
    #expect(try GraftProcess.run(arguments + ["--json"]).output == run.output)
    let table = try GraftProcess.run(arguments)
    #expect(table.status == 0 && table.output.contains("L3H1") && table.output.contains("simplex"))
    #expect(table.output.split(separator: "\n").allSatisfy { $0.count <= 100 })
  }

  @Test func keepsWeights() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("w.safetensors")
    #expect(try GraftProcess.run("identify", "imdb-gpt2-wide", "--text", Self.text, "--save", path).status == 0)
    let file = try SafetensorsFile(path)
    let ids = try file.integers("ids").values
    #expect(file.names.count == 11)
    let (shape, effective) = try file.doubles("effective_attention.2")
    #expect(shape == [5, ids.count, ids.count])
    let raw = try file.doubles("attention.2").values
    // A row that sees fewer tokens than the head has dimensions loses nothing.
    expectClose(
      Array(effective[..<(31 * ids.count)]), Array(raw[..<(31 * ids.count)]).map { $0 }, absolute: 1e-6, relative: 0,
      "short rows")
  }

  @Test func drawsPagesAndPictures() throws {
    let folder = try TemporaryFolder()
    let (html, svg) = (folder.path("a.html"), folder.path("a.svg"))
    let run = try GraftProcess.run(
      "identify", "imdb-bert-1", "--text", Self.text, "--heads", "L3H2,L0H1", "--html", html, "--svg", svg)
    #expect(run.status == 0 && run.error.isEmpty)
    let page = try XMLTree.parse(try String(contentsOfFile: html, encoding: .utf8))
    #expect(page.all("figure", class: "matrices").count == 1)
    #expect(page.all("option").map(\.text) == ["L0H1", "L3H2"])
    let picture = try XMLTree.parse(try String(contentsOfFile: svg, encoding: .utf8))
    #expect(picture.all("text").contains { $0.text.contains("L0H1") })

    // A page of a long text stays small and says what it leaves out; a picture is refused.
    let long = String(repeating: Self.text + " ", count: 40)
    let whole = try GraftProcess.run("identify", "imdb-gpt2-wide", "--text", long, "--html", html)
    #expect(whole.status == 0 && whole.error.contains("--heads"), "\(whole.error)")
    let size = try #require(try FileManager.default.attributesOfItem(atPath: html)[.size] as? Int)
    #expect(size < 26_000_000 && size > 15_000_000)
    let refused = try GraftProcess.run("identify", "imdb-gpt2-wide", "--text", long, "--svg", svg)
    #expect(refused.status == 1 && refused.error.contains("--html"))
  }

  /// A splice is read with each part's own weights: kept blocks are those of the pretrained model.
  @Test func readsStitchedModels() throws {
    let folder = try TemporaryFolder()
    let made = try GraftProcess.run(
      "stitch", "--pretrained", "imdb-gpt2-wide", "--finetuned", "imdb-gpt2-narrow-sentiment", "--maps", "pinv",
      "--keep",
      "2", "--transplant", "2", "--save", folder.path("joined"))
    #expect(made.status == 0, "\(made.error)")
    let joined = try conforms(try GraftProcess.run("identify", folder.path("joined"), "--text", Self.text, "--json"))
    let own = try GraftProcess.run("identify", "imdb-gpt2-wide", "--text", Self.text, "--json").json()
    let heads = try joined["results"].item(0)["heads"].array()
    #expect(heads.count == 2 * 5 + 2 * 4)
    for index in 0..<10 {
      let other = try own["results"].item(0)["heads"].item(index)
      #expect(try heads[index]["correlation"].double() == other["correlation"].double())
    }
  }

  @Test func measuresADatasetAndResumes() throws {
    let folder = try TemporaryFolder()
    let whole = try GraftProcess.run(
      Self.short + ["-o", folder.path("whole"), "--json", "--svg", folder.path("r.svg")])
    let value = try conforms(whole)
    #expect(try value["reviews"].int() == 12 && value["attention"]["texts"].int() == 12)
    #expect(try value["attention"]["lengths"].array().map { try $0["length"].int() } == [8, 40])
    #expect(try value["attention"]["lengths"].item(0)["all"]["mean"].double() > 0.999)
    #expect(try value["tokens"]["maps"].array().count == 11)
    let identity = try value["tokens"]["maps"].item(0)
    #expect(try identity["scores"].item(0)["cosine"]["accuracy"].double() == 1)
    let layers = try value["attention"]["layers"].array()
    for layer in layers {
      let shares = layer["shares"]
      let sum = try ["cls", "sep", "punctuation", "other"].reduce(0) { try $0 + shares[$1]["raw"]["mean"].double() }
      #expect(abs(sum - 1) < 1e-5)
    }
    #expect(try String(contentsOfFile: folder.path("r.svg"), encoding: .utf8).contains("Pearson"))

    let stopped = folder.path("stopped")
    try ShortRun.runAndKill(Self.short + ["-o", stopped, "--json"], folder: stopped, afterBytes: 100)
    let resumed = try GraftProcess.run(Self.short + ["-o", stopped, "--resume", "--json"])
    #expect(resumed.output == whole.output)
    #expect(try ShortRun.contents(stopped) == ShortRun.contents(folder.path("whole")))
    // A finished run is read again.
    #expect(try GraftProcess.run(Self.short + ["-o", stopped, "--resume", "--json"]).output == whole.output)
    let other = try GraftProcess.run(Self.short + ["-o", stopped, "--resume", "--loss", "l2"])
    #expect(other.status == 1 && other.error.contains("options.loss"))
    let table = try GraftProcess.run(Self.short)
    #expect(table.status == 0 && table.output.contains("Transfer of the mlp map"))
  }

  @Test func measuresOnlyWhatIsAsked() throws {
    let tokens = try conforms(
      try GraftProcess.run(
        Self.measured + ["--measure", "tokens", "--maps", "identity,linear", "--loss", "l2", "--json"]))
    #expect(!tokens["attention"].isPresent)
    #expect(
      try tokens["tokens"]["maps"].array().map { try $0["kind"].string() } == ["identity"]
        + Array(repeating: "linear", count: 5))
    let attention = try conforms(
      try GraftProcess.run(Self.measured + ["--lengths", "8,40", "--measure", "attention", "--json"]))
    #expect(!attention["tokens"].isPresent && attention["attention"].isPresent)
  }

  @Test(arguments: [
    (["--text", "a", "--file", "b"], 64, "not both"), (["--text", "a", "--dataset", "b"], 64, "not both"),
    (["--text", "a", "--html", "p", "--heads", "L9H0"], 1, "L0 to L3"),
    (["--text", "a", "--heads", "3.2"], 64, "--heads"),
    (["--heads", "L0H0"], 64, "--text"), (["--save", "x"], 64, "--text"), (["--text", "a", "-o", "x"], 64, "-o"),
    (["--text", "a", "--tolerance", "1.5"], 64, "below 1"), (["--limit", "2"], 1, "at least 3"),
    (["--text", "a", "--text", "b", "--save", "x"], 64, "one text"), (["--lengths", "1"], 64, "at least 2"),
    (["--limit", "8", "--lengths", "8,300"], 64, "cut to 256 tokens; leave it out, or give --max-length 300"),
    (["--maps", "linear,linear"], 64, "--maps"), (["--rate", "0"], 64, "--rate"),
    (["--text", Self.text + Self.text, "--tolerance", "0.9"], 1, "difference of"),
  ]) func saysWhatToDoInstead(_ arguments: [String], _ status: Int32, _ advice: String) throws {
    let run = try GraftProcess.run(["identify", "imdb-bert-1"] + arguments)
    #expect(run.status == status && run.output.isEmpty && run.error.contains(advice), "\(run.error)")
  }

  @Test func namesTheMissingSample() throws {
    let folder = try TemporaryFolder()
    let run = try GraftProcess.run(
      ["identify", Repository.model("imdb-bert-1")], environment: ["GRAFT_MODELS": folder.path])
    #expect(run.status == 1 && run.error.contains("--dataset"), "\(run.error)")
  }
}
