import Reporting
import Testing

@Suite struct LineChartTextTests {
  private func lines(_ chart: LineChart, _ style: Style, height: Int = 11) -> [String] {
    chart.text(style, height: height).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }

  private let simple = LineChart(
    title: "Title", xAxis: .init("kept", isWhole: true), yAxis: .init("accuracy", bounds: 0...1),
    series: [
      .init(name: "pinv", points: [.init(x: 0, y: 0), .init(x: 1, y: 0.5), .init(x: 2, y: 1)]),
      .init(name: "self", points: [.init(x: 0, y: 0), .init(x: 1, y: 1), .init(x: 2, y: 0.2)]),
    ], references: [.init(name: "chance", y: 0.5), .init(name: "B", y: 0.51)])

  /// Eleven rows from 1.0 down to 0.0: one row per tenth.
  @Test func placesLettersOnTheirRows() {
    let rows = Array(lines(simple, Style(width: 40, usesUnicode: false)).dropFirst(3))
    #expect(
      rows.prefix(11).map { String($0.prefix(5)) } == [
        "1.0 +", "    |", "0.8 +", "    |", "0.6 +", "    |", "0.4 +", "    |", "0.2 +", "    |", "0.0 +",
      ])
    func column(_ letter: Character, _ row: Int) -> Int? {
      rows[row].firstIndex(of: letter).map { rows[row].distance(from: rows[row].startIndex, to: $0) }
    }
    // The columns of the ticks below the plot.
    let ticks = rows[11].enumerated().filter { $1 == "+" }.map(\.offset).dropFirst()
    #expect(ticks.count == 3)
    #expect([column("A", 10), column("A", 5), column("A", 0)] == ticks.map { $0 })
    // The two series share the first position: B is beside A.
    #expect(column("B", 10) == ticks.first.map { $0 + 1 })
    #expect([column("B", 0), column("B", 8)] == ticks.dropFirst().map { $0 })
    #expect(rows[5].hasSuffix(" ab"))
    #expect(Array(rows[12]).enumerated().filter { $1 != " " }.map(\.offset) == Array(ticks))
    #expect(rows[14] == "A pinv   B self   a chance 0.500")
    #expect(rows[15] == "b B 0.510")
  }

  @Test func gapsAreNotBridged() {
    let chart = LineChart(
      title: "", xAxis: .init("x", isWhole: true), yAxis: .init("y", bounds: 0...1),
      series: [.init(name: "s", points: [.init(x: 0, y: 0), .init(x: 1, y: .nan), .init(x: 2, y: 1)])])
    let text = chart.text(Style(width: 40, usesUnicode: false))
    #expect(text.filter { $0 == "A" }.count == 3)
    #expect(!text.contains(".."))
    #expect(simple.text(Style(width: 40, usesUnicode: false)).contains(".."))
  }

  @Test(arguments: [120, 100, 60, 30, 12, 5, 1])
  func fitsTheTerminal(width: Int) {
    for usesUnicode in [true, false] {
      for line in lines(Example.chart, Style(width: width, usesUnicode: usesUnicode)) {
        // Nothing in this chart is wider than a column; below 12 the axis' labels alone are wider than the terminal.
        #expect(line.count <= max(width, 12))
      }
    }
  }

  @Test func asciiIsAscii() {
    #expect(simple.text(Style(width: 60, usesUnicode: false)).utf8.allSatisfy { $0 < 0x7F })
    #expect(simple.text(.plain).unicodeScalars.contains { (0x2800...0x28FF).contains($0.value) })
  }

  @Test func colorChangesNothingElse() {
    let colored = Example.chart.text(Style(width: 90, usesColor: true))
    #expect(colored.contains("\u{1B}[34mA\u{1B}[0m"))
    #expect(colored.replacing(/\u{1B}\[[0-9]*m/, with: "") == Example.chart.text(Style(width: 90)))
  }

  @Test func saysThatTheAxisIsCut() {
    let rows = lines(Example.chart, Style(width: 100))
    #expect(rows[3] == "accuracy (axis starts at 0.4, not at 0)")
    #expect(rows.contains { $0.hasPrefix("    ≈") })
    #expect(!simple.text(.plain).contains("≈"))
  }

  @Test func emptyChart() {
    let chart = LineChart(title: "a\u{1B}b", xAxis: .init("x"), yAxis: .init("y"), series: [])
    let text = chart.text(.plain)
    #expect(text.hasPrefix("a␛b\n\ny\n") && text.hasSuffix("\nno points\n"))
  }
}
