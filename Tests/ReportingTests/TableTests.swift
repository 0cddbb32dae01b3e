import Reporting
import Testing

@Suite struct TableTests {
  private func lines(_ table: Table, _ style: Style) -> [String] {
    table.text(style).split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
  }

  private func table(_ columns: [Table.Column], _ rows: [[Table.Cell]], caption: String = "") -> Table {
    var table = Table(caption: caption, columns: columns)
    rows.forEach { table.append($0) }
    return table
  }

  @Test func alignsTextsAndNumbers() {
    let table = table(
      [.init("map"), .init("accuracy", .trailing), .init("note")],
      [["pinv", .number(0.5, decimals: 3), "first"], ["transpose", .number(-12.25, decimals: 1), ""]],
      caption: "Accuracy")
    #expect(
      lines(table, .plain) == [
        "Accuracy", "map        accuracy  note", "─────────  ────────  ─────", "pinv          0.500  first",
        "transpose     -12.2",
      ])
    #expect(lines(table, Style(width: nil, usesUnicode: false))[2] == "---------  --------  -----")
  }

  /// Other texts are truncated first, and numbers never: the line overflows.
  @Test func wholeColumnsAreNotCut() {
    let rows: [[Table.Cell]] = [["neutral-positive", "some long remark", .number(0.125, decimals: 3)]]
    let columns = [Table.Column("class", isWhole: true), .init("remark"), .init("share", .trailing)]
    #expect(lines(table(columns, rows), Style(width: 34))[2] == "neutral-positive  some lon…  0.125")
    #expect(lines(table(columns, rows), Style(width: 12))[2] == "neutral-positive  som…  0.125")
    let cut = [Table.Column("class"), .init("remark"), .init("share", .trailing)]
    #expect(lines(table(cut, rows), Style(width: 12))[2].contains("neutral") == false)
  }

  @Test func cellsOfNumbers() {
    #expect(Table.Cell.number(nil, decimals: 2).text == "–")
    #expect(Table.Cell.number(.infinity, decimals: 2).text == "–")
    #expect(Table.Cell.number(-0.001, decimals: 2).text == "0.00")
    #expect(Table.Cell.number(-0.006, decimals: 2).text == "-0.01")
    #expect(Table.Cell.number(2, decimals: 0).text == "2")
    #expect(Table.Cell.count(-3).text == "-3")
    #expect(Table.Cell.interval(0.45, 0.5491, decimals: 3).text == "0.450–0.549")
    #expect(Table.Cell.interval(0.45, .nan, decimals: 3).text == "–")
    #expect(Table.Cell.interval(nil, 1, decimals: 3).text == "–")
  }

  /// Columns a terminal gives to a text (checked against East_Asian_Width and the emoji data of Unicode 16).
  @Test(arguments: [
    ("", 0), ("abc", 3), ("naïve", 5), ("nai\u{308}ve", 5), ("漢字", 4), ("ｱ", 1), ("Ａ", 2), ("한국", 4),
    ("\u{1112}\u{1161}\u{11AB}", 2), ("👍", 2), ("👍🏽", 2), ("👩‍👩‍👧", 2), ("🇩🇪", 2), ("❤", 1), ("❤\u{FE0F}", 2),
    ("a\u{200B}b", 2), ("Ġfilm", 5), ("שלום", 4), ("、。", 4), ("½", 1), ("…", 1), ("🈁", 2), ("𠀋", 2), ("ﬁ", 1),
    ("a\nb", 3), ("a\r\nb", 4), ("\u{1B}[31m", 5), ("\0", 1), ("\u{7F}\u{85}", 2), ("\u{202E}x", 2),
  ])
  func measuresText(text: String, width: Int) {
    let table = table([.init("")], [[Table.Cell(text)], ["0123456789"]])
    let wide = self.table([.init(""), .init("")], [[Table.Cell(text), "|"], ["0123456789", "|"]])
    let line = lines(wide, .plain)[2]
    let spaces = line.unicodeScalars.reversed().dropFirst().prefix { $0 == " " }.count
    #expect(12 - spaces == width)
    #expect(lines(table, .plain).count == 4)
  }

  @Test func nothingReachesTheTerminalThatMovesItsCursor() {
    let text = table([.init("a\u{1B}[2Jb")], [["x\ny\r\t\u{8}\u{9B}\u{2028}\u{202E}"]], caption: "c\u{7}d").text(.plain)
    #expect(text == "c␇d\na␛[2Jb\n───────\nx␊y␍␉␈\u{FFFD}\u{FFFD}\u{FFFD}\n".replacing("───────", with: "─────────"))
  }

  @Test(arguments: [80, 40, 30, 21, 13, 10])
  func fitsTheTerminal(width: Int) {
    let table = table(
      [.init("review"), .init("label"), .init("probability", .trailing)],
      [
        ["A long review that says much about the film", "positive", .number(0.987, decimals: 3)],
        ["漢字漢字漢字漢字漢字漢字漢字漢字漢字", "negative", .number(0.5, decimals: 3)],
      ])
    for line in lines(table, Style(width: width)) {
      // Each of these characters is two columns wide, all others one.
      #expect(line.reduce(0) { $0 + ($1 == "漢" || $1 == "字" ? 2 : 1) } <= width)
    }
  }

  @Test func cutsTextsBeforeNumbers() {
    let table = table(
      [.init("text"), .init("p", .trailing)], [["abcdefghijklmnop", .number(0.5, decimals: 4)]],
      caption: "A caption of 23 chars")
    #expect(
      lines(table, Style(width: 14)) == ["A caption of …", "text         p", "──────  ──────", "abcde…  0.5000"])
    #expect(lines(table, Style(width: 14, usesUnicode: false))[3] == "abcde~  0.5000")
    #expect(lines(table, Style(width: 12))[3] == "abc…  0.5000")
    #expect(lines(table, Style(width: 10))[2] == "────  ────")
    #expect(lines(table, .plain)[3] == "abcdefghijklmnop  0.5000")
    let wide = self.table([.init("t"), .init("x")], [["漢字漢字", "1"]])
    #expect(lines(wide, Style(width: 9))[2] == "漢字…   1")
  }

  @Test func colorsTheTextAndNotTheSpace() {
    let table = table(
      [.init("n", .trailing), .init("t")], [[.count(1, .good), .init("ab", .series(1))], ["22", "c"]])
    let colored = table.text(Style(width: nil, usesColor: true))
    #expect(colored.contains(" \u{1B}[32m1\u{1B}[0m  \u{1B}[31mab\u{1B}[0m\n"))
    let plain = colored.replacing(/\u{1B}\[[0-9]*m/, with: "")
    #expect(plain == table.text(.plain))
  }

  @Test func emptyTables() {
    #expect(Table(columns: []).text(.plain) == "")
    #expect(Table(caption: "none", columns: []).text(Style(width: 3)) == "no…\n")
    #expect(Table(columns: [.init("a"), .init("b")]).text(.plain) == "a  b\n─  ─\n")
    #expect(Table(columns: []).markdown == "")
  }

  @Test func rendersMarkdown() {
    let table = table(
      [.init("map"), .init("accuracy", .trailing)],
      [["pinv", .number(0.695, decimals: 3, .strong)], ["a|b\n*c* _d_ `e` <f> [g] &amp; \\", "漢"]], caption: "Table 1")
    #expect(
      table.markdown.split(separator: "\n", omittingEmptySubsequences: false) == [
        "**Table 1**", "",
        #"| map                                         |  accuracy |"#,
        #"| ------------------------------------------- | --------: |"#,
        #"| pinv                                        | **0.695** |"#,
        #"| a\|b \*c\* \_d\_ \`e\` \<f> \[g\] \&amp; \\ |        漢 |"#, "",
      ])
  }
}
