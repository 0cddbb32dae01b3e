import Files
import Reporting
import TestSupport
import Testing

@Suite struct CatalogueTests {
  @Test func rowsAreReachedByName() throws {
    let catalogue = Catalogue(
      columns: ["neuron", "key"], rows: [.init("L0:1", ["a <b>, \"c\""]), .init("L0H2 vo 1", ["d"])])
    let page = HTMLPage(title: "t", provenance: Example.provenance, sections: [.init("s", [.catalogue(catalogue)])])
      .html
    let tree = try XMLTree.parse(page)
    let rows = tree.all("tbody").flatMap { $0.all("tr") }
    #expect(
      rows.map { $0.attributes["id"] } == ["L0:1", "L0H2-vo-1"] && Catalogue.Row.anchor("L0H2 vo 1") == "L0H2-vo-1")
    #expect(rows[0].all("td").map(\.text) == ["a <b>, \"c\""])
    #expect(tree.all("input").count == 1)
  }

  @Test func wordsAndLinksAreData() throws {
    let index = WordIndex(
      places: [.init(name: "L0:1 ff-key", link: "L0.html#L0:1", order: 7)],
      words: [.init("</script>&", bare: "script", places: [(0, [.init(rank: 3, side: 1)])])])
    let page = HTMLPage(
      title: "t", provenance: Example.provenance,
      sections: [.init("s", [.wordIndex(index), .links([("Block 0", "L0.html")])])]
    ).html
    #expect(!page.contains("\"</script>&"))
    let tree = try XMLTree.parse(page)
    #expect(tree.all("a").map { $0.attributes["href"] } == ["L0.html"])
    let data = try #require(tree.all("script").first { $0.attributes["type"] == "application/json" }).text
    let value = try JSON.parse(data, path: "data")
    #expect(value["places"] == [["L0:1 ff-key", "L0.html#L0:1", 7]])
    #expect(value["words"] == [["</script>&", "script", [0], [[13]]]])
    // A page without them carries neither their style nor their script.
    #expect(
      !HTMLPage(title: "t", provenance: Example.provenance, sections: [.init("s", [.paragraph("p")])]).html.contains(
        "catalogue"))
  }

  @Test func equalFactorsAreEqualDistances() throws {
    let chart = LineChart(
      title: "t", xAxis: .init("k", isLogarithmic: true), yAxis: .init("y"),
      series: [.init(name: "s", points: [10, 100, 1000].map { .init(x: $0, y: 1) })])
    let tree = try XMLTree.parse(chart.svg())
    let line = try #require(tree.all("path", class: "line").first?.attributes["d"])
    let xs = line.dropFirst().split(separator: "L").compactMap { Double($0.split(separator: " ")[0]) }
    #expect(xs.count == 3 && abs(xs[2] - 2 * xs[1] + xs[0]) < 0.03)
    let labels = tree.all("text").map(\.text)
    for tick in ["10", "20", "50", "100", "200", "500", "1000"] { #expect(labels.contains(tick)) }
  }

  @Test func chartsStandUnderOneAnother() throws {
    let chart = LineChart(
      title: "one", xAxis: .init("x"), yAxis: .init("y"), series: [.init(name: "s", points: [.init(x: 0, y: 1)])])
    let tree = try XMLTree.parse(ChartColumn([chart, chart]).svg())
    let charts = tree.all("svg", class: "chart")
    let heights = charts.compactMap { Double($0.attributes["height"] ?? "") }
    #expect(charts.count == 2 && charts[0].attributes["y"] == "0.00")
    #expect(abs((Double(charts[1].attributes["y"] ?? "") ?? 0) - heights[0]) < 1)
    #expect(abs((Double(tree.attributes["height"] ?? "") ?? 0) - heights.reduce(0, +)) < 2)
  }
}
