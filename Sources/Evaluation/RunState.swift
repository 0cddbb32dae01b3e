import Files
import Foundation

/// What the folder of a run (`RunJournal`) holds at this moment, read without changing it.
package struct RunState: Sendable {
  package enum Stage: String, Sendable {
    /// No run was begun there.
    case missing
    /// A process of this machine has the run open.
    case running
    /// No process of this machine has it open, and it is not finished: it can be resumed.
    case stopped
    case finished
  }

  package let directory: String
  package let stage: Stage

  package init(of directory: String) {
    self.directory = directory
    func holds(_ name: String) -> Bool { access(directory + "/" + name, F_OK) == 0 }
    guard holds("run.json") else {
      stage = .missing
      return
    }
    // In this order: a run that ends meanwhile removes its journal before it lets go of the folder.
    let isOpen = DirectoryLock.isHeld(directory)
    stage = !holds("journal") ? .finished : isOpen ? .running : .stopped
  }

  /// The batches that are recorded; all of them when the run is finished.
  /// - Throws: `FileError`, also for a journal that is damaged.
  package func recordedBatches(of batchCount: Int) throws -> Set<Int> {
    let all = Set(0..<batchCount)
    switch stage {
    case .missing: return []
    case .finished: return all
    case .running, .stopped:
      do {
        return try JournalFile.recorded(directory + "/journal", batchCount: batchCount)
      } catch FileError.missing {
        // The run has ended meanwhile.
        return all
      }
    }
  }
}
