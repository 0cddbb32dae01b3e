import Dispatch
import Foundation
import Synchronization

/// Runs the tasks of a server on a thread of its own: the server answers also while the threads that Swift's tasks share
/// are busy with other work of the process.
package final class ServerExecutor: TaskExecutor {
  private static let interval = 0.2

  private let jobs = Mutex<[UnownedJob]>([])
  private let hasWork = DispatchSemaphore(value: 0)

  /// - Parameter tick: called from time to time, between two jobs.
  package init(tick: @escaping @Sendable () -> Void = {}) {
    let (reference, hasWork) = (Reference(self), hasWork)
    Thread.detachNewThread {
      var next = ContinuousClock.now
      while true {
        _ = hasWork.wait(timeout: .now() + Self.interval)
        guard let executor = reference.executor else { return }
        executor.runJobs()
        if ContinuousClock.now >= next {
          tick()
          next = .now + .seconds(Self.interval)
        }
      }
    }
  }

  /// The thread ends with the executor, which it must not keep.
  private final class Reference: Sendable {
    nonisolated(unsafe) weak var executor: ServerExecutor?
    init(_ executor: ServerExecutor) { self.executor = executor }
  }

  package func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    jobs.withLock { $0.append(job) }
    hasWork.signal()
  }

  /// Runs what has been enqueued until now. Each job has signalled: none is left behind.
  private func runJobs() {
    let jobs = jobs.withLock { jobs in
      defer { jobs = [] }
      return jobs
    }
    for job in jobs { job.runSynchronously(on: asUnownedTaskExecutor()) }
  }
}
