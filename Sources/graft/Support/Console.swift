import Files
import Foundation
import Reporting
import Synchronization
import Tokenization

/// Why standard output, or standard error in its place, took no more text.
enum StandardOutputError: Error, Equatable, CustomStringConvertible {
  /// The reader of a pipe went away.
  case closed
  /// The operating system refused the rest: a full disk, most often.
  case refused(stream: String, reason: String)

  var description: String {
    switch self {
    case .closed: return "standard output is closed"
    case .refused(let stream, let reason):
      return "\(stream): cannot write: \(reason); what was printed so far is not complete"
    }
  }
}

/// The process's standard streams: results go to output, everything else to error.
enum Console {
  static var errorIsTerminal: Bool { isatty(STDERR_FILENO) == 1 }
  /// Whether a line on standard error can be written over.
  static var errorCanRedraw: Bool { errorIsTerminal && ProcessInfo.processInfo.environment["TERM"] != "dumb" }

  /// Where the text of a result goes.
  enum Stream {
    case output
    /// Where a file takes standard output.
    case error

    fileprivate var descriptor: Int32 { self == .output ? STDOUT_FILENO : STDERR_FILENO }
    fileprivate var name: String { self == .output ? "standard output" : "standard error" }
  }

  /// Writes all of the text at once.
  /// - Throws: `StandardOutputError`.
  static func write(_ text: String, to stream: Stream = .output) throws {
    // On one terminal the result must not follow a progress line.
    if isatty(stream.descriptor) == 1 { ProgressMonitor.shared.stop() }
    var text = text
    try text.withUTF8 { bytes in
      guard !Descriptor.write(UnsafeRawBufferPointer(bytes), to: stream.descriptor) else { return }
      throw errno == EPIPE
        ? StandardOutputError.closed
        : StandardOutputError.refused(stream: stream.name, reason: String(cString: strerror(errno)))
    }
  }

  /// Keeps the numbers of streams that the process was started without, so that no file is opened under them and then
  /// taken for a stream. Writing to one of them stays an error.
  static func reserveDescriptors() {
    for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] where fcntl(descriptor, F_GETFD) < 0 {
      // The lowest free number is this one.
      _ = open("/dev/null", O_RDONLY)
    }
  }

  /// A line on standard error that is no failure.
  static func note(_ text: String) {
    ProgressMonitor.shared.hidden { writeError("graft: note: \(text)\n") }
  }

  /// A note that a run makes once, however often a file is opened.
  static func noteOnce(_ text: String) {
    guard notes.withLock({ $0.insert(text).inserted }) else { return }
    note(text)
  }

  private static let notes = Mutex<Set<String>>([])

  /// The one warning about keys of a settings file that do nothing.
  static func noteUnread(_ keys: [String], path: String) {
    guard !keys.isEmpty else { return }
    noteOnce("\(path): neither Hugging Face nor graft reads \(keys.joined(separator: ", "))")
  }

  private static let problems = Mutex(TextProblems())

  /// Keeps what a tokenizer could not read for the end of the run, when it is noted with counts.
  static func add(_ found: TextProblems) { problems.withLock { $0.add(found) } }

  /// Notes what tokenizers could not read in the run's texts.
  static func noteProblems() { problems.withLock { $0 }.descriptions.forEach(note) }

  /// The one message of a command that failed.
  static func complain(_ text: String) {
    ProgressMonitor.shared.stop()
    writeError("graft: error: \(text)\n")
  }

  /// Writes to standard error. Where nobody can be told, a failure is left out.
  static func writeError(_ text: String) {
    var text = text
    text.withUTF8 { _ = Descriptor.write(UnsafeRawBufferPointer($0), to: STDERR_FILENO) }
  }

  /// The style of printed text.
  static func style(_ color: ColorChoice, of stream: Stream = .output) -> Style {
    style(color, isTerminal: isatty(stream.descriptor) == 1, descriptor: stream.descriptor)
  }

  /// How a progress line looks on standard error.
  static var errorStyle: Style { style(.auto, isTerminal: errorIsTerminal, descriptor: STDERR_FILENO) }

  private static func style(_ color: ColorChoice, isTerminal: Bool, descriptor: Int32) -> Style {
    let environment = ProcessInfo.processInfo.environment
    return Style(
      width: isTerminal ? columns(of: descriptor) : nil,
      usesColor: color.usesColor(environment: environment, isTerminal: isTerminal),
      usesTrueColor: ["truecolor", "24bit"].contains(environment["COLORTERM", default: ""].lowercased()),
      usesUnicode: localeIsUnicode(environment))
  }

  private static func columns(of descriptor: Int32) -> Int? {
    var size = winsize()
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
    return Int(size.ws_col)
  }

  /// A locale that is set and names another encoding than UTF-8 says that the terminal shows ASCII only.
  private static func localeIsUnicode(_ environment: [String: String]) -> Bool {
    let set = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { environment[$0] }.first { !$0.isEmpty }
    guard let locale = set?.lowercased() else { return true }
    return locale.contains("utf-8") || locale.contains("utf8")
  }
}
