import Evaluation
import Files

/// What is done of an experiment that was split, from the folders of its parts, and what a merge still lacks.
package struct StitchStatus: Sendable {
  /// A folder that was asked about.
  package struct Part: Sendable {
    package enum State: String, Sendable, CaseIterable {
      case missing, running, stopped, finished
      /// Something other than a run of an experiment, or damaged.
      case unreadable
    }

    package let folder: String
    package let state: State
    /// nil for a whole run, and where it is not known.
    package let shard: StitchGrid.Shard?
    package let points: StitchPart.Count?
    package let batches: StitchPart.Count?
    package let processor: String?
    /// Why it is unreadable.
    package let reason: String?
  }

  /// What a merge of the folders comes to.
  package struct Merge: Sendable {
    /// The number of parts of the experiment.
    package let count: Int
    /// Parts that no folder has finished, ascending.
    package let unfinished: [Int]
    /// What keeps the folders from being merged, a sentence each; none where they can be.
    package let problems: [String]
  }

  package let parts: [Part]
  /// nil where no folder holds a part.
  package let merge: Merge?

  package init(of folders: [String]) {
    var known: [StitchPart] = []
    let parts = folders.map { folder in
      guard RunState(of: folder).stage != .missing else { return Part(missing: folder) }
      do {
        let part = try StitchPart(folder)
        let read = try Part(part)
        known.append(part)
        return read
      } catch {
        return Part(unreadable: folder, reason: "\(error)")
      }
    }
    self.parts = parts
    merge = known.lazy.compactMap(\.shard).first.map { shard in
      let finished = Set(known.filter { $0.isFinished && $0.shard?.count == shard.count }.compactMap(\.shard?.index))
      let unreadable = parts.filter { $0.state == .unreadable }.map { "\($0.folder) cannot be read" }
      return Merge(
        count: shard.count, unfinished: (1...shard.count).filter { !finished.contains($0) },
        problems: unreadable + StitchShards.problems(of: known).map(Self.sentence))
    }
  }

  private static func sentence(_ problem: StitchingError) -> String {
    if case .notTheShards(let reason) = problem { reason } else { "\(problem)" }
  }

  /// "3,5-8": as Slurm writes the tasks of an array.
  package static func ranges(_ ascending: [Int]) -> String {
    var ranges: [ClosedRange<Int>] = []
    for number in ascending {
      if let last = ranges.last, last.upperBound + 1 == number {
        ranges[ranges.count - 1] = last.lowerBound...number
      } else {
        ranges.append(number...number)
      }
    }
    return ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
      .joined(separator: ",")
  }
}

extension StitchStatus.Part {
  fileprivate init(missing folder: String) {
    self.init(folder: folder, state: .missing, shard: nil, points: nil, batches: nil, processor: nil, reason: nil)
  }

  fileprivate init(unreadable folder: String, reason: String) {
    self.init(
      folder: folder, state: .unreadable, shard: nil, points: nil, batches: nil, processor: nil, reason: reason)
  }

  fileprivate init(_ part: StitchPart) throws {
    if part.stage == .finished, !part.isFinished { throw FileError.missing(path: part.folder + "/results.json") }
    let progress = try part.progress()
    self.init(
      folder: part.folder, state: State(part.stage), shard: part.shard, points: progress.points,
      batches: progress.batches, processor: part.processor, reason: nil)
  }
}

extension StitchStatus.Part.State {
  fileprivate init(_ stage: RunState.Stage) {
    self =
      switch stage {
      case .missing: .missing
      case .running: .running
      case .stopped: .stopped
      case .finished: .finished
      }
  }
}

extension StitchStatus: Encodable {
  /// `merge`, `parts`.
  package func encode(to encoder: any Encoder) throws { try encoder.encode(["merge": merge, "parts": parts]) }
}

extension StitchStatus.Part: Encodable {
  package func encode(to encoder: any Encoder) throws {
    try encoder.encode([
      "batches": batches, "folder": folder, "points": points, "processor": processor, "reason": reason,
      "shard": shard.map { [$0.index, $0.count] }, "state": state.rawValue,
    ])
  }
}

extension StitchStatus.Merge: Encodable {
  package func encode(to encoder: any Encoder) throws {
    try encoder.encode([
      "parts": count, "problems": problems, "ready": problems.isEmpty, "unfinished": unfinished,
    ])
  }
}

extension StitchPart.Count: Encodable {
  package func encode(to encoder: any Encoder) throws { try encoder.encode(["done": done, "total": total]) }
}
