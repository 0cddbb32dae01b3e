import Files
import Foundation
import Reporting
import TestSupport
import Testing

@Suite struct MatrixPanelsTests {
  private func page(_ panels: MatrixPanels) -> String {
    HTMLPage(
      title: "Attention", provenance: Example.provenance,
      sections: [.init("one", [.matrices(panels, caption: "Figure 1")])]
    ).html
  }

  /// The numbers of an item as the page's script reads them.
  private func decoded(_ text: String, levels: Int, scale: Double) -> [Double] {
    let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    let places = text.map { digits.firstIndex(of: $0) ?? -1000 }
    return stride(from: 0, to: places.count, by: 2).map {
      Double(64 * places[$0] + places[$0 + 1] - levels) / Double(levels) * scale
    }
  }

  @Test func holdsEveryNumber() throws {
    var numbers = SeededNumbers(seed: 4)
    let first = (0..<25).map { _ in Float(numbers.uniform(0, 0.7)) }
    let second = (0..<25).map { _ in Float(numbers.uniform(-0.2, 0.5)) }
    let panels = MatrixPanels(
      title: "a text", tokens: ["a", "<b>", "&", "\u{0}", "e"], panels: ("raw", "effective", "null"),
      items: [.init("L0H0", note: "rank 3", first: first, second: second), .init("L0H1", first: second, second: first)])
    let html = page(panels)
    #expect(!html.contains("http:") && !html.contains("https:") && !html.contains("url("))
    let tree = try XMLTree.parse(html)
    #expect(tree.all("option").map(\.text) == ["L0H0", "L0H1"])
    #expect(tree.all("canvas").count == 3)
    #expect(tree.all("h3").map(\.text) == ["raw", "effective", "null"])
    #expect(tree.all("figcaption").map(\.text) == ["Figure 1"])
    let data = try #require(tree.all("script").first { $0.attributes["type"] == "application/json" }).text
    let value = JSONNode(try JSON.parse(data, path: "data"), path: "data")
    let item = try value["items"].array()[0]
    let scale = try item["scale"].double()
    #expect(scale == Double("\(first.max() ?? 0)"))
    let levels = try value["levels"].int()
    for (key, numbers) in [("first", first), ("second", second)] {
      expectClose(
        decoded(try item[key].string(), levels: levels, scale: scale), numbers.map(Double.init),
        absolute: scale / Double(levels) * 0.5001, relative: 0, key)
    }
    #expect(page(panels) == html)
  }

  /// A picture of one of the matrices has the colours and the scale of the page.
  @Test func colorsAreThoseOfAPicture() throws {
    let panels = MatrixPanels(
      title: "", tokens: ["a", "b"], panels: ("raw", "effective", "null"), shown: 1,
      items: [.init("L0H0", first: [0.5, 0, 0.25, 0.25], second: [0.5, -0.125, 0, 0])])
    let tree = try XMLTree.parse(page(panels))
    #expect(tree.all("div", class: "shown").map { $0.all("h3").map(\.text) } == [["effective"]])
    let data = try #require(tree.all("script").first { $0.attributes["type"] == "application/json" }).text
    let value = JSONNode(try JSON.parse(data, path: "data"), path: "data")
    #expect(value["tokens"].value == ["a", "b"])
    let item = try value["items"].array()[0]
    #expect(item["low"].value == "-0.5" && item["high"].value == "0.5")
    let colors = try value["colors"].array().map { try $0.array().map { try $0.int() } }
    let map = HeatMap(
      title: "", columns: ["a", "b"],
      rows: [
        .init("b", [0, 0].map { .init("", values: [$0]) }), .init("a", [0.5, -0.125].map { .init("", values: [$0]) }),
      ],
      statistics: [.init("effective", range: -0.5...0.5, spacing: .squareRoot)])
    let svg = try XMLTree.parse(map.svg())
    let fills = svg.all("g").filter { $0.all("rect").count == 1 }.compactMap {
      $0.all("rect").first?.attributes["fill"]
    }
    let hexes = colors.map { "#" + $0.map { String(format: "%02x", $0) }.joined() }
    // The square root of -1/4 of the end is half way down: shade 8 of 0 to 32.
    #expect(colors.count == 33 && fills == [hexes[16], hexes[16], hexes[32], hexes[8]])
    let legend = svg.all("g", class: "legend").flatMap { $0.all("text") }.map(\.text)
    #expect(legend == ["effective (square root)  -0.5", "0.5", "0"])
    #expect(tree.all("span", class: "ramp")[0].children.count == 33)
  }

  @Test func aLongTextIsOfTheSizeItSays() throws {
    let size = 512
    let matrix = [Float](repeating: 1 / Float(size), count: size * size)
    let panels = MatrixPanels(
      title: "", tokens: (0..<size).map { "w\($0)" }, panels: ("raw", "effective", "null"),
      items: [.init("L0H0", first: matrix, second: matrix)])
    let found = page(panels).utf8.count
    #expect(
      found >= MatrixPanels.pageSize(ofItemWith: size) && found < MatrixPanels.pageSize(ofItemWith: size) + 50_000)
  }

  @Test func withoutNumbersThereIsNothingToScale() throws {
    let panels = MatrixPanels(
      title: "", tokens: ["a"], panels: ("raw", "effective", "null"), items: [.init("L0H0", first: [0], second: [.nan])]
    )
    let data = try #require(
      try XMLTree.parse(page(panels)).all("script").first { $0.attributes["type"] == "application/json" }
    ).text
    let item = try JSONNode(try JSON.parse(data, path: "data"), path: "data")["items"].array()[0]
    #expect(try item["scale"].double() == 0)
    #expect(decoded(try item["second"].string(), levels: 2047, scale: 1) == [0])
  }
}
