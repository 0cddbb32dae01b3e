import Files
import Foundation
import Reporting
import TestSupport
import Testing

/// Pictures as SVG of a given width, as PDF and as PNG.
@Suite struct FigureTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func map(_ columns: [String] = ["a", "b"], title: String = "A map") -> HeatMap {
    HeatMap(
      title: title, columns: columns,
      rows: [.init("L0", columns.indices.map { .init(values: [Double($0)]) })],
      statistics: [.init("effect", range: -1...1, decimals: 2)], xTitle: "token", yTitle: "level")
  }

  private func bytes(_ svg: String, _ name: String, width: Double? = nil) throws -> [UInt8] {
    _ = try FigureFile.write([(svg, folder.path(name))], width: width)
    return try folder.bytes(name)
  }

  @Test func theNameDecides() {
    #expect(FigureFile.Format(path: "a/b.PDF") == .pdf && FigureFile.Format(path: "b.png") == .png)
    #expect(FigureFile.Format(path: "b.svg") == .svg && FigureFile.Format(path: "pdf") == .svg)
  }

  /// The number of bytes of a PNG's header that say how large it is, and the box of a PDF's page.
  @Test func haveTheSizeAskedFor() throws {
    let svg = map().svg()
    let png = try bytes(svg, "a.png", width: 144)
    #expect(png.starts(with: [0x89, 0x50, 0x4E, 0x47]))
    let width = png[16..<20].reduce(0) { $0 << 8 | Int($1) }
    #expect(width == 600)
    let pdf = try bytes(svg, "a.pdf", width: 144)
    let text = String(decoding: pdf, as: UTF8.self)
    let box = try #require(text.firstMatch(of: /MediaBox \[ 0 0 ([0-9.]+) ([0-9.]+) \]/))
    #expect(Double(box.1) == 144)
    let natural = try #require(
      String(decoding: bytes(svg, "b.pdf"), as: UTF8.self).firstMatch(of: /MediaBox \[ 0 0 ([0-9.]+)/))
    #expect(Double(natural.1) == 460 * 0.75)
  }

  @Test func embedsItsFonts() throws {
    let text = String(decoding: try bytes(map().svg(), "a.pdf"), as: UTF8.self)
    let fonts = Set(text.matches(of: /\/FontName \/[A-Z]{6}\+([A-Za-z-]+)/).map { String($0.1) })
    #expect(fonts == ["DejaVuSans", "DejaVuSans-Bold", "DejaVuSansMono", "DejaVuSansMono-Bold"])
    #expect(text.components(separatedBy: "/FontFile").count - 1 >= fonts.count)
    #expect(!text.contains("CreationDate"))
  }

  @Test func theSamePictureHasTheSameBytes() throws {
    for name in ["a.pdf", "a.png", "a.svg"] {
      let first = try bytes(map().svg(), name, width: 200)
      #expect(try bytes(map().svg(), name, width: 200) == first)
      #expect(try bytes(map(title: "Another").svg(), name, width: 200) != first)
    }
  }

  /// An SVG keeps its units and gets a size on paper.
  @Test func anSVGHasAWidthOnPaper() throws {
    let svg = map().svg()
    let plain = try bytes(svg, "a.svg")
    #expect(plain == Array(svg.utf8))
    let sized = String(decoding: try bytes(svg, "a.svg", width: 234), as: UTF8.self)
    let root = try XMLTree.parse(sized).attributes
    let own = try XMLTree.parse(svg).attributes
    #expect(root["width"] == "234.00pt" && root["viewBox"] == own["viewBox"])
    let height = try #require(own["height"].flatMap(Double.init))
    #expect(root["height"] == String(format: "%.2fpt", height * 234 / 460))
  }

  @Test func saysWhatCannotBeRead() throws {
    let notes = try FigureFile.write([(map(["\u{10FFFD}", "é"]).svg(), folder.path("a.pdf"))], width: 46)[0]
    #expect(notes.unknownCharacters == 1)
    #expect(abs(notes.textHeight - 1.1) < 1e-9)
    #expect(try FigureFile.write([(map(["é", "←"]).svg(), folder.path("a.png"))])[0].unknownCharacters == 0)
  }

  @Test func aPictureThatIsNoneLeavesNothing() throws {
    #expect(throws: FigureError.failed(path: folder.path("a.pdf"), reason: "a picture without a size")) {
      try FigureFile.write([("<svg>", folder.path("a.pdf"))])
    }
    #expect(throws: FigureError.self) {
      try FigureFile.write([("<svg viewBox=\"0 0 4 4\">", folder.path("a.pdf"))])
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
  }

  @Test func bytesAreThoseOfTheFile() throws {
    for name in ["a.pdf", "a.png", "a.svg"] {
      let drawn = try FigureFile.bytes(map().svg(), width: 200, for: name)
      #expect(try drawn.bytes == bytes(map().svg(), name, width: 200))
    }
  }

  /// A PNG is drawn in memory, which must be bounded.
  @Test func aPNGOfTooManyPixelsIsRefused() throws {
    let wide = "<svg viewBox=\"0 0 10486 4\" xmlns=\"http://www.w3.org/2000/svg\"></svg>"
    #expect(throws: FigureError.tooLarge(path: "a.png", width: 32_769, height: 13)) {
      try FigureFile.bytes(wide, for: "a.png")
    }
    let many = "<svg viewBox=\"0 0 3300 3300\" xmlns=\"http://www.w3.org/2000/svg\"></svg>"
    #expect(throws: FigureError.tooLarge(path: "a.png", width: 10_313, height: 10_313)) {
      try FigureFile.bytes(many, for: "a.png")
    }
    for name in ["a.pdf", "a.svg"] { #expect(try !FigureFile.bytes(wide, for: name).bytes.isEmpty) }
  }

  @Test func axesHaveTitlesAndPanelsStandInRows() throws {
    let one = try XMLTree.parse(map().svg())
    #expect(one.all("text", class: "x-title").map(\.text) == ["token"])
    #expect(one.all("text", class: "y-title").map(\.text) == ["level"])
    let four = try XMLTree.parse(HeatMapRows([map(), map(), map(), map()], perRow: 3).svg())
    let places = four.all("g").compactMap { $0.attributes["transform"] }
    #expect(places.count == 4 && places[2] == "translate(920 0)" && places[3].hasPrefix("translate(0 "))
    #expect(four.attributes["width"] == "1380")
  }

  /// A text of 20 tokens, as in a column of a paper.
  private func wide(_ label: String?, _ value: Double = 0.25) -> HeatMap {
    let names = (0..<20).map { "token\($0)" }
    return HeatMap(
      title: "A map", columns: names,
      rows: names.map { name in .init(name, names.map { _ in .init(label, values: [value]) }) },
      statistics: [.init("effect", range: -1...1, decimals: 2)], xTitle: "token", yTitle: "token")
  }

  @Test func aWideMapFitsAColumnOfAPaper() throws {
    let (points, units) = (234.0, 401.0)
    for (map, texts) in [(wide(nil), 0), (wide(""), 0), (wide(nil, 1), 0)] {
      let svg = map.svg(width: units)
      #expect(try FigureFile.bytes(svg, width: points, for: "a.pdf").notes.textHeight >= 5)
      let tree = try XMLTree.parse(svg)
      let mono = tree.all("text", class: "mono")
      let names = mono.filter { $0.attributes["transform"]?.hasPrefix("rotate(-90") ?? false }
      #expect(names.map(\.text) == map.columns)
      // 20 names of rows, 20 of columns, and no number that would be cut.
      #expect(mono.count == 40 + texts)
      let cells = tree.all("rect").filter { $0.attributes["height"] != "14" && $0.attributes["width"] != "100%" }
      #expect(cells.count == 400 && Set(cells.compactMap { $0.attributes["height"] }).count == 1)
      let (width, height) = (cells[0].number("width"), cells[0].number("height"))
      #expect(width > 12 && abs(width - height) < 0.2)
    }
    // Numbers that fit are shown whole, tokens are cut, and nothing changes where no width is asked for.
    let page = try XMLTree.parse(wide(nil).svg(width: 760)).all("text", class: "mono").map(\.text)
    #expect(page.filter { $0 == "+0.25" || $0 == "0.25" }.count == 400, "\(page.prefix(30))")
    let tokens = try XMLTree.parse(wide("incomplete").svg(width: units)).all("text", class: "mono").map(\.text)
    #expect(tokens.filter { $0 == "inc…" }.count == 400, "\(tokens.prefix(30))")
    let usual = try XMLTree.parse(wide("incomplete").svg()).all("text", class: "mono").map(\.text)
    #expect(usual.filter { $0 == "incomplete" }.count == 400)
    // Of many columns some have their names.
    let many = HeatMap(
      title: "A map", columns: (0..<60).map { "t\($0)" },
      rows: [.init("L0", (0..<60).map { _ in .init("", values: [0]) })],
      statistics: [.init("effect", range: -1...1, decimals: 2)])
    let shown = try XMLTree.parse(many.svg(width: units)).all("text", class: "mono").map(\.text).dropFirst()
    #expect(Array(shown) == stride(from: 0, to: 60, by: 2).map { "t\($0)" }, "\(shown)")
  }

  /// Labels along x do not meet.
  @Test func aNarrowChartHasFewerTicks() throws {
    let chart = LineChart(
      title: "A chart", xAxis: .init("tokens"), yAxis: .init("r"),
      series: [.init(name: "one", points: [.init(x: 8, y: 0), .init(x: 256, y: 1)])])
    func labels(_ svg: String) throws -> [(x: Double, text: String)] {
      try XMLTree.parse(svg).all("g", class: "axes")[0].all("text")
        .filter { $0.attributes["text-anchor"] == "middle" && $0.attributes["class"] == nil }
        .map { ($0.number("x"), $0.text) }
    }
    let (wide, narrow) = (try labels(chart.svg()), try labels(chart.svg(width: 401)))
    #expect(
      wide.map(\.text).prefix(3) == ["20", "40", "60"] && narrow.map(\.text) == ["50", "100", "150", "200", "250"])
    for (left, right) in zip(narrow, narrow.dropFirst()) {
      #expect(right.x - left.x > Double(max(left.text.count, right.text.count)) * 7 + 6)
    }
  }

  private func chart(_ values: ClosedRange<Double>, axis: LineChart.Axis = .init("share")) -> LineChart {
    LineChart(
      title: "A chart", xAxis: .init("k"), yAxis: axis,
      series: [.init(name: "one", points: [.init(x: 0, y: values.lowerBound), .init(x: 1, y: values.upperBound)])])
  }

  /// The labels along y.
  private func ticks(_ svg: String) throws -> [String] {
    try XMLTree.parse(svg).all("g", class: "axes")[0].all("text").filter { $0.attributes["text-anchor"] == "end" }
      .map(\.text)
  }

  @Test func panelsThatAreComparedHaveOneScale() throws {
    let column = ChartColumn([chart(0.1...0.3), chart(0.5...0.9), chart(1...2, axis: .init("other"))])
    let panels = column.panels()
    let alone = try [0.1...0.3, 0.5...0.9].map { try ticks(chart($0).svg()) }
    #expect(alone[0] != alone[1])
    let found = try panels.map { try ticks($0) }
    #expect(found[0] == found[1] && found[0].first == "0.0" && found[0].last == "1.0", "\(found)")
    #expect(try found[2] == ticks(chart(1...2, axis: .init("other")).svg()))
    let whole = try XMLTree.parse(column.svg()).all("g", class: "axes").map { axes in
      axes.all("text").filter { $0.attributes["text-anchor"] == "end" }.map(\.text)
    }
    #expect(whole == found)
    // The cells of maps stand at one height, however long their headings are.
    let maps = HeatMapRows([map(), map(title: String(repeating: "A long title ", count: 12))])
    let tops = try maps.panels().map { try XMLTree.parse($0).all("text", class: "y-title")[0].number("y") }
    #expect(tops[0] == tops[1])
    #expect(try XMLTree.parse(map().svg()).all("text", class: "y-title")[0].number("y") < tops[0])
  }

  @Test func chartsAreLaidOutForTheirWidth() throws {
    let chart = LineChart(
      title: "A chart whose title is long for a column of a page", xAxis: .init("k"),
      yAxis: .init("share"),
      series: [.init(name: "one", points: [.init(x: 0, y: 0), .init(x: 1, y: 1)])])
    let (wide, narrow) = (try XMLTree.parse(chart.svg()), try XMLTree.parse(chart.svg(width: 400)))
    #expect(wide.attributes["width"] == "760" && narrow.attributes["width"] == "400")
    #expect(
      narrow.all("g", class: "heading")[0].all("text").count > wide.all("g", class: "heading")[0].all("text").count)
    for text in narrow.all("text") { #expect(text.number("x") < 400) }
    #expect(try XMLTree.parse(ChartColumn([chart, chart]).svg(width: 400)).attributes["width"] == "400")
  }
}
