import COpenBLAS
import Dispatch
import Foundation
import Synchronization

/// How many threads a computation may use. The results of a task do not depend on the thread that runs it, so the
/// numbers are the same on every run with the same count.
///
/// OpenBLAS, used for LAPACK and Double products only, is limited to one thread: two pools on the same cores would wait
/// for each other.
public struct Threads: Sendable, Equatable {
  /// How many threads, at least 1.
  public let count: Int

  /// At least one.
  public init(_ count: Int) {
    self.count = max(1, count)
    _ = Self.openBLASAtOneThread
  }

  /// One thread per processor core that this process may use.
  public static var available: Threads { Threads(ProcessInfo.processInfo.activeProcessorCount) }

  private static let openBLASAtOneThread: Void = openblas_set_num_threads(1)

  /// Calls `body(task, worker)` for each task in 0..<tasks, on up to `count` threads, and returns when all are done.
  /// Tasks start in order; `worker` in 0..<count selects scratch memory.
  public func run(_ tasks: Int, _ body: (_ task: Int, _ worker: Int) -> Void) {
    let workers = min(count, tasks)
    guard workers > 1 else {
      for task in 0..<max(0, tasks) { body(task, 0) }
      return
    }
    let next = Atomic<Int>(0)
    withoutActuallyEscaping(body) { body in
      // Bodies write through raw pointers, each task to its own memory; the compiler cannot see that.
      nonisolated(unsafe) let body = body
      DispatchQueue.concurrentPerform(iterations: workers) { worker in
        while true {
          let task = next.wrappingAdd(1, ordering: .relaxed).oldValue
          guard task < tasks else { return }
          body(task, worker)
        }
      }
    }
  }

  /// Splits 0..<count into at most `self.count` nearly equal ranges, each but the last a multiple of `granularity`.
  public func ranges(of count: Int, granularity: Int = 1) -> [Range<Int>] {
    guard count > 0 else { return [] }
    let units = (count + granularity - 1) / granularity
    let parts = min(self.count, units)
    return (0..<parts).map { part in
      let start = units * part / parts * granularity
      let end = units * (part + 1) / parts * granularity
      return start..<min(end, count)
    }
  }

  /// Calls `body` for each row, with contiguous rows per thread.
  public func runRows(_ rows: Int, _ body: (_ row: Int) -> Void) {
    let parts = ranges(of: rows, granularity: 4)
    run(parts.count) { part, _ in
      for row in parts[part] { body(row) }
    }
  }
}
