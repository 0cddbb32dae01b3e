import DenseMath
import Files
import Foundation
import Interpretability
import TestSupport
import Testing
import Transformer

/// Stored results of PyTorch in Double: `top_pairs` and `top_tokens` of expected.json.
@Suite struct ProjectionGoldenTests {
  private func stored(_ name: String) throws -> JSONNode {
    let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let path = tests.appendingPathComponent("TransformerTests/Fixtures/\(name)/expected.json").path
    return JSONNode(try JSON.parse(try String(contentsOfFile: path, encoding: .utf8), path: path), path: path)
  }

  @Test(arguments: Golden.names) func topPairs(_ name: String) throws {
    let threads = Threads(2)
    let projection = try VocabularyProjection(try Golden.model(name), threads: threads)
    for entry in try stored(name)["top_pairs"].array() {
      let place = HeadPlace(layer: try entry["layer"].int(), head: try entry["head"].int())
      let which = try #require(VocabularyProjection.HeadMatrix(rawValue: try entry["matrix"].string()))
      let (left, right) = try projection.factors(which, of: place, threads: threads)
      let pairs = try entry["pairs"].array()
      let found = try PairSearch(left, right).highest(pairs.count, threads: threads)
      #expect(
        try found.map { [$0.row, $0.column] } == pairs.map { [try $0.array()[0].int(), try $0.array()[1].int()] })
      expectClose(
        found.map(\.score), try pairs.map { try $0.array()[2].double() }, absolute: 0, relative: 1e-4,
        "\(place) \(which)")
    }
  }

  @Test(arguments: Golden.names) func topTokens(_ name: String) throws {
    let projection = try VocabularyProjection(try Golden.model(name), threads: Threads(2))
    for entry in try stored(name)["top_tokens"].array() {
      let (layer, index) = (try entry["layer"].int(), try entry["index"].int())
      for (group, key) in [(ParameterGroup.feedForwardKeys, "key"), (.feedForwardValues, "value")] {
        let expected = try entry[key].array()
        let vector = try projection.vectors(group, layer: layer)[rows: index..<index + 1]
        let found = projection.tokens(vector, top: expected.count, threads: Threads(2))[0]
        #expect(try found.map(\.id) == expected.map { try $0.array()[0].int() })
        expectClose(
          found.map { Double($0.score) }, try expected.map { try $0.array()[1].double() }, absolute: 1e-6,
          relative: 1e-4,
          "L\(layer):\(index) \(key)")
      }
    }
  }
}
