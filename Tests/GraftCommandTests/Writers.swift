import Files
import Foundation
import Testing

/// An option that writes, and the shortest command that uses it.
struct Writer: Sendable, CustomTestStringConvertible {
  enum Kind { case file, folder, database }

  /// "atlas build"
  let command: String
  /// Without hyphens, as --experimental-dump-help has it.
  let option: String
  let kind: Kind
  let arguments: [String]

  init(_ command: String, _ option: String, _ kind: Kind, _ arguments: [String]) {
    self.command = command
    self.option = option
    self.kind = kind
    self.arguments = arguments
  }

  var testDescription: String { ([command, flag] + arguments).joined(separator: " ") }
  var flag: String { option == "output" ? "-o" : "--" + option }

  /// The command line that writes to a path.
  func line(_ path: String, _ more: String...) -> [String] {
    command.split(separator: " ").map(String.init) + arguments + [flag, path] + more
  }

  private static let few = ["--dataset", ShortRun.reviews, "--limit", "4", "--max-length", "16"]
  private static let pair = ["--pretrained", "imdb-bert-2", "--finetuned", "imdb-bert-1-sentiment"]
  private static let attention = ["imdb-bert-1"] + few + ["--measure", "attention", "--lengths", "4"]

  /// One for each way in which a command comes to write one file.
  static let files = [
    Writer("forward", "output", .file, [Repository.fixture("tiny/bert"), "--ids", "1,2,3"]),
    Writer("lens", "figure", .file, ["imdb-gpt2-narrow", "--text", "a film"]),
    Writer("lens", "html", .file, ["imdb-gpt2-narrow", "--text", "a film"]),
    Writer("lens", "figure", .file, ["imdb-gpt2-narrow"] + few),
    Writer("lens-fit", "output", .file, ["imdb-gpt2-narrow"] + few),
    Writer("lens-classifier", "figure", .file, ["imdb-bert-1-sentiment", "--text", "good"]),
    Writer("identify", "html", .file, ["imdb-bert-1", "--text", "a film"]),
    Writer("identify", "figure", .file, ["imdb-bert-1", "--text", "a film"]),
    Writer("identify", "save", .file, ["imdb-bert-1", "--text", "a film"]),
    Writer("identify", "html", .file, attention), Writer("identify", "figure", .file, attention),
    Writer("attribute", "figure", .file, ["imdb-bert-1", "--text", "a film"]),
    Writer("attribute", "html", .file, ["imdb-bert-1", "--text", "a film"]),
    Writer("attribute", "figure", .file, ["imdb-bert-1"] + few),
    Writer("attribute", "html", .file, ["imdb-bert-1"] + few),
    Writer("experiment keep-k", "figure", .file, ["imdb-bert-1", "-n", "5", "--k", "10"]),
    Writer("experiment recall", "figure", .file, ["imdb-bert-1", "--positions", "5"] + few),
    Writer("experiment related-pairs", "figure", .file, ["imdb-bert-1"]),
    Writer("experiment key-value-overlap", "figure", .file, ["imdb-gpt2-wide"]),
    Writer("align", "figure", .file, ["imdb-bert-1", "imdb-bert-2", "--groups", "W_K", "--spaces", "embedding"]),
  ]

  /// Files beside the folder of a run, which is there once (`FigureCommandTests`), and those whose names say what is in them
  /// (`TableCommandTests`).
  static let apart =
    [Writer("stitch", "figure", .file, pair + few)]
    + Set(TableCommandTests.lines.map(\.command)).map { Writer($0, "table", .file, []) }

  static let others =
    ["lens", "lens-classifier", "identify", "attribute", "evaluate", "finetune"].map {
      Writer($0, "output", .folder, ["imdb-bert-1-sentiment"] + few)
    } + [
      Writer("convert", "output", .folder, ["imdb-bert-1"]), Writer("stitch", "output", .folder, pair + few),
      Writer("stitch", "save", .folder, pair),
      Writer("experiment stitch", "output", .folder, ["none.json"]),
      Writer("experiment merge", "output", .folder, ["none"]),
      Writer("align", "output", .folder, ["imdb-bert-1", "imdb-bert-2"]), Writer("atlas export", "html", .folder, []),
      Writer("atlas build", "output", .database, ["imdb-bert-1"]),
    ]
}
