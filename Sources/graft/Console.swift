import Files
import Foundation
import Reporting
import Synchronization
import Tokenization

/// Why standard output took no more text.
enum StandardOutputError: Error, Equatable, CustomStringConvertible {
  /// The reader of a pipe went away.
  case closed
  /// The operating system refused the rest: a full disk, most often.
  case refused(reason: String)

  var description: String {
    switch self {
    case .closed: return "standard output is closed"
    case .refused(let reason):
      return "standard output: cannot write: \(reason); what was printed so far is not complete"
    }
  }
}

/// The process's standard streams: results go to output, everything else to error.
enum Console {
  static var outputIsTerminal: Bool { isatty(STDOUT_FILENO) == 1 }
  static var errorIsTerminal: Bool { isatty(STDERR_FILENO) == 1 }

  /// Writes all of the text to standard output at once.
  /// - Throws: `StandardOutputError`.
  static func write(_ text: String) throws {
    var text = text
    try text.withUTF8 { bytes in
      var rest = UnsafeRawBufferPointer(bytes)[...]
      while !rest.isEmpty {
        let count = Foundation.write(STDOUT_FILENO, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
        if count < 0, errno == EINTR { continue }
        if count < 0, errno == EPIPE { throw StandardOutputError.closed }
        guard count > 0 else { throw StandardOutputError.refused(reason: String(cString: strerror(errno))) }
        rest = rest.dropFirst(count)
      }
    }
  }

  /// A line on standard error that is no failure.
  static func note(_ text: String) {
    FileHandle.standardError.write(Data("graft: note: \(text)\n".utf8))
  }

  private static let noted = Mutex<Set<String>>([])

  /// A note that comes once, however often a command meets its reason.
  static func noteOnce(_ text: String) {
    if noted.withLock({ $0.insert(text).inserted }) { note(text) }
  }

  private static let problems = Mutex(TextProblems())

  /// Keeps what a tokenizer could not read for the end of the run, when it is noted with counts.
  static func add(_ found: TextProblems) { problems.withLock { $0.add(found) } }

  /// Notes what tokenizers could not read in the run's texts.
  static func noteProblems() { problems.withLock { $0 }.descriptions.forEach(note) }

  /// The one message of a command that failed.
  static func complain(_ text: String) {
    FileHandle.standardError.write(Data("graft: error: \(text)\n".utf8))
  }

  /// How text for people looks on standard output.
  static func style(_ color: ColorChoice) -> Style {
    style(color, isTerminal: outputIsTerminal, descriptor: STDOUT_FILENO)
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
