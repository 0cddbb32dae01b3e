import Files
import Foundation
import Reporting
import TestSupport
import Testing

@Suite struct HTMLPageTests {
  private var page: HTMLPage {
    HTMLPage(
      title: "Stitching", subtitle: "400 reviews", provenance: Example.provenance,
      sections: [
        .init("Curve", [.paragraph("Words."), .note("Beware."), .chart(Example.chart, caption: "Figure 1")]),
        .init(
          "Numbers",
          [
            .table(Example.table), .command("graft stitch --keep 0,1 \\\n  -o out"),
            .details("Stamp", ["seed": 7, "graft_version": "1.0"]),
          ]),
      ])
  }

  @Test func holdsWhatItWasGiven() throws {
    #expect(page.html.hasPrefix("<!DOCTYPE html>\n<html lang=\"en\">"))
    let tree = try XMLTree.parse(page.html)
    #expect(tree.all("h1").map(\.text) == ["Stitching"])
    #expect(tree.all("h2").map(\.text) == ["Curve", "Numbers"])
    #expect(
      tree.all("p").map(\.text) == [
        "400 reviews", "Words.", "Beware.", "graft 1.2.3", "model a model, SHA-256 0123abcd",
      ]
        + ["dataset reviews.jsonl, SHA-256 4567ef"])
    #expect(tree.all("p", class: "note").map(\.text) == ["Beware."])
    #expect(tree.all("figcaption").map(\.text) == ["Figure 1"])
    #expect(tree.all("svg").count == 1)
    #expect(tree.all("th").map(\.text) == ["map", "kept", "accuracy", "95% interval", "n"])
    #expect(tree.all("th").map(\.classes) == [[], ["number"], ["number"], ["number"], ["number"]])
    let rows = tree.all("tbody").flatMap { $0.all("tr") }
    #expect(rows.count == 30)
    #expect(rows[4].all("td").map(\.text) == ["pinv", "4", "0.695", "0.650–0.740", "400"])
    #expect(
      rows[4].all("td").map(\.classes) == [["s0"], ["number"], ["number", "strong"], ["number", "faint"], ["number"]])
    #expect(
      tree.all("code").map(\.text) == [
        "graft stitch --keep 0,1 \\\n  -o out", "{\n  \"graft_version\": \"1.0\",\n  \"seed\": 7\n}",
        "graft lens 'a model'",
      ])
    #expect(tree.all("summary").map(\.text) == ["Stamp"])
  }

  /// Nothing is fetched: no address but the name of the SVG namespace, and the page forbids it besides.
  @Test func refersToNothingOutside() throws {
    let html = page.html
    #expect(html.ranges(of: "http").count == 2)
    #expect(
      html.contains("xmlns=\"http://www.w3.org/2000/svg\"") && html.contains("http-equiv=\"Content-Security-Policy\""))
    let tree = try XMLTree.parse(html)
    for name in ["src", "href", "srcset", "action", "data", "xlink:href"] {
      #expect(tree.all.allSatisfy { $0.attributes[name] == nil })
    }
    #expect(!html.contains("@import") && !html.contains("url("))
    #expect(tree.all("meta").contains { $0.attributes["content", default: ""].hasPrefix("default-src 'none'") })
  }

  @Test func escapesEveryText() throws {
    var table = Table(caption: hostile, columns: [.init(hostile)])
    table.append([.init(hostile)])
    let chart = LineChart(title: hostile, xAxis: .init("x"), yAxis: .init("y"), series: [])
    let page = HTMLPage(
      title: hostile, subtitle: hostile,
      provenance: .init(
        version: hostile, command: hostile, models: [.init(hostile, sha256: hostile)],
        datasets: [.init(hostile, sha256: hostile)]),
      sections: [
        .init(
          hostile,
          [
            .paragraph(hostile), .note(hostile), .table(table), .chart(chart, caption: hostile), .command(hostile),
            .details(hostile, ["key": .string(hostile)]),
          ])
      ])
    let tree = try XMLTree.parse(page.html)
    for name in ["h1", "h2", "caption", "th", "td", "figcaption", "summary"] {
      #expect(tree.all(name).map(\.text) == [hostile], "\(name)")
    }
    #expect((tree.all("header") + tree.all("main")).flatMap { $0.all("p") }.map(\.text) == [hostile, hostile, hostile])
    #expect(tree.all("title").map(\.text) == [hostile, hostile])
    #expect(tree.all("code").first?.text == hostile)
    #expect(tree.all("details")[0].all("code")[0].text.contains(hostile.replacing("\"", with: "\\\"")) == true)
    #expect(tree.all("script").count == 1)
    // Quotes too, so that no text could ever leave an attribute.
    #expect(!page.html.contains("&amp;\"c") && page.html.contains("a&lt;b&gt;&amp;&quot;c&#39;&lt;/title&gt;"))
  }

  @Test func saysWhereItComesFrom() throws {
    let foot = try #require(try XMLTree.parse(page.html).all("footer").first)
    let lines = foot.all("p").map(\.text)
    #expect(lines == ["graft 1.2.3", "model a model, SHA-256 0123abcd", "dataset reviews.jsonl, SHA-256 4567ef"])
    #expect(foot.all("code").map(\.text) == ["graft lens 'a model'"])
  }

  /// What a reader opens on a screen, all numbers as JSON, would fill pages of paper.
  @Test func printsWithoutTheData() throws {
    let style = try #require(try XMLTree.parse(page.html).all("style").first).text
    let print = try #require(style.components(separatedBy: "@media print").dropFirst().first)
    #expect(print.contains("details, .filter { display: none; }") && !style.contains("details-content"))
  }

  @Test func isDeterministicAndTakesEmptyContent() throws {
    #expect(page.html == page.html)
    let empty = try XMLTree.parse(HTMLPage(title: "", provenance: Example.provenance, sections: []).html)
    #expect(empty.all("section").isEmpty && empty.all("main").allSatisfy { $0.all("p").isEmpty })
    let hollow = HTMLPage(
      title: "t", provenance: Example.provenance,
      sections: [.init("s", [.table(Table(columns: [])), .chart(Example.chart, caption: "")])])
    let tree = try XMLTree.parse(hollow.html)
    #expect(tree.all("caption").isEmpty && tree.all("figcaption").isEmpty && tree.all("td").isEmpty)
    // Elements that HTML would leave open if they ended in "/>".
    #expect(hollow.html.contains("<tbody></tbody>"))
  }

  @Test func sortingNeedsNothingEscaped() throws {
    let script = try #require(XMLTree.parse(page.html).all("script").first).text
    #expect(script.contains("aria-sort") && !script.contains("<") && !script.contains("&"))
  }
}
