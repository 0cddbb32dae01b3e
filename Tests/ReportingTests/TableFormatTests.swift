import Reporting
import Testing

/// The three forms of a file of tables, letter by letter.
@Suite struct TableFormatTests {
  private static let tables: [Table] = {
    var first = Table(
      caption: "100% of\nA_B | C",
      columns: [
        .init("token"), .init("score", .trailing), .init("95%"), .init("score", .trailing), .init("", .trailing),
        .init("95%"),
      ])
    first.append([
      .init("[MASK]", .strong), .number(-0.5, decimals: 3), .interval(0.45, 0.5491, decimals: 3),
      .number(nil, decimals: 3), .count(1), .known(nil),
    ])
    first.append(["say \"hi\"\n", .number(.nan, decimals: 3), "–", "1,5", "\t", "-0.1 to 0.2"])
    var second = Table(columns: [.init("table"), .init("token"), .init("new", .trailing)])
    second.append(["#1 & {x}\\~^<>$", "漢👍", "␣it's…"])
    return [first, second]
  }()

  @Test func markdown() {
    #expect(
      TableFormat.markdown.text(Self.tables) == #"""
        **100% of A\_B \| C**

        | token        |  score | 95%         | score |     | 95%         |
        | ------------ | -----: | ----------- | ----: | --: | ----------- |
        | **\[MASK\]** | -0.500 | 0.450–0.549 |     – |   1 | –           |
        | say "hi"     |      – | –           |   1,5 |   ␉ | -0.1 to 0.2 |

        | table               | token |    new |
        | ------------------- | ----- | -----: |
        | #1 \& {x}\\\~^\<>\$ | 漢👍  | ␣it's… |

        """#)
  }

  @Test func latex() {
    #expect(
      TableFormat.latex.text(Self.tables) == ##"""
        % Needs \usepackage{booktabs}.

        % 100% of␊A_B | C
        \begin{tabular}{lrlrrl}
        \toprule
        token & score & 95\% & score &  & 95\% \\
        \midrule
        \textbf{{[}MASK{]}} & $-$0.500 & 0.450--0.549 & -- & 1 & -- \\
        say \symbol{34}hi\symbol{34}␊ & -- & -- & 1,5 & ␉ & $-$0.1 to 0.2 \\
        \bottomrule
        \end{tabular}

        \begin{tabular}{llr}
        \toprule
        table & token & new \\
        \midrule
        \#1 \& \{x\}\textbackslash{}\textasciitilde{}\textasciicircum{}\textless{}\textgreater{}\$ & 漢👍 & \textvisiblespace{}it's\ldots{} \\
        \bottomrule
        \end{tabular}

        """##)
  }

  /// A dash that is a token stays; one that stands for nothing is nothing.
  @Test func csv() {
    #expect(
      TableFormat.csv.text(Self.tables)
        == "table,token,score,95%,score 2,column 5,95% 2,table 2,new\n"
        + "\"100% of\nA_B | C\",[MASK],-0.500,0.450–0.549,,1,,,\n"
        + "\"100% of\nA_B | C\",\"say \"\"hi\"\"\n\",,–,\"1,5\",\"\t\",-0.1 to 0.2,,\n"
        + ",漢👍,,,,,,#1 & {x}\\~^<>$,␣it's…\n")
    #expect(
      TableFormat.csv.text([Self.tables[1]]) == "table,token,new\n#1 & {x}\\~^<>$,漢👍,␣it's…\n")
  }

  /// What TeX would take for a command's argument, for another letter or for markup.
  @Test(arguments: [
    ("50% a_b #1 & {c} $5", "50\\% a\\_b \\#1 \\& \\{c\\} \\$5"),
    ("[CLS]", "{[}CLS{]}"), ("*", "{*}"), ("a|b", "a\\textbar{}b"), ("imdb-bert-1", "imdb-bert-1"),
    ("--top -5", "-{}-top $-$5"), ("–-0.3", "--$-$0.3"), ("---", "-{}-{}-"), ("- 5", "- 5"), ("(-5)", "($-$5)"),
    ("''`` ,,", "'{}'{`}{`} ,{},"), ("  lowest", "~~lowest"), ("a  b", "a ~b"), ("1\u{A0}000", "1~000"),
    ("good←bad", "good$\\leftarrow$bad"), ("é漢", "é漢"), ("", ""),
  ])
  func latexReadsLikeTheText(_ text: String, _ expected: String) {
    var table = Table(columns: [.init("t")])
    table.append([.init(text)])
    let lines = TableFormat.latex.text([table]).split(separator: "\n")
    #expect(lines.dropFirst(5).first.map(String.init) == expected + " \\\\")
  }

  @Test func theNameDecides() {
    #expect(TableFormat(path: "a.md") == .markdown && TableFormat(path: "dir.csv/A.TEX") == .latex)
    #expect(TableFormat(path: "a.b.csv") == .csv)
    for path in ["a", "md", "a.txt", "a.csv/b", "-", ""] { #expect(TableFormat(path: path) == nil, "\(path)") }
  }

  @Test func tablesWithoutRowsOrColumns() {
    let empty = Table(caption: "none", columns: [.init("a"), .init("b", .trailing)])
    #expect(TableFormat.csv.text([empty]) == "a,b\n")
    #expect(TableFormat.csv.text([empty, empty]) == "table,a,b\n")
    #expect(TableFormat.markdown.text([]) == "")
    #expect(TableFormat.latex.text([Table(columns: [])]) == "% Needs \\usepackage{booktabs}.\n\n")
  }

  /// The last row of a heat map is on top; texts and the numbers behind them are tables of their own.
  @Test func heatMapsAreTables() {
    func map(_ labels: [String?]) -> HeatMap {
      HeatMap(
        title: "T", subtitle: "s", columns: ["x", "y"],
        rows: [
          .init("L0", [.init(labels[0], values: [0.25, 7]), .init(labels[1], values: [.nan, 8])]),
          .init("L1", [.init(labels[2], values: [1, 9], isMarked: true), .init(labels[3], values: [0.5, 6])]),
        ], statistics: [.init("p", range: 0...1, decimals: 2), .init("rank", range: 1...9, decimals: 0)],
        xTitle: "token", yTitle: "level")
    }
    let texts = map(["a", "b", "c", "d"]).tables
    #expect(texts.map(\.caption) == ["T; s", "T; s; p"])
    #expect(texts[0].rows == [["L1", .init("c", .strong), "d"], ["L0", "a", "b"]])
    #expect(texts[1].rows == [["L1", .init("1.00", .strong), "0.50"], ["L0", "0.25", .missing()]])
    #expect(texts[1].columns == [.init("level"), .init("x", .trailing), .init("y", .trailing)])
    let numbers = map([nil, nil, nil, ""]).showing(1).tables
    #expect(numbers.map(\.caption) == ["T; s; rank"])
    #expect(numbers[0].rows.map { $0.map(\.text) } == [["L1", "9", "6"], ["L0", "7", "8"]])
  }
}
