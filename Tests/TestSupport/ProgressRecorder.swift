import Synchronization
import Transformer

/// The counts that a long call reports.
public final class ProgressRecorder: Sendable {
  private let counts = Mutex<[Int]>([])
  private let onCount: @Sendable (Int) -> Void

  /// - Parameter onCount: called with each count.
  public init(_ onCount: @escaping @Sendable (Int) -> Void = { _ in }) { self.onCount = onCount }

  public var done: [Int] { counts.withLock { $0 } }

  public var handler: ProgressHandler {
    ProgressHandler { _ in
      { event in
        guard case .done(let count) = event else { return }
        self.counts.withLock { $0.append(count) }
        self.onCount(count)
      }
    }
  }
}
