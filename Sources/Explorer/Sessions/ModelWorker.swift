import Dispatch
import Synchronization
import Transformer

/// Computes for one model: one request after the other, away from the threads that serve clients, with a bound on how many
/// wait.
final class ModelWorker: Sendable {
  private let name: String
  private let limit: Int
  private let queue: DispatchQueue
  private let begun = Mutex(0)
  /// Used on the queue alone.
  nonisolated(unsafe) private let workspace: Workspace

  /// - Parameter limit: how many requests wait for the one that runs.
  init(_ name: String, limit: Int, workspace: Workspace) {
    (self.name, self.limit, self.workspace) = (name, limit, workspace)
    queue = DispatchQueue(label: "explorer")
  }

  /// - Throws: `ExplorerError.busy`, `CancellationError`, what `body` throws.
  func run<Result: Sendable>(
    _ cancellation: Cancellation, _ body: @escaping @Sendable (Workspace, ProgressHandler) throws -> Result
  ) async throws -> Result {
    try begun.withLock { count in
      guard count <= limit else { throw ExplorerError.busy(model: name) }
      count += 1
    }
    defer { begun.withLock { $0 -= 1 } }
    return try await queue.value { [self] in
      // Whoever asked may have gone while others were served.
      try cancellation.check()
      return try body(
        workspace, ProgressHandler(begin: { _ in { _ in } }, isCancelled: { cancellation.isCancelled }))
    }
  }
}

extension DispatchQueue {
  /// Computes a value on this queue, away from the thread that serves clients.
  /// - Throws: what `body` throws.
  func value<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      async { continuation.resume(with: Result { try body() }) }
    }
  }
}
