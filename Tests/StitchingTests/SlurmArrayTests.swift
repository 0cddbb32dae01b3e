import Stitching
import Testing

@Suite struct SlurmArrayTests {
  private static func environment(_ id: String?, _ first: String?, _ last: String?) -> [String: String] {
    ["SLURM_ARRAY_TASK_ID": id, "SLURM_ARRAY_TASK_MIN": first, "SLURM_ARRAY_TASK_MAX": last].compactMapValues { $0 }
  }

  /// All tasks, some of them, and a single one that is submitted again.
  @Test(arguments: [("1", "1", "8", 1), ("8", "1", "8", 8), ("5", "3", "6", 5), ("3", "3", "3", 3)])
  func takesThePartFromTheTask(id: String, first: String, last: String, index: Int) throws {
    let shard = try StitchGrid.Shard(ofSlurmTaskIn: Self.environment(id, first, last), count: 8)
    #expect(shard == StitchGrid.Shard(index: index, count: 8))
  }

  @Test(
    arguments: [
      (nil, "1", "8", SlurmArrayError.missing(variable: "SLURM_ARRAY_TASK_ID", shards: 8)),
      ("1", nil, "8", .missing(variable: "SLURM_ARRAY_TASK_MIN", shards: 8)),
      ("1", "1", nil, .missing(variable: "SLURM_ARRAY_TASK_MAX", shards: 8)),
      ("x", "1", "8", .notANumber(variable: "SLURM_ARRAY_TASK_ID", found: "x", shards: 8)),
      ("", "1", "8", .notANumber(variable: "SLURM_ARRAY_TASK_ID", found: "", shards: 8)),
      ("1", "1", "8.0", .notANumber(variable: "SLURM_ARRAY_TASK_MAX", found: "8.0", shards: 8)),
      // An array from 0, one of more tasks than parts, and one the wrong way round.
      ("1", "0", "7", .otherTasks(first: 0, last: 7, shards: 8)),
      ("1", "1", "9", .otherTasks(first: 1, last: 9, shards: 8)),
      ("5", "6", "4", .otherTasks(first: 6, last: 4, shards: 8)),
      ("2", "3", "8", .outsideItsArray(task: 2, first: 3, last: 8)),
      ("8", "1", "7", .outsideItsArray(task: 8, first: 1, last: 7)),
    ] as [(String?, String?, String?, SlurmArrayError)])
  func refusesWhatIsNoPart(id: String?, first: String?, last: String?, error: SlurmArrayError) throws {
    #expect(throws: error) {
      try StitchGrid.Shard(ofSlurmTaskIn: Self.environment(id, first, last), count: 8)
    }
  }

  @Test func saysWhatToSubmit() {
    #expect(
      "\(SlurmArrayError.otherTasks(first: 0, last: 7, shards: 8))"
        == "SLURM_ARRAY_TASK_MIN and _MAX: expected tasks from 1 to 8, one per part, found 0 to 7; submit the script with "
        + "sbatch --array=1-8, or with some of these tasks")
    for error in [
      SlurmArrayError.missing(variable: "V", shards: 4), .notANumber(variable: "V", found: "x", shards: 4),
    ] {
      #expect("\(error)".contains("V: expected") && "\(error)".contains("sbatch --array=1-4"))
    }
  }
}
