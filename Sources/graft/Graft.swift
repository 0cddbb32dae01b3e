import ArgumentParser
import DenseMath
import Files
import Foundation

@main
struct Graft: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "graft",
    abstract: """
      Run BERT, DistilBERT, RoBERTa and GPT-2, look at every state inside, and stitch layers of one model to another.
      """,
    usage: "graft <command> [<options>]",
    discussion: """
      MODEL is a directory in Hugging Face layout (config.json, model.safetensors, tokenizer files), the name of a model \
      on the Hugging Face Hub (gpt2, google-bert/bert-base-uncased, with @revision where one is wanted), which is downloaded \
      once, or that of a model that comes with graft: imdb-bert-1, imdb-bert-2, imdb-bert-1-sentiment, imdb-gpt2-wide, imdb-gpt2-narrow, \
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
        129, 130, 143
             the command was ended by SIGHUP, SIGINT (Ctrl-C) or SIGTERM; standard
             error says what is kept and how to resume
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
        HF_HOME, HF_HUB_CACHE  where the hub's cache is
        HF_TOKEN, HF_ENDPOINT, HF_HUB_OFFLINE
                               as in Python's huggingface_hub; docs/hub.md
        NO_COLOR, FORCE_COLOR  no colour; colour without a terminal
      """,
    version: Version.withCommit,
    subcommands: [
      Inspect.self, Tokenize.self, Forward.self, Predict.self, Lens.self, LensFit.self, LensClassifier.self,
      Identify.self, Attribute.self, Project.self, AtlasCommand.self, Align.self, Classify.self, Evaluate.self,
      Compare.self, FineTune.self, Stitch.self, Experiment.self, Verify.self, Models.self, Pull.self, Convert.self,
      Explore.self, Env.self,
    ])

  static func main() {
    let arguments = Array(CommandLine.arguments.dropFirst())
    let path = CommandPath(arguments, from: Graft.self)
    // A closed pipe and a file past its limit then show up as errors of `write`, which can be told.
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
    Console.reserveDescriptors()
    Interruption.watch()
    var command: any ParsableCommand
    do {
      if let unknown = path.unknownCommand { throw unknown }
      command = try parseAsRoot(arguments)
      try (command as? any RuledCommand)?.checkOptions(Array(path.rest))
    } catch {
      finish(reporting: error, of: path)
    }
    do {
      try InstructionSet.force(fromEnvironment: ProcessInfo.processInfo.environment)
      try WrittenPaths(command).check()
      let configuration = type(of: command).configuration
      let name = configuration.commandName ?? "\(type(of: command))".lowercased()
      try Progress.during(name) { try command.run() }
      Truncation.finish()
      Console.noteProblems()
      finish(ExitStatus.success)
    } catch let error as StandardOutputError where error == .closed {
      finish(ExitStatus.closedPipe)
    } catch FileError.closed(let path) {
      Console.complain("\(FileError.closed(path: path))")
      finish(ExitStatus.closedPipe)
    } catch {
      finish(reporting: error, of: path)
    }
  }

  /// Help and version go to standard output with 0, a wrong command line to standard error with 64, what fails with 1.
  private static func finish(reporting error: any Error, of path: CommandPath) -> Never {
    guard exitCode(for: error) != .failure else {
      Console.noteProblems()
      Console.complain(ErrorWording.message(of: error))
      finish(ExitStatus.failure)
    }
    if let error = error as? ValidationError {
      let help = (path.commands.map { $0._commandName } + ["--help"]).joined(separator: " ")
      Console.complain(
        "\(error.message)\nUsage: \(usageString(for: path.command))\n  See '\(help)' for more information.")
      finish(ExitStatus.usage)
    }
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
    ProgressMonitor.shared.stop()
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
