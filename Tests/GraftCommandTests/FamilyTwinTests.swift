import Files
import Foundation
import TestSupport
import Testing

/// Commands on a DistilBERT and on a RoBERTa say what they say on a BERT with the same numbers, to the last bit. What
/// they say on a BERT is tested elsewhere.
@Suite struct FamilyTwinTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private static let data = ["--dataset", "DATASET", "--max-length", "24"]

  @Test(
    arguments: Families.names,
    [
      ["lens", "MODEL", "--text", "TEXT", "--sublayers", "--updates", "--top", "3"],
      ["lens", "MODEL", "--text", "A film", "--mask-each", "--head", "embedding"],
      ["lens", "MODEL", "--text", "TEXT", "--ablate", "L0.mlp=mean", "--ablate", "L1H0@3"],
      ["lens", "MODEL", "--text", "TEXT", "--patch", "L0.attnOut@3=from@2:TEXT"],
      ["lens", "MODEL"] + data, ["lens-fit", "MODEL", "-o", "LENS"] + data,
      ["predict", "MODEL", "--text", "TEXT"],
      ["identify", "MODEL", "--lengths", "8,24", "--epochs", "2"] + data,
      ["attribute", "MODEL", "--text", "TEXT", "--probes", "8"], ["attribute", "MODEL"] + data,
      ["project", "MODEL", "--ff-key", "L0:7", "--query", "L1H1:3", "--key", "L1H0:2", "--output", "L0H1:5"],
      ["project", "MODEL", "--head", "L1H0", "--matrix", "qk", "--lowest", "--pairs", "distinct", "--alphanumeric"],
      ["project", "MODEL", "--head", "L0H1", "--svd"], ["project", "MODEL", "--layer", "1", "--svd", "--matrix", "k"],
      ["align", "MODEL", "MODEL", "--vectors", "2"],
      ["experiment", "keep-k", "MODEL", "-n", "20", "--k", "10,100", "--dataset", "DATASET"],
      ["experiment", "recall", "MODEL", "--positions", "40"] + data,
      ["experiment", "related-pairs", "MODEL", "--k", "50"],
      ["experiment", "key-value-overlap", "MODEL", "--threshold", "0.1"],
    ])
  func saysTheSame(_ name: String, _ arguments: [String]) throws {
    let twin = try BERTTwin.write(of: name, to: folder)
    let dataset = try Families.dataset(folder).path
    func run(_ model: String) throws -> JSON {
      let words = arguments.map {
        switch $0 {
        case "MODEL": model
        case "DATASET": dataset
        case "LENS": folder.path("lens.safetensors")
        default: $0.replacing("TEXT", with: Families.text(name))
        }
      }
      let node = try GraftProcess.run(words + ["-t", "2", "--json"]).json()
      return BERTTwin.withoutDigests(try #require(node.value))
    }
    #expect(try run(Families.path(name)) == run(twin))
  }

  @Test(arguments: Families.names) func makesTheSameAtlas(_ name: String) throws {
    let twin = try BERTTwin.write(of: name, to: folder)
    func run(_ model: String, _ file: String) throws -> [JSON] {
      let atlas = folder.path(file)
      let built = try GraftProcess.run("atlas", "build", model, "-o", atlas)
      #expect(built.status == 0, "\(built.error)")
      let found = try GraftProcess.run("atlas", "search", "film", "--atlas", atlas, "--limit", "500", "--json").json()
      #expect(try found["count"].int() > 3)
      let shown = try GraftProcess.run("atlas", "show", "L1:3", "--atlas", atlas, "--json").json()
      let read = try GraftProcess.run("project", model, "--ff-key", "L1:3", "--top", "10", "--json").json()["vectors"]
      let readings = try shown["readings"].array()
      for end in ["highest", "lowest"] {
        let (stored, scores) = (try readings[0][end].array(), try read.item(0)[end].array())
        #expect(try stored.map { try $0["id"].int() } == scores.map { try $0["id"].int() })
        // A table of doubles, against the shortest decimals of Float32.
        expectClose(
          try stored.map { try $0["score"].double() }, try scores.map { try $0["score"].double() }, absolute: 0,
          relative: 1e-7, end)
      }
      return try [found, shown].map { BERTTwin.withoutDigests(try #require($0.value)) }
    }
    #expect(try run(Families.path(name), "one") == run(twin, "other"))
  }
}
