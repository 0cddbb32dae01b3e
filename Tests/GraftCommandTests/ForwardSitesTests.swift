import Checkpoints
import Files
import Foundation
import TestSupport
import Testing
import Transformer

/// `graft forward --sites`: values of many texts in one file.
@Suite struct ForwardSitesTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func text(_ index: Int) -> String { "a great film number \(index) ." }

  /// More texts than fit into one batch, each with the numbers that it has alone, bit for bit.
  @Test(arguments: ["imdb-bert-1", "imdb-gpt2-narrow"]) func hasTheRowsOfEveryText(_ name: String) throws {
    let count = 2 * PackedBatch.plannedTokens / 8
    let texts = try folder.write((0..<count).map { text($0) + "\n" }.joined(), to: "texts.txt")
    let result = try GraftProcess.run(
      "forward", name, "--sites", "queries,mlpHidden,residPost", "--layers", "3,1", "--file", texts, "-o",
      folder.path("states"), "--json"
    ).json()
    #expect(try Repository.schema("forward --sites").problems(in: result.value ?? .null) == [])
    let file = try SafetensorsFile(folder.path("states"))
    #expect(
      file.names == [
        "L1.mlpHidden", "L1.queries", "L1.residPost", "L3.mlpHidden", "L3.queries", "L3.residPost", "ids", "offsets",
      ])
    let offsets = try file.integers("offsets").values
    let ids = try file.integers("ids").values
    #expect(offsets.count == count + 1 && offsets.first == 0 && offsets.last == ids.count)
    #expect(ids.count > PackedBatch.plannedTokens)
    #expect(try result["texts"].int() == count && result["tokens"].int() == ids.count)
    for name in file.names { #expect(try result["tensors"][name].ints() == file.entry(named: name)?.shape) }
    let model = try Model(directory: Repository.path + "/models/" + name)
    let workspace = Workspace()
    for index in [0, 1, count / 2, count - 1] {
      let rows = offsets[index]..<offsets[index + 1]
      let line = try GraftProcess.run("tokenize", name, "--text", text(index), "--json").json()
      #expect(try Array(ids[rows]) == line["ids"].ints())
      let batch = try PackedBatch([ids[rows].map { Int32($0) }])
      for (site, layer) in [(Site.queries, 1), (.mlpHidden, 3), (.residPost, 3)] {
        let place = BlockSite(layer: layer, site: site)
        let values = try #require(try model.values(at: [place], of: batch, workspace: workspace)[place])
        let stored = try file.floats(SiteFile.name(of: site, layer: layer)).values
        let own = Array(stored[rows.lowerBound * values.columns..<rows.upperBound * values.columns])
        #expect(own.map(\.bitPattern) == values.values.map(\.bitPattern), "text \(index), \(place)")
      }
    }
  }

  @Test func writesAllBlocksOfOneText() throws {
    let run = try GraftProcess.run(
      "forward", "imdb-bert-1", "--sites", "keys", "--text", "good", "-o", folder.path("states"))
    #expect(run.status == 0 && run.output.contains("L3.keys") && run.output.contains("3 x 128"), "\(run.output)")
    let file = try SafetensorsFile(folder.path("states"))
    #expect(file.names == ["L0.keys", "L1.keys", "L2.keys", "L3.keys", "ids", "offsets"])
    #expect(try file.integers("offsets").values == [0, 3])
  }

  @Test func linesComeFromAPipeToo() throws {
    let file = try folder.write("good\n\na film", to: "texts.txt")
    let arguments = ["forward", "imdb-bert-1", "--sites", "attnOut", "-o", folder.path("states"), "--file"]
    #expect(try GraftProcess.run(arguments + [file]).status == 0)
    let stored = try folder.bytes("states")
    #expect(try GraftProcess.run(arguments + ["-"], input: Array("good\n\na film\n".utf8)).status == 0)
    #expect(try folder.bytes("states") == stored)
    #expect(try SafetensorsFile(folder.path("states")).integers("offsets").values == [0, 3, 5, 9])
  }

  @Test(arguments: [
    (["--sites", "logits", "--text", "a"], 64, "residPost"), (["--layers", "0", "--text", "a"], 64, "without --sites"),
    (["--sites", "attentionWeights", "--text", "a"], 64, "is none of"),
    (["--sites", "keys", "--layers", "4", "--text", "a"], 1, "4 blocks, L0 to L3"),
    (["--sites", "keys", "--ids", "1"], 64, "--ids does nothing"), (["--sites", "keys"], 64, "--text and --file"),
    (["--sites", "keys", "--file", "no-such-file"], 1, "no-such-file"),
  ]) func saysWhatToDoInstead(_ arguments: [String], _ status: Int32, _ advice: String) throws {
    let run = try GraftProcess.run(["forward", "imdb-bert-1", "-o", folder.path("states")] + arguments)
    #expect(run.status == status && run.error.contains(advice), "\(run.error)")
    #expect(!FileManager.default.fileExists(atPath: folder.path("states")))
  }

  /// Rows of several tensors come by turns, which a pipe cannot take.
  @Test func refusesAPipe() throws {
    let run = try GraftProcess.run("forward", "imdb-bert-1", "--sites", "keys", "--text", "a", "-o", "-")
    #expect(run.status == 1 && run.outputBytes.isEmpty && run.error.contains("expected a file"), "\(run.error)")
  }
}
