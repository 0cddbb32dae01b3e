import ArgumentParser
import Evaluation
import Files
import Foundation
import Hub

extension Dataset.Split: ExpressibleByArgument {}

/// Which reviews a command reads.
struct DatasetOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "An aclImdb folder, or a .csv, .tsv or .jsonl file of texts and labels (docs/datasets.md).", valueName: "path")
  )
  var dataset: String?

  @OptionGroup var columns: ColumnOptions

  @Option(help: "The part of an aclImdb folder: test (the default) or train.")
  var split: Dataset.Split?

  @Option(help: ArgumentHelp("Only the reviews whose ids are in this file, one per line.", valueName: "path"))
  var reviews: String?

  @Option(help: "Only this many reviews, drawn so that the classes keep their shares.")
  var limit: Int?

  @Option(help: "Decides what is drawn.")
  var seed: UInt64 = 42

  func validate() throws {
    if let limit, limit < 1 { throw ValidationError("--limit must be at least 1, not \(limit).") }
    if seed > UInt64(Int.max) { throw ValidationError("--seed must be at most \(Int.max), not \(seed).") }
  }

  /// - Parameter other: another dataset of the command, which may be the one that has the columns.
  /// - Throws: `ValidationError` without --dataset; `DatasetError`, `FileError`, `CommandError.columns`.
  func read(beside other: String? = nil) throws -> Dataset {
    guard let dataset else { throw ValidationError("Give --dataset.") }
    var result = try columns.read(dataset, split: split, isOnly: other == nil)
    if let reviews { result = try result.selecting(idsIn: reviews) }
    if let limit { result = try result.subset(limit: limit, seed: seed) }
    return result
  }

  /// Without --dataset `limit` reviews of the IMDB sample that comes with graft, or as many as --limit says.
  /// - Throws: `CommandError.noSample`; `DatasetError`, `FileError`.
  func read(orSampleOf limit: Int) throws -> Dataset {
    guard dataset == nil else { return try read() }
    let paths = ModelFolders().folders.map { folder in
      URL(fileURLWithPath: folder).deletingLastPathComponent().appendingPathComponent("evaluation/imdb/test.jsonl").path
    }
    guard let path = paths.first(where: { FileManager.default.fileExists(atPath: $0) }) else {
      throw CommandError.noSample(path: paths.first ?? "evaluation/imdb/test.jsonl")
    }
    let sample = try columns.read(path)
    let chosen = try reviews.map { try sample.selecting(idsIn: $0) } ?? sample
    return try chosen.subset(limit: self.limit ?? limit, seed: seed)
  }

  /// The options as recorded in a result; the reviews themselves are named by the dataset's digest.
  var members: JSONMembers {
    ["limit": limit, "reviews": reviews, "split": split.map(\.rawValue)] + columns.members
  }
}

/// Where a run is kept, so that it can be stopped at any moment.
struct RunOptions: ParsableArguments {
  @Option(
    name: .shortAndLong,
    help: .folder("The folder of the run: results and predictions, and while it runs its journal."))
  var output: FolderOutput?

  @Flag(help: "Resume the run in the folder; the results are those of a run that was never stopped.")
  var resume = false
}
