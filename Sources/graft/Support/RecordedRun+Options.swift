import Evaluation
import Files

extension RecordedRun {
  /// The run that the options ask for, with the command's progress line and its message when it is interrupted.
  init(_ options: RunOptions, stamp: @autoclosure () throws -> JSON, batchCount: Int) throws {
    try self.init(
      directory: options.output?.path, stamp: stamp(), batchCount: batchCount, resume: options.resume,
      progress: .command)
    if let output = options.output { Interruption.keeps(in: output.path, option: "--resume") }
  }
}
