import COpenBLAS
import Dispatch
import Foundation
import Synchronization

/// How many threads a computation may use. Work is cut into tasks whose results do not depend on which thread does them,
/// so the numbers are the same on every run with the same count.
///
/// OpenBLAS, which is left with LAPACK and Double products, is held at one thread: two pools on the same
/// cores would wait for each other.
public struct Threads: Sendable, Equatable {
  /// How many threads, at least 1.
  public let count: Int

  /// At least one.
  public init(_ count: Int) {
    self.count = max(1, count)
    _ = Self.openBLASAtOneThread
  }

  /// One thread a processor core that this process may use.
  public static var available: Threads { Threads(ProcessInfo.processInfo.activeProcessorCount) }

  private static let openBLASAtOneThread: Void = openblas_set_num_threads(1)

  /// Calls `body(task, worker)` once for each task in 0..<tasks, on up to `count` threads, and returns when all are done.
  /// Tasks start in order; `worker` in 0..<count says whose scratch memory to use.
  public func run(_ tasks: Int, _ body: (_ task: Int, _ worker: Int) -> Void) {
    let workers = min(count, tasks)
    guard workers > 1 else {
      for task in 0..<max(0, tasks) { body(task, 0) }
      return
    }
    let next = Atomic<Int>(0)
    withoutActuallyEscaping(body) { body in
      // Bodies write through raw pointers, each task to memory of its own; the compiler cannot see that.
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

  /// Cuts 0..<count into at most `self.count` ranges of nearly equal size, each but the last a multiple of `granularity`.
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

  /// Calls `body` for each row, each thread a run of neighbouring rows.
  public func runRows(_ rows: Int, _ body: (_ row: Int) -> Void) {
    let parts = ranges(of: rows, granularity: 4)
    run(parts.count) { part, _ in
      for row in parts[part] { body(row) }
    }
  }
}
