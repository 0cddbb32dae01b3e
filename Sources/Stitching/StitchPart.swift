import Evaluation
import Files
import Foundation

/// The folder of an experiment's run or of one of its parts, at any moment of the run.
package struct StitchPart: Sendable {
  /// Something that is done bit by bit.
  package struct Count: Equatable, Sendable {
    package let done: Int
    package let total: Int
  }

  package let folder: String
  package let stage: RunState.Stage
  /// nil for a whole run.
  package let shard: StitchGrid.Shard?
  /// The kind of processor that computes it; nil where the stamp has none, or several.
  package let processor: String?
  /// The stamp, without what differs from part to part.
  let whole: JSON
  private let file: JSONNode

  /// - Throws: `FileError` for a folder that holds no run of an experiment.
  package init(_ folder: String) throws {
    self.folder = folder
    file = try JSONNode.read(folder + "/run.json")
    guard try file["command"].string() == "experiment-stitch" else {
      throw file["command"].wrong("experiment-stitch, a run that can be split")
    }
    if file["shard"].isPresent {
      let shard = try file["shard"].array().map { try $0.int() }
      guard shard.count == 2, shard[1] > 0, (1...shard[1]).contains(shard[0]) else {
        throw file["shard"].wrong("part and count")
      }
      self.shard = StitchGrid.Shard(index: shard[0], count: shard[1])
    } else {
      shard = nil
    }
    let processors = file["processors"].isPresent ? try file["processors"].array().map { try $0.string() } : []
    processor = processors.count == 1 ? processors[0] : nil
    whole = (file.value ?? .null).replacing("shard", with: .null).replacing("processors", with: .null)
    stage = RunState(of: folder).stage
  }

  /// Whether the results are written.
  package var isFinished: Bool {
    stage == .finished && FileManager.default.fileExists(atPath: folder + "/results.json")
  }

  /// Of its points, those of which every review is recorded; and the batches, of all pairs and seams, that are.
  /// - Throws: `FileError`.
  package func progress() throws -> (points: Count, batches: Count) {
    let (grid, shard) = (try StitchGrid(file), shard ?? .whole)
    let batches = try file["batches"].array().map { try $0.int() }
    guard batches.count == grid.pairs.count, batches.allSatisfy({ $0 >= 0 }) else {
      throw file["batches"].wrong("a number of batches for each of \(grid.pairs.count) pairs")
    }
    let (jobs, points) = (grid.jobs(of: shard), grid.points(of: shard))
    let total = jobs.reduce(0) { $0 + batches[$1.pair] }
    let recorded = try RunState(of: folder).recordedBatches(of: total)
    var (done, first) = (0, 0)
    for job in jobs {
      let next = first + batches[job.pair]
      if (first..<next).allSatisfy(recorded.contains) {
        done += points.count { $0.pair == job.pair && $0.seam == job.seam }
      }
      first = next
    }
    return (Count(done: done, total: points.count), Count(done: recorded.count, total: total))
  }
}
