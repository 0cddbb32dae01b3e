import Files
import Foundation
import Reporting
import Synchronization

/// What becomes of a command that is told to end: temporary files are removed, and a message says what is kept and how
/// to go on.
enum Interruption {
  private static let signals: [(number: Int32, word: String)] = [
    (SIGHUP, "hung up"), (SIGINT, "interrupted"), (SIGTERM, "terminated"),
  ]
  /// Where the handler writes, which may do little else.
  nonisolated(unsafe) private static var handlerEnd: Int32 = -1
  private static let kept = Mutex<String?>(nil)
  private static let endsCommand = Mutex(false)

  /// Watches for signals from now on, on a thread of its own. Those that the caller has ignored (nohup) stay ignored.
  static func watch() {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { return }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    handlerEnd = ends[1]
    let readEnd = ends[0]
    Thread.detachNewThread {
      var number: UInt8 = 0
      while read(readEnd, &number, 1) != 1 {}
      end(Int32(number))
    }
    for (number, _) in signals {
      let before = signal(number, SIG_IGN)
      guard unsafeBitCast(before, to: Int.self) != unsafeBitCast(SIG_IGN, to: Int.self) else { continue }
      signal(number) { number in
        let code = errno
        var byte = UInt8(truncatingIfNeeded: number)
        _ = write(Interruption.handlerEnd, &byte, 1)
        errno = code
      }
    }
    // A caller that starts this process on a thread without signals, such as a dispatch queue's, hands its mask down.
    var set = sigset_t()
    sigemptyset(&set)
    for (number, _) in signals { sigaddset(&set, number) }
    pthread_sigmask(SIG_UNBLOCK, &set, nil)
  }

  /// From now on finished work is kept in a file or folder, and this command resumes it.
  /// - Parameter option: what the command line needs for that.
  static func keeps(in path: String, option: String? = nil) {
    var words = CommandLine.arguments
    if let option, !words.contains(option) { words.insert(option, at: words.firstIndex(of: "--") ?? words.endIndex) }
    let command = words.map(\.shellQuoted).joined(separator: " ")
    kept.withLock { $0 = "what is finished is kept in \(path); to resume: \(command)" }
  }

  /// From now on this command runs until it is told to end, which is then a success.
  static func isExpected() { endsCommand.withLock { $0 = true } }

  private static func end(_ number: Int32) -> Never {
    if endsCommand.withLockIfAvailable({ $0 }) ?? false { _exit(ExitStatus.success) }
    let word = signals.first { $0.number == number }?.word ?? "ended"
    UnfinishedFiles.abandon { written in
      ProgressMonitor.shared.stopWithoutWaiting()
      let known = kept.withLockIfAvailable { $0 }.flatMap { $0 }
      let fate =
        known ?? (written.isEmpty ? "nothing was written" : "written before: \(written.joined(separator: ", "))")
      // A reader that does not read must not keep the process.
      var stream = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
      if poll(&stream, 1, 0) == 1, stream.revents & Int16(POLLOUT) != 0 {
        Console.writeError("graft: \(word): \(fate)\n")
      }
      _exit(128 + number)
    }
  }
}
