import Files
import Foundation
import Reporting
import TestSupport
import Testing

@Suite struct HeatMapTests {
  private static let statistics = [
    HeatMap.Statistic("probability", explanation: "of the token", range: 0...1),
    HeatMap.Statistic("rank", range: 1...1000, spacing: .logarithmic, brightest: .lowest, decimals: 0),
  ]

  private func map(columns: [String], rows: Int, text: (Int, Int) -> String) -> HeatMap {
    HeatMap(
      title: "A title", subtitle: "and more", columns: columns,
      rows: (0..<rows).map { level in
        HeatMap.Row(
          "L\(level)",
          columns.indices.map { column in
            HeatMap.Cell(
              text(level, column), values: [Double(level) / Double(max(1, rows - 1)), column == 1 ? .nan : 10],
              isMarked: level == rows - 1, entries: [.init("a<b & \"c\"", 0.75), .init("z", 0.25)])
          })
      }, statistics: Self.statistics, markMeaning: "the final answer")
  }

  private var small: HeatMap { map(columns: ["one", "two"], rows: 2) { "t\($0)\($1)" } }

  @Test func drawsLevelsUpward() {
    let expected = """
      A title
      and more
      L1 █ t10• █ t11•
      L0   t00    t01
           one    two

      probability 0    ░░░▒▒▒▓▓▓████ 1   • the final answer

      """
    #expect(small.text(.plain) == expected)
  }

  @Test func followsTheStatistic() {
    let lines = small.showing(1).text(.plain).split(separator: "\n")
    // ln 10 / ln 1000 from the bright end: two thirds of the way up; non-finite numbers are marked.
    #expect(lines[2].hasPrefix("L1 ▓ t10") && lines[2].contains("? t11"))
    #expect(lines.last == "rank (logarithmic) 1000    ░░░▒▒▒▓▓▓████ 1   • the final answer   ? no value")
  }

  @Test(arguments: [20, 40, 80, 120]) func fitsATerminal(_ width: Int) {
    let columns = (0..<40).map { "column\($0)" }
    let map = map(columns: columns, rows: 3) { level, column in column % 3 == 0 ? "日本語の長い語" : "w\(level)_\(column)" }
    let text = map.text(Style(width: width))
    for line in text.split(separator: "\n").dropLast(2) {
      // Each of the wide characters here takes two columns.
      let columns = line.unicodeScalars.reduce(0) { $0 + ((0x3040...0x9FFF).contains($1.value) ? 2 : 1) }
      #expect(columns <= width, "\(line)")
    }
    if width >= 80 { for column in columns { #expect(text.contains(column)) } }
  }

  /// Names that differ at their ends.
  @Test func cutsNothingWhereAllFits() {
    let names = map(columns: ["strongly-negative", "strongly-positive"], rows: 2) { _, _ in "0.5" }
    for width in [45, 60] { #expect(names.text(Style(width: width)).contains("strongly-positive")) }
    #expect(names.text(Style(width: 40)).contains("strongly-positive") == false)
  }

  @Test func colorsAsTheTerminalCan() {
    let plain = small.text(Style(width: 80))
    #expect(!plain.contains("\u{1B}["))
    let palette = small.text(Style(width: 80, usesColor: true))
    #expect(palette.contains("48;5;") && !palette.contains("48;2;"))
    let full = small.text(Style(width: 80, usesColor: true, usesTrueColor: true))
    // The ends of cividis, with the ink that contrasts.
    #expect(full.contains("38;2;255;255;255;48;2;0;34;78m") && full.contains("1;38;2;0;0;0;48;2;254;232;56m"))
    #expect(small.text(Style(width: 80, usesUnicode: false)).utf8.allSatisfy { $0 < 0x80 })
  }

  @Test func isWellFormedSVG() throws {
    let tree = try XMLTree.parse(small.svg())
    #expect(tree.all("title").count == 5)
    #expect(tree.all("title").contains { $0.text.contains("L1, one (the final answer)\nprobability 1.000") })
    let fills = tree.all("rect").compactMap { $0.attributes["fill"] }
    #expect(fills.contains("#00224e") && fills.contains("#fee838"))
    #expect(small.svg() == small.svg())
  }

  private func page(_ map: HeatMap) -> String {
    HTMLPage(title: "Lens", provenance: Example.provenance, sections: [.init("one", [.heatMap(map, caption: "")])]).html
  }

  @Test func isAWholePage() throws {
    let html = page(small)
    #expect(!html.contains("http:") && !html.contains("https:") && !html.contains("url("))
    let tree = try XMLTree.parse(html)
    #expect(tree.all("button").map(\.text) == ["probability", "rank"])
    #expect(tree.all("tbody").flatMap { $0.all("td") }.map(\.text) == ["t10", "t11", "t00", "t01"])
    let data = try #require(tree.all("script").first { $0.attributes["type"] == "application/json" }).text
    #expect(!data.contains("<") && !data.contains("&"))
    let value = try JSON.parse(data, path: "data")
    #expect(value["labels"] == ["a<b & \"c\"", "z"])
    guard case .array(let entries)? = value["entries"] else { return #expect(Bool(false), "entries are missing") }
    #expect(entries == Array(repeating: [0, 0.75, 1, 0.25], count: 4))
    guard case .array(let statistics)? = value["statistics"] else {
      return #expect(Bool(false), "statistics are missing")
    }
    #expect(statistics[0]["shades"] == [32, 32, 0, 0])
    #expect(statistics[1]["shades"] == [21, nil, 21, nil])
  }

  /// One number per cell for each of two levels, and none as a label.
  private var levels: HeatMap {
    let values = [[0.101, 0.404], [0.899, -0.25], [0.25, 1.5]]
    return HeatMap(
      title: "levels", columns: ["a", "b", "c"], rows: [.init("row", values.map { .init(values: $0) })],
      statistics: [.init("level 1", range: 0...1, format: .percent), .init("level 2", range: -0.5...1, decimals: 2)],
      shown: 1)
  }

  /// Text, shade and legend are of the statistic that is shown, in every form.
  @Test func aCellSaysWhatItIsColouredBy() throws {
    for (index, texts) in [["10", "90", "25"], ["0.40", "-0.25", "1.50"]].enumerated() {
      let map = levels.showing(index)
      let cells = try XMLTree.parse(map.svg()).all("g").filter { $0.all("rect").count == 1 }
      #expect(cells.map { $0.all("text").map(\.text) } == texts.map { [$0] })
      let colors = cells.compactMap { $0.all("rect").first?.attributes["fill"] }
      let tree = try XMLTree.parse(page(map))
      #expect(tree.all("tbody").flatMap { $0.all("td") }.map(\.text) == texts)
      #expect(
        tree.all("button").map { $0.attributes["aria-pressed"] }
          == (index == 0 ? ["true", "false"] : ["false", "true"]))
      // The page's classes stand for the colours of the picture.
      let style = tree.all("style")[0].text
      let classes = tree.all("tbody").flatMap { $0.all("td") }.compactMap { $0.attributes["class"] }
      #expect(zip(classes, colors).allSatisfy { style.contains(".\($0){background:\($1);") }, "\(classes) \(colors)")
      for text in texts { #expect(map.text(.plain).contains(text)) }
      let ends = [["level 1", "0", "1"], ["level 2", "-1", "≥ 1"]][index]
      #expect(["name", "dark", "bright"].map { tree.all("span", class: $0).map(\.text) } == ends.map { [$0] })
      let legend = try XMLTree.parse(map.svg()).all("g", class: "legend").flatMap { $0.all("text") }.map(\.text)
      #expect(legend.prefix(2) == ["\(ends[0])  \(ends[1])", ends[2]])
      #expect(map.text(.plain).split(separator: "\n").last?.hasPrefix("\(ends[0]) \(ends[1]) ") == true)
    }
    // What the script needs for both.
    let data = try #require(try XMLTree.parse(page(levels)).all("script").first { $0.attributes["type"] != nil }).text
    let statistics = try JSONNode(try JSON.parse(data, path: "data"), path: "data")["statistics"].array()
    #expect(statistics.map { $0["texts"].value } == [["10", "90", "25"], ["0.40", "-0.25", "1.50"]])
    #expect(statistics.map { $0["bright"].value } == ["1", "≥ 1"])
  }

  @Test func whatCanBeNegativeHasALightZero() throws {
    let signed = HeatMap(
      title: "", columns: ["a", "b", "c"],
      rows: [.init("r", [-2, 0, 2].map { .init(values: [$0]) })], statistics: [.init("logits", range: -2...1)])
    let fills = try XMLTree.parse(signed.svg()).all("g").filter { $0.all("rect").count == 1 }
      .compactMap { $0.all("rect").first?.attributes["fill"] }
    #expect(fills == ["#d55e00", "#f7f7f7", "#0072b2"])
    let legend = try XMLTree.parse(signed.svg()).all("g", class: "legend").flatMap { $0.all("text") }.map(\.text)
    #expect(legend == ["logits  -2", "2", "0"])
    #expect(signed.text(.plain).hasSuffix("logits -2    ░░░▒▒ 0 ▒▓▓▓████ 2\n"))
    // By the square root of the magnitude: a quarter of the end is half way.
    let rooted = HeatMap(
      title: "", columns: ["a", "b"], rows: [.init("r", [-0.25, 0.25].map { .init(values: [$0]) })],
      statistics: [.init("weight", range: -1...1, spacing: .squareRoot)])
    let data = try #require(try XMLTree.parse(page(rooted)).all("script").first { $0.attributes["type"] != nil }).text
    let value = try JSONNode(try JSON.parse(data, path: "data"), path: "data")["statistics"].array()[0]
    #expect(value["shades"].value == [8, 24] && value["legend"].value == "weight (square root)")
  }

  @Test func sideBySideInOneColour() throws {
    let html = HTMLPage(
      title: "", provenance: Example.provenance,
      sections: [.init("", [.heatMaps([(levels, caption: ""), (levels.showing(0), caption: "")])])]
    ).html
    #expect(try XMLTree.parse(html).all("tbody").map { $0.all("td").map(\.text)[0] } == ["0.40", "10"])
  }

  @Test func aLongTextStaysSmall() {
    let map = map(columns: (0..<512).map { "w\($0)" }, rows: 13) { "t\($0 * $1)" }
    #expect(page(map).utf8.count < 2_000_000)
  }
}
