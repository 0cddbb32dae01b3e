import ArgumentParser
import DenseMath
import Files
import Foundation

@main
struct Graft: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "graft",
    abstract: "Run BERT and GPT-2, look at every state inside, and join layers of one model to another.",
    discussion: """
      MODEL is a directory in Hugging Face layout (config.json, model.safetensors, tokenizer files), or the name of a \
      model that comes with graft: imdb-bert-1, imdb-bert-2, imdb-bert-1-sentiment, imdb-gpt2-wide, imdb-gpt2-narrow, \
      imdb-gpt2-narrow-sentiment.

      EXAMPLES:
        graft inspect imdb-bert-1
        graft predict imdb-bert-1 --text 'this film is [MASK] .'
        graft classify imdb-bert-1-sentiment --text 'a waste of two hours'

      EXIT CODES:
        0    success
        1    the command failed, the reason is on standard error; or verify found
             a stage over the tolerance
        64   the command line is wrong
        141  the reader of the output went away

      OUTPUT:
        An option that writes one file takes '-' for standard output; the report
        then goes to standard error. Pipes and devices are written through,
        symbolic links are followed.

      ENVIRONMENT:
        GRAFT_MODELS           folders of models with ':' between, in place of
                               those that come with graft
        GRAFT_INSTRUCTIONS     portable, neon, avx2 or avx512, in place of the
                               best that the processor has
        NO_COLOR, FORCE_COLOR  no colour; colour without a terminal
      """,
    version: Version.current,
    subcommands: [
      Inspect.self, Tokenize.self, Forward.self, Predict.self, Lens.self, LensFit.self, LensClassifier.self,
      Identify.self, Attribute.self, Project.self, AtlasCommand.self, Align.self, Classify.self, Evaluate.self,
      Compare.self, FineTune.self, Stitch.self, Experiment.self, Merge.self, Verify.self, Env.self,
    ])

  static func main() {
    // A closed pipe and a file past its limit then show up as errors of `write`, which can be told.
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
    Console.reserveDescriptors()
    var command: any ParsableCommand
    do {
      command = try parseAsRoot()
    } catch {
      exit(reportingUsage: error)
    }
    do {
      try InstructionSet.force(fromEnvironment: ProcessInfo.processInfo.environment)
      try WrittenPaths(command).check()
      try command.run()
      finish(ExitStatus.success)
    } catch let error as StandardOutputError where error == .closed {
      finish(ExitStatus.closedPipe)
    } catch let error as FileError {
      Console.complain("\(error)")
      if case .closed = error { finish(ExitStatus.closedPipe) }
      finish(ExitStatus.failure)
    } catch {
      // Asking for help counts as a command too.
      guard exitCode(for: error) == .failure else { exit(reportingUsage: error) }
      Console.complain("\(error)")
      finish(ExitStatus.failure)
    }
  }

  /// Help and version go to standard output with 0, a wrong command line to standard error with 64.
  private static func exit(reportingUsage error: any Error) -> Never {
    let message = fullMessage(for: error)
    guard exitCode(for: error) != .success else {
      try? Console.write(message + "\n")
      finish(ExitStatus.success)
    }
    let label = "Error: "
    Console.complain(message.hasPrefix(label) ? String(message.dropFirst(label.count)) : message)
    finish(ExitStatus.usage)
  }

  /// Ends the process at once. `exit` would first clean up libraries that a digest in the background may still be using.
  private static func finish(_ status: Int32) -> Never {
    fflush(nil)
    _exit(status)
  }
}

/// What the process returns; `graft --help` lists them.
enum ExitStatus {
  static let success: Int32 = 0
  static let failure: Int32 = 1
  static let usage: Int32 = 64
  /// As a shell reports a process that SIGPIPE ended.
  static let closedPipe: Int32 = 128 + SIGPIPE
}
