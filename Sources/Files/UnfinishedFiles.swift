import Foundation
import Synchronization

/// The temporary files being written, so that a process that is terminated leaves none behind.
package enum UnfinishedFiles {
  private struct State {
    var temporary: Set<String> = []
    var written: [String] = []
  }

  private static let state = Mutex(State())

  /// Creates a temporary file with `create`, and registers it. - Parameter create: opens the file and returns its
  /// descriptor; on failure a negative one, with the reason in `errno`.
  package static func creating(_ path: String, _ create: () -> Int32) -> Int32 {
    state.withLock { state in
      let descriptor = create()
      if descriptor >= 0 { state.temporary.insert(path) }
      return descriptor
    }
  }

  /// Unregisters a temporary file: renamed to `final`, or removed.
  package static func remove(_ path: String, final: String? = nil) {
    state.withLock { state in
      state.temporary.remove(path)
      if let final { state.written.append(final) }
    }
  }

  /// Removes the temporary files and ends the process; in between no file is created or committed.
  /// - Parameter finish: gets the committed files, in order.
  package static func abandon(_ finish: (_ written: [String]) -> Never) -> Never {
    state.withLock { state -> Never in
      for path in state.temporary { unlink(path) }
      finish(state.written)
    }
  }
}
