/// Why a run's folder cannot be used. Every case names the folder and says what to do.
package enum RunError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The folder holds this run already, and `resume` is false.
  case exists(directory: String)
  /// The folder holds a run with other options; `option` is the first one that differs, in the order of the keys.
  case differs(directory: String, option: String, recorded: String, requested: String)
  /// The folder holds something else.
  case notARun(directory: String, found: String)
  /// The run was begun on another kind of processor: results would be rounded in two ways.
  case otherProcessor(directory: String, recorded: String, found: String)
  /// Another process is writing into the folder.
  case locked(directory: String)

  package var description: String {
    switch self {
    case .exists(let directory):
      return "\(directory): holds this run already; resume it, or give another folder"
    case .differs(let directory, let option, let recorded, let requested):
      return "\(directory): holds another run: \(option) is \(recorded) there and \(requested) now;"
        + " give the same options or another folder"
    case .notARun(let directory, let found):
      return "\(directory): expected a new or empty folder or one with a run in it, found \(found); give another folder"
    case .otherProcessor(let directory, let recorded, let found):
      return "\(directory): the run was begun on a processor of the kind \(recorded), expected again, found \(found);"
        + " resume it on a processor of that kind, or give another folder"
    case .locked(let directory):
      return "\(directory): another process is writing this run; wait for it or give another folder"
    }
  }
}
