import ArgumentParser
import Stitching

/// The value of `--shard`.
enum ShardArgument: Equatable {
  /// 2/8
  case part(StitchGrid.Shard)
  /// slurm:8, the part of 8 that is this task's of a Slurm job array.
  case slurmTask(of: Int)

  /// - Throws: `ValidationError`.
  init(_ argument: String) throws {
    if argument.hasPrefix("slurm:"), let count = Int(argument.dropFirst(6)), count > 0 {
      self = .slurmTask(of: count)
      return
    }
    let parts = argument.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let index = parts[0], let count = parts[1], count > 0, (1...count).contains(index) else {
      throw ValidationError("\"\(argument)\" is no part such as 2/8, and not slurm: with the number of parts")
    }
    self = .part(StitchGrid.Shard(index: index, count: count))
  }

  /// - Throws: `SlurmArrayError`.
  func shard(in environment: [String: String]) throws -> StitchGrid.Shard {
    switch self {
    case .part(let shard): shard
    case .slurmTask(let count): try StitchGrid.Shard(ofSlurmTaskIn: environment, count: count)
    }
  }
}
