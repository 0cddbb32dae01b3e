import Files
import Foundation
import Reporting
import TestSupport
import Testing

/// `--table` of every command that prints tables.
@Suite struct TableCommandTests {
  /// A command that prints tables; IN stands for a folder.
  struct Line: Sendable, CustomTestStringConvertible {
    /// "atlas build"
    let command: String
    let arguments: [String]
    /// What has to run before.
    let before: [[String]]

    init(_ command: String, _ arguments: [String], after before: [String]...) {
      (self.command, self.arguments, self.before) = (command, arguments, before)
    }

    var testDescription: String { ([command] + arguments).joined(separator: " ") }

    func words(in folder: TemporaryFolder) -> [String] {
      (command.split(separator: " ").map(String.init) + arguments).map { $0.replacing("IN", with: folder.path) }
    }
  }

  private static let few = ["--dataset", ShortRun.reviews, "--limit", "4", "--max-length", "16"]
  private static let atlas = ["atlas", "build", "imdb-bert-1", "-o", "IN/atlas", "--top", "3", "--top-pairs", "3"]
  private static func part(_ shard: String) -> [String] {
    ["experiment", "stitch", "IN/grid.json", "-o", "IN/part\(shard)", "--shard", "\(shard)/2"]
  }

  /// Every way in which a command comes to print tables alone: no heat map.
  static let lines = [
    Line("inspect", ["imdb-bert-1", "--tensors"]),
    Line("tokenize", ["imdb-bert-1", "--text", "a film", "--text", "good"]),
    Line("predict", ["imdb-bert-1", "--text", "a [MASK] and [MASK] film"]),
    Line("lens", ["imdb-gpt2-narrow"] + few),
    Line("lens-fit", ["imdb-gpt2-narrow", "-o", "IN/tuned"] + few),
    Line("lens-classifier", ["imdb-bert-1-sentiment"] + few),
    Line("identify", ["imdb-bert-1", "--text", "a film", "--text", "good"]),
    Line(
      "identify",
      [
        "imdb-bert-1", "--dataset", ShortRun.reviews, "--limit", "12", "--max-length", "24", "--lengths", "8",
        "--maps", "identity,linear",
      ]),
    Line("attribute", ["imdb-bert-1-sentiment", "--text", "good", "--method", "integrated"]),
    Line("attribute", ["imdb-bert-1"] + few),
    Line("project", ["imdb-bert-1", "--ff-value", "L0:1", "--ff-key", "L1:2", "--top", "4"]),
    Line("project", ["imdb-bert-1", "--head", "L0H0", "--top", "4"]),
    Line("project", ["imdb-bert-1", "--head", "L0H0", "--svd", "--directions", "2"]),
    Line("project", ["imdb-bert-1-sentiment", "--against", "imdb-bert-1", "--scored", "5"]),
    Line("atlas search", ["film", "--atlas", "IN/atlas"], after: atlas),
    Line("atlas show", ["L0H0", "--atlas", "IN/atlas"], after: atlas),
    Line(
      "align", ["imdb-bert-1", "imdb-bert-2", "imdb-bert-1-sentiment", "--groups", "W_K", "--vectors", "1"]),
    Line("classify", ["imdb-bert-1-sentiment", "--text", "good", "--text", "a waste"]),
    Line("evaluate", ["imdb-bert-1-sentiment"] + few),
    Line(
      "finetune",
      ["imdb-gpt2-narrow", "--unfreeze", "0", "--epochs", "1", "-o", "IN/run", "--test", ShortRun.reviews]
        + ["--test-limit", "4"] + few),
    Line("stitch", Array(ShortRun.stitch.dropFirst()) + ["-o", "IN/run"]),
    Line("experiment keep-k", ["imdb-bert-1", "-n", "5", "--k", "10"]),
    Line("experiment recall", ["imdb-bert-1", "--positions", "5"] + few),
    Line("experiment related-pairs", ["imdb-bert-1", "--k", "5", "--draws", "1"]),
    Line("experiment key-value-overlap", ["imdb-gpt2-wide", "--k", "20", "--draws", "1", "--threshold", "0.05"]),
    Line("experiment stitch", ["IN/grid.json", "-o", "IN/run"]),
    Line("experiment status", ["IN/part1", "IN/part2"], after: part("1")),
    Line("experiment merge", ["IN/part1", "IN/part2", "-o", "IN/whole"], after: part("1"), part("2")),
    Line(
      "verify", ["imdb-bert-1", "--expected", "IN/states"],
      after: ["forward", "imdb-bert-1", "--text", "a film", "-o", "IN/states"]),
    Line("models", []),
  ]

  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try folder.write(
      """
      {"schema": 1, "models": [{"pretrained": ["imdb-gpt2-wide"], "finetuned": ["imdb-gpt2-narrow-sentiment"]}], \
      "dataset": "\(ShortRun.reviews)", "limit": 10, "max_length": 16, "keep": [1, 2], "transplant": [1], \
      "maps": ["pinv", "transpose"]}
      """, to: "grid.json")
  }

  private func run(_ arguments: [String]) throws -> GraftRun {
    try GraftProcess.run(arguments.map { $0.replacing("IN", with: folder.path) }, directory: folder.path)
  }

  private func file(_ name: String) throws -> String { String(decoding: try folder.bytes(name), as: UTF8.self) }

  @Test func noCommandIsLeftOut() throws {
    let found = try CommandLeaf.all().filter { $0.arguments.contains { $0.option == "--table" } }.map(\.name)
    #expect(Set(found) == Set(Self.lines.map(\.command)))
  }

  /// The Markdown file has the tables of the text, in their order, and the text has no other.
  @Test(arguments: lines) func theFileHasTheTablesOfTheText(_ line: Line) throws {
    for before in line.before { #expect(try run(before).status == 0) }
    let result = try run(line.words(in: folder) + ["--table", "tables.md"])
    try #require(result.status == 0, "\(result.error)")
    let tables = try MarkdownTable.read(file("tables.md"))
    #expect(!tables.isEmpty)
    var rest = result.output[...]
    for table in tables {
      let text = table.text(.plain)
      let place = try #require(rest.firstRange(of: text), "not printed:\n\(text)\nin\n\(rest)")
      rest = rest[place.upperBound...]
    }
    let rules = result.output.split(separator: "\n").filter { $0.contains("─") && $0.allSatisfy { "─ ".contains($0) } }
    #expect(rules.count == tables.count, "\(result.output)")
  }

  @Test func everyFormat() throws {
    let tokenize = ["tokenize", "imdb-bert-1", "--text", "a film", "--text", "good, bad"]
    #expect(try run(tokenize + ["--table", "a.tex"]).status == 0 && run(tokenize + ["--table", "a.csv"]).status == 0)
    #expect(
      try file("a.csv") == """
        table,position,id,token,bytes
        4 tokens: a film,0,2,[CLS],
        4 tokens: a film,1,43,a,0–1
        4 tokens: a film,2,257,film,2–6
        4 tokens: a film,3,3,[SEP],
        "5 tokens: good, bad",0,2,[CLS],
        "5 tokens: good, bad",1,390,good,0–4
        "5 tokens: good, bad",2,16,",",4–5
        "5 tokens: good, bad",3,466,bad,6–9
        "5 tokens: good, bad",4,3,[SEP],

        """)
    #expect(
      try file("a.tex").hasPrefix(
        #"""
        % Needs \usepackage{booktabs}.

        % 4 tokens: a film
        \begin{tabular}{rrll}
        \toprule
        position & id & token & bytes \\
        \midrule
        0 & 2 & \textbf{{[}CLS{]}} &  \\
        1 & 43 & \textbf{a} & 0--1 \\

        """#))
    #expect(try file("a.tex").hasSuffix("\\end{tabular}\n"))
  }

  /// Beside --json and --format, whose bytes it does not change, and with the text on standard error.
  @Test func goesBesideOtherOutput() throws {
    let align = ["align", "imdb-bert-1", "imdb-bert-2", "--groups", "W_K", "--spaces", "embedding"]
    let plain = try run(align + ["--table", "a.md"])
    let json = try run(align + ["--json", "--table", "b.md"])
    let rows = try run(align + ["--format", "csv", "--table", "c.md"])
    #expect(plain.status == 0 && json.status == 0 && rows.status == 0, "\(json.error)\(rows.error)")
    #expect(try file("a.md") == file("b.md") && file("a.md") == file("c.md"))
    #expect(
      try json.output == run(align + ["--json"]).output && rows.output == run(align + ["--format", "csv"]).output)
    let printed = try run(align + ["--table", "-"])
    #expect(try printed.status == 0 && printed.output == file("a.md") && printed.error == plain.output)
    let tokens = try run(["tokenize", "imdb-bert-1", "--text", "good", "--table", "-"])
    #expect(tokens.output.hasPrefix("**3 tokens: good**") && tokens.error.hasPrefix("3 tokens: good\n"))
  }

  /// Of a lens the most probable token of each cell and the number that colours it; of sweeps, classifiers and hidden states
  /// the number.
  @Test func heatMapsAreTables() throws {
    let lens = ["lens", "imdb-bert-1", "--text", "a [MASK] film", "--show", "kl"]
    #expect(try run(lens + ["--table", "a.md"]).status == 0)
    #expect(try run(lens + ["--json", "--table", "b.md"]).status == 0)
    #expect(try file("a.md") == file("b.md"))
    let levels = try run(["lens", "imdb-bert-1", "--text", "a [MASK] film", "--json"]).json()["results"].item(0)[
      "levels"
    ]
    .array()
    let tables = try MarkdownTable.read(file("a.md"))
    #expect(
      tables.map { $0.columns.map(\.title) }
        == Array(repeating: ["level", "[CLS]", "a", "[MASK]", "film", "[SEP]"], count: 2))
    #expect(tables[1].caption.hasSuffix("; KL to final") && tables[1].caption.hasPrefix(tables[0].caption))
    for (level, (tokens, numbers)) in zip(levels.reversed(), zip(tables[0].rows, tables[1].rows)) {
      let cells = try level["places"].array()
      #expect(try tokens[0].text == level["level"].string())
      #expect(try tokens.dropFirst().map(\.text) == cells.map { try $0["top"].item(0)["token"].string() })
      #expect(try numbers.dropFirst().map(\.text) == cells.map { try $0["kl_to_final"].double().fixed(2) })
    }

    let text = ["imdb-bert-1", "--text", "a [MASK] film", "--target", "good", "--versus", "bad"]
    #expect(try run(["lens"] + text + ["--attribute", "--top", "3", "--table", "parts.csv"]).status == 0)
    let parts = try file("parts.csv").split(separator: "\n").map(String.init)
    #expect(parts[0] == "table,block,H0,H1,H2,H3,mlp,rest,part,logits,share of |parts|")
    // A head, four blocks and the embeddings; three parts, the others, the sum.
    #expect(parts.count == 1 + 6 + 5)
    #expect(try run(["lens"] + text + ["--ablate-sweep", "heads", "--table", "sweep.csv"]).status == 0)
    let sweep = try file("sweep.csv").split(separator: "\n").map(String.init)
    #expect(sweep.count == 5 && sweep[0] == "block,H0,H1,H2,H3")
    #expect(
      try run(["lens-classifier", "imdb-bert-1-sentiment", "--text", "good", "--table", "class.csv"]).status == 0)
    #expect(try file("class.csv").hasPrefix("level,negative,positive\n"))
    let states = ["attribute", "imdb-bert-1", "--text", "a film", "--exact", "--level", "2", "--json"]
    let shares = try run(states + ["--table", "shares.csv"]).json()["results"].item(0)["contributions"].item(1)
    let last = try shares.item(3).array().map { (100 * (try $0.double())).fixed(0) }
    #expect(
      try file("shares.csv").split(separator: "\n").last.map(String.init) == "[SEP]," + last.joined(separator: ","))
  }

  @Test(arguments: [
    (["--table", "a.txt"], 64, "--table a.txt: the name must end in .md, .tex or .csv"),
    (["--table", "csv"], 64, "must end in .md, .tex or .csv"), (["--table", ""], 64, "must end in .md, .tex or .csv"),
    (["--table", "/dev/fd/9"], 64, "must end in .md, .tex or .csv"),
    (["--table", "a.md", "--figure", "./a.md"], 64, "--figure and --table write to the same place"),
    (["--table", "-", "--json"], 64, "--json and --table both write to standard output"),
    (["--table", "-", "--format", "csv"], 64, "--format and --table both write to standard output"),
    (["--table", "/dev/stdout", "--html", "-"], 64, "both write to standard output"),
    (["--table", "none/a.md"], 1, "none/a.md: cannot create: its folder does not exist"),
  ]) func saysWhatToDoInstead(_ arguments: [String], _ status: Int32, _ advice: String) throws {
    let result = try run(["lens", "imdb-bert-1", "--text", "a"] + arguments)
    #expect(result.status == status && result.output.isEmpty && result.error.contains(advice), "\(result.error)")
    #expect(try folder.names() == ["grid.json"])
  }

  @Test func replacesNoFileThatIsRead() throws {
    try folder.write("a film\n", to: "texts.md")
    let result = try run(["tokenize", "imdb-bert-1", "--file", "texts.md", "--table", "./texts.md"])
    #expect(result.status == 1 && result.error.contains("this file is read too, as --file"), "\(result.error)")
    #expect(try file("texts.md") == "a film\n")
  }

  /// Of an atlas that has no place with all words, the titles alone.
  @Test func aTableMayHaveNoRows() throws {
    #expect(try run(Self.atlas).status == 0)
    let result = try run(["atlas", "search", "film the", "--atlas", "IN/atlas", "--table", "a.csv"])
    #expect(result.status == 0 && result.output.hasPrefix("nothing has"), "\(result.error)")
    #expect(try file("a.csv") == "name,kind,rank,where\n")
  }
}

/// A file of tables in Markdown as `TableFormat` writes it.
private enum MarkdownTable {
  static func read(_ text: String) -> [Table] {
    var tables: [Table] = []
    var caption = ""
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false)[...]
    while let line = lines.popFirst() {
      if line.hasPrefix("**") { caption = plain(line.dropFirst(2).dropLast(2)) }
      guard line.hasPrefix("|") else { continue }
      guard let rules = lines.popFirst() else { break }
      let titles = zip(cells(line), cells(rules)).map { title, rule in
        let isTrailing = rule.last { $0 != " " } == ":"
        return Table.Column(trimmed(title, isTrailing), isTrailing ? .trailing : .leading)
      }
      var table = Table(caption: caption, columns: titles)
      while let line = lines.first, line.hasPrefix("|") {
        lines.removeFirst()
        table.append(zip(cells(line), titles).map { Table.Cell(trimmed($0, $1.alignment == .trailing)) })
      }
      tables.append(table)
      caption = ""
    }
    return tables
  }

  /// Between bars that are not escaped.
  private static func cells(_ line: Substring) -> [Substring] {
    var cells: [Substring] = []
    var start: String.Index?
    var isEscaped = false
    for place in line.indices {
      if line[place] == "|", !isEscaped {
        if let start { cells.append(line[start..<place]) }
        start = line.index(after: place)
      }
      isEscaped = line[place] == "\\" && !isEscaped
    }
    return cells
  }

  private static func trimmed(_ cell: Substring, _ isTrailing: Bool) -> String {
    var cell = cell.dropFirst().dropLast()
    while !isTrailing, cell.last == " " { cell.removeLast() }
    return plain(isTrailing ? cell.drop { $0 == " " } : cell)
  }

  /// Without stars for bold and backslashes.
  private static func plain(_ text: Substring) -> String {
    var (result, isEscaped) = ("", false)
    for character in text {
      if isEscaped || !["\\", "*"].contains(character) { result.append(character) }
      isEscaped = character == "\\" && !isEscaped
    }
    return result
  }
}
