extension StitchGrid.Shard {
  /// The shard of a task of a Slurm job array, whose tasks count from 1. The array may hold only some of them, such as the
  /// one that is submitted again: SLURM_ARRAY_TASK_MIN and SLURM_ARRAY_TASK_MAX are then not 1 and `count`.
  /// - Parameters:
  ///   - count: the number of shards, from 1.
  ///   - environment: of the task.
  /// - Throws: `SlurmArrayError`.
  package init(ofSlurmTaskIn environment: [String: String], count: Int) throws {
    func number(_ variable: String) throws -> Int {
      guard let text = environment[variable] else {
        throw SlurmArrayError.missing(variable: variable, shards: count)
      }
      guard let value = Int(text) else {
        throw SlurmArrayError.notANumber(variable: variable, found: text, shards: count)
      }
      return value
    }
    let task = try number("SLURM_ARRAY_TASK_ID")
    let (first, last) = (try number("SLURM_ARRAY_TASK_MIN"), try number("SLURM_ARRAY_TASK_MAX"))
    guard 1 <= first, first <= last, last <= count else {
      throw SlurmArrayError.otherTasks(first: first, last: last, shards: count)
    }
    guard (first...last).contains(task) else {
      throw SlurmArrayError.outsideItsArray(task: task, first: first, last: last)
    }
    self.init(index: task, count: count)
  }
}

/// Why a process is not the task of a Slurm job array that a shard can be taken from.
package enum SlurmArrayError: Error, Equatable, Sendable, CustomStringConvertible {
  /// A variable is not set: no task of an array.
  case missing(variable: String, shards: Int)
  /// A variable with another value than a whole number.
  case notANumber(variable: String, found: String, shards: Int)
  /// The array has tasks that are no shards, such as one that counts from 0.
  case otherTasks(first: Int, last: Int, shards: Int)
  /// The variables contradict each other.
  case outsideItsArray(task: Int, first: Int, last: Int)

  package var description: String {
    switch self {
    case .missing(let variable, let shards):
      return "\(variable): expected the variable of a Slurm job array, found none; "
        + "submit the script with sbatch --array=1-\(shards)"
    case .notANumber(let variable, let found, let shards):
      return "\(variable): expected a whole number, found \"\(found)\"; "
        + "submit the script with sbatch --array=1-\(shards), which sets it"
    case .otherTasks(let first, let last, let shards):
      return
        "SLURM_ARRAY_TASK_MIN and _MAX: expected tasks from 1 to \(shards), one per part, found \(first) to \(last); "
        + "submit the script with sbatch --array=1-\(shards), or with some of these tasks"
    case .outsideItsArray(let task, let first, let last):
      return "SLURM_ARRAY_TASK_ID: expected a task of its array, \(first) to \(last), found \(task); "
        + "leave the three variables as Slurm sets them"
    }
  }
}
