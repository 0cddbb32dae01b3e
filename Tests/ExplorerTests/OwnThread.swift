import Explorer
import Foundation
import Testing

/// Runs each test of a suite on a thread of its own. Tests of other suites keep those that tasks share busy for seconds, during
/// which a test there could measure no time.
struct OwnThread: SuiteTrait, TestTrait, TestScoping {
  let isRecursive = true

  func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    try await withTaskExecutorPreference(ServerExecutor()) { try await function() }
  }
}

extension Trait where Self == OwnThread {
  static var ownThread: Self { Self() }
}

/// Waits without one of the threads that tasks share, which wake those that `Task.sleep` lets wait.
func pause(seconds: Double) async {
  await withCheckedContinuation { continuation in
    Thread.detachNewThread {
      Thread.sleep(forTimeInterval: seconds)
      continuation.resume()
    }
  }
}
