import Files
import Foundation
import TestSupport
import Testing

/// `--figure` of every command that draws.
@Suite struct FigureCommandTests {
  private static let pictures: [[String]] = [
    ["lens", "imdb-gpt2-wide", "--text", "a complete waste of"],
    ["lens", "imdb-bert-1", "--text", "a [MASK] film", "--attribute"],
    [
      "lens", "imdb-bert-1", "--text", "a [MASK] film", "--target", "good", "--versus", "bad", "--ablate-sweep",
      "heads",
    ],
    ["lens-classifier", "imdb-bert-1-sentiment", "--text", "good"],
    ["attribute", "imdb-bert-1", "--text", "a film"],
    ["identify", "imdb-bert-1", "--text", "a film"],
    ["align", "imdb-bert-1", "imdb-bert-2", "--groups", "W_K,W_O"],
    ["experiment", "related-pairs", "imdb-bert-1", "--draws", "1", "--k", "5"],
  ]

  @Test(arguments: pictures) func everyPictureIsDrawnInEveryForm(_ arguments: [String]) throws {
    let folder = try TemporaryFolder()
    let starts: [(String, [UInt8])] = [
      ("a.pdf", Array("%PDF".utf8)), ("a.png", [0x89, 0x50, 0x4E, 0x47]), ("a.svg", Array("<?xml".utf8)),
    ]
    for (name, start) in starts {
      let run = try GraftProcess.run(arguments + ["--figure", folder.path(name), "--figure-width", "3.25in"])
      #expect(run.status == 0, "\(run.error)")
      #expect(try folder.bytes(name).starts(with: start), "\(arguments) \(name)")
    }
    let svg = try XMLTree.parse(String(decoding: folder.bytes("a.svg"), as: UTF8.self))
    #expect(svg.attributes["width"] == "234.00pt")
    let titles = svg.all("text", class: "x-title") + svg.all("text", class: "y-title")
    #expect(titles.count >= 2 && titles.allSatisfy { !$0.text.isEmpty })
    // --svg is another name for it.
    let run = try GraftProcess.run(arguments + ["--svg", folder.path("b.svg"), "--figure-width", "234pt"])
    #expect(run.status == 0)
    #expect(try folder.bytes("b.svg") == folder.bytes("a.svg"))
  }

  /// Panels that are compared share a scale: the legend of every panel of a space is the same.
  @Test func alignmentsShareAScale() throws {
    let folder = try TemporaryFolder()
    let run = try GraftProcess.run(
      "align", "imdb-bert-1", "imdb-bert-2", "--groups", "W_K,W_O,W_V", "--spaces", "embedding", "--figure",
      folder.path("a.svg"))
    #expect(run.status == 0, "\(run.error)")
    let legends = try XMLTree.parse(String(decoding: folder.bytes("a.svg"), as: UTF8.self)).all("g", class: "legend")
    let words = legends.map { $0.all("text").map(\.text) }
    #expect(words.count == 3 && Set(words).count == 1, "\(words)")
  }

  /// What the legends of the panels say, or the ticks of their y axes.
  private func scales(_ folder: TemporaryFolder, _ names: [String]) throws -> [[String]] {
    try names.map { name in
      let tree = try XMLTree.parse(String(decoding: folder.bytes(name), as: UTF8.self))
      let ticks = tree.all("g", class: "axes").flatMap { $0.all("text") }.filter {
        $0.attributes["text-anchor"] == "end"
      }
      let legends = tree.all("g", class: "legend").flatMap { $0.all("text") }
      return (ticks.isEmpty ? legends : ticks).map(\.text)
    }
  }

  static let panels: [([String], Int)] = [
    (["lens", "imdb-gpt2-wide", "--text", "a complete waste of", "--ablate", "L1H0", "--unchanged"], 2),
    (["lens", "imdb-bert-1", "--text", "a [MASK] film", "--beside", "one [MASK] day", "--attribute"], 2),
    (["lens", "imdb-gpt2-wide", "--text", "a complete waste of"], 1),
    (["align", "imdb-bert-1", "imdb-bert-2", "--groups", "W_K,W_O,W_V", "--spaces", "embedding"], 3),
    (["experiment", "related-pairs", "imdb-bert-1", "--draws", "1", "--k", "5"], 3),
  ]

  /// Every panel alone, in the scale that all of them have.
  @Test(arguments: panels) func panelsAreFilesOfTheirOwn(_ arguments: [String], _ count: Int) throws {
    let folder = try TemporaryFolder()
    for (name, start) in [("svg", "<?xml"), ("pdf", "%PDF-"), ("png", "\u{89}PNG")] {
      let run = try GraftProcess.run(arguments + ["--figure", folder.path("a.\(name)"), "--figure-panels"])
      #expect(run.status == 0, "\(run.error)")
      for number in 1...count {
        let bytes = try folder.bytes("a-\(number).\(name)")
        #expect(bytes.starts(with: start.unicodeScalars.map { UInt8($0.value) }), "\(arguments) \(name)")
      }
    }
    #expect(try folder.names().count == 3 * count)
    let names = (1...count).map { "a-\($0).svg" }
    let scales = try scales(folder, names)
    #expect(!scales[0].isEmpty && Set(scales).count == 1, "\(scales)")
    #expect(try Set(names.map { try folder.bytes($0) }).count == count)
    // One under the other or side by side they say the same.
    let whole = try GraftProcess.run(arguments + ["--figure", folder.path("whole")])
    #expect(whole.status == 0)
    let texts = try XMLTree.parse(String(decoding: folder.bytes("whole"), as: UTF8.self)).all("text").map(\.text)
    let parts = try names.flatMap { try XMLTree.parse(String(decoding: folder.bytes($0), as: UTF8.self)).all("text") }
    #expect(parts.map(\.text) == texts)
  }

  /// No file is written over in silence, and what cannot be written is said before any work.
  @Test func panelsAreCheckedBeforeAnyWork() throws {
    let folder = try TemporaryFolder()
    try FileManager.default.createDirectory(atPath: folder.path("b-2.pdf"), withIntermediateDirectories: true)
    try folder.write(#"{"text": "a film"}"#, to: "c-7.svg")
    let lens = ["lens", "imdb-bert-1", "--text", "a [MASK] film", "--ablate", "L0H0", "--unchanged"]
    let refused: [([String], Int32, String)] = [
      (lens + ["--figure", "a.pdf", "--html", "a-2.pdf"], 64, "--figure and --html write to the same place, a-2.pdf"),
      (lens + ["--figure", "-"], 64, "standard output takes one file"),
      (lens + ["--figure", "b.pdf"], 1, "b-2.pdf"),
      (["lens", "imdb-bert-1", "--jsonl", "c-7.svg", "--figure", "c.svg"], 1, "c-7.svg"),
      (lens, 64, "--figure-panels does nothing without --figure"),
    ]
    for (arguments, status, message) in refused {
      let run = try GraftProcess.run(arguments + ["--figure-panels"], directory: folder.path)
      #expect(run.status == status && run.error.contains(message), "\(arguments): \(run.error)")
    }
    #expect(try folder.names() == ["b-2.pdf", "c-7.svg"])
    // A name without an end of a picture's.
    #expect(try GraftProcess.run(lens + ["--figure", "d.e", "--figure-panels"], directory: folder.path).status == 0)
    #expect(try folder.names() == ["b-2.pdf", "c-7.svg", "d.e-1", "d.e-2"])
  }

  @Test func aStitchedCurveIsDrawn() throws {
    let folder = try TemporaryFolder()
    let run = try GraftProcess.run(ShortRun.stitch + ["-o", folder.path("run"), "--figure", folder.path("a.pdf")])
    #expect(run.status == 0, "\(run.error)")
    #expect(try folder.bytes("a.pdf").starts(with: Array("%PDF".utf8)))
  }

  @Test(arguments: [
    (["--figure-width", "3in"], 64, "--figure-width does nothing without --figure"),
    (["--figure", "a.pdf", "--figure-width", "3 inches"], 64, "3 inches"),
    (["--figure", "a.pdf", "--figure-width", "0.1in"], 64, "0.1in"),
  ]) func saysWhatToDoInstead(_ arguments: [String], _ status: Int32, _ advice: String) throws {
    let folder = try TemporaryFolder()
    let run = try GraftProcess.run(["lens", "imdb-bert-1", "--text", "a"] + arguments, directory: folder.path)
    #expect(run.status == status && run.error.contains(advice), "\(run.error)")
  }

  /// Without a font that shows the text, and where text would be too small to read, the command says so.
  @Test func notesWhatCannotBeRead() throws {
    let folder = try TemporaryFolder()
    let fonts = try folder.write(
      "<?xml version=\"1.0\"?><fontconfig><dir>/no-such-folder</dir></fontconfig>", to: "fonts.conf")
    let arguments = ["lens", "imdb-bert-1", "--text", "a film"]
    let none = try GraftProcess.run(
      arguments + ["--figure", folder.path("a.png")], environment: ["FONTCONFIG_FILE": fonts])
    #expect(none.status == 1 && none.error.contains("DejaVu Sans, which is not installed"), "\(none.error)")
    #expect(!FileManager.default.fileExists(atPath: folder.path("a.png")))
    let small = try GraftProcess.run(arguments + ["--figure", folder.path("a.png"), "--figure-width", "1in"])
    #expect(small.status == 0 && small.error.contains("points high"), "\(small.error)")
    let text = "this movie was a complete waste of time and i would not recommend it to anyone who has"
    for command in ["identify", "attribute"] {
      let column = try GraftProcess.run(
        command, "imdb-bert-1", "--text", text, "--figure", folder.path("a.pdf"), "--figure-width", "3.25in")
      #expect(column.status == 0 && column.error.isEmpty, "\(column.error)")
    }
    let wide = try GraftProcess.run(arguments + ["--figure", folder.path("a.png"), "--figure-width", "6.5in"])
    #expect(wide.status == 0 && !wide.error.contains("points high"), "\(wide.error)")
  }
}
