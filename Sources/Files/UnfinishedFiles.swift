import Foundation
import Synchronization

/// The temporary files that are being written, so that a process that is told to end leaves none behind.
package enum UnfinishedFiles {
  private struct State {
    var temporary: Set<String> = []
    var written: [String] = []
  }

  private static let state = Mutex(State())

  /// Creates a temporary file with `create`, and knows it from then on.
  /// - Parameter create: opens the file and returns its descriptor; a negative one, with the reason in `errno`, when it
  ///   could not.
  package static func creating(_ path: String, _ create: () -> Int32) -> Int32 {
    state.withLock { state in
      let descriptor = create()
      if descriptor >= 0 { state.temporary.insert(path) }
      return descriptor
    }
  }

  /// Forgets a temporary file: renamed, where `final` says to what, or removed.
  package static func remove(_ path: String, final: String? = nil) {
    state.withLock { state in
      state.temporary.remove(path)
      if let final { state.written.append(final) }
    }
  }

  /// Removes the temporary files and ends the process. Until then no file is created or finished.
  /// - Parameter finish: gets the files that were finished, in their order.
  package static func abandon(_ finish: (_ written: [String]) -> Never) -> Never {
    state.withLock { state -> Never in
      for path in state.temporary { unlink(path) }
      finish(state.written)
    }
  }
}
