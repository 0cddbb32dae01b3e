import Files
import Foundation
import TestSupport
import Testing

/// The files of a run's folder and short runs on the embedded models.
enum ShortRun {
  static let reviews = Repository.path + "/evaluation/imdb/test.jsonl"
  static let evaluate = [
    "evaluate", "imdb-bert-1-sentiment", "--dataset", reviews, "--limit", "60", "--max-length", "64", "-t", "2",
  ]
  static let stitch = [
    "stitch", "--pretrained", "imdb-bert-2", "--finetuned", "imdb-bert-1-sentiment", "--dataset", reviews, "--limit",
    "60",
    "--max-length", "64", "--keep", "0,4", "--transplant", "1,2", "--draws", "2", "-t", "2",
  ]

  /// Maps that take unlabelled texts.
  static func fittedStitch(_ folder: TemporaryFolder) throws -> [String] {
    [
      "stitch", "--pretrained", "imdb-gpt2-wide", "--finetuned", "imdb-gpt2-narrow-sentiment", "--dataset", reviews,
      "--limit", "40", "--max-length", "48", "--keep", "2,4", "--transplant", "2", "--maps",
      "pinv,ridge:0.01,affine,weighted,procrustes+moments", "--unlabelled", try fewReviews(folder), "-t", "2",
    ]
  }

  /// The first 30 reviews, as a file.
  static func fewReviews(_ folder: TemporaryFolder) throws -> String {
    let lines = try String(contentsOfFile: reviews, encoding: .utf8).split(separator: "\n").prefix(30)
    return try folder.write(lines.joined(separator: "\n") + "\n", to: "few.jsonl")
  }

  /// Name and bytes of every file, by name.
  static func contents(_ folder: String) throws -> [String: Data] {
    var files: [String: Data] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
      files[name] = try Data(contentsOf: URL(fileURLWithPath: folder + "/" + name))
    }
    return files
  }

  /// Runs a command and kills it as soon as its journal has a batch, or lets it end if it is faster.
  static func runAndKill(_ arguments: [String], folder: String, afterBytes: Int) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try #require(GraftProcess.executable))
    process.arguments = arguments
    process.environment = GraftProcess.environment()
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    let journal = folder + "/journal"
    while process.isRunning {
      let size = (try? FileManager.default.attributesOfItem(atPath: journal)[.size] as? Int) ?? 0
      if size > afterBytes {
        kill(process.processIdentifier, SIGKILL)
        break
      }
      usleep(500)
    }
    process.waitUntilExit()
  }

  static func lines(_ path: String) throws -> [JSONNode] {
    try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map {
      JSONNode(try JSON.parse(String($0), path: path), path: path)
    }
  }
}
