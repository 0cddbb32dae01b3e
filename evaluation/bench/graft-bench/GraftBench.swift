import Files
import Foundation

/// Graft's side of the benchmarks. Loads once and warms up; then every line "run" on standard input does one timed run and
/// prints its seconds, "result" prints what it computed as one JSON object, "quit" ends. The driver, compare.py, alternates
/// it with its peers run by run.
///
///     graft-bench CASE --model DIR [--other DIR] [--dataset FILE] [--threads N] [--precision fp32|bf16]
@main
struct GraftBench {
  static func main() {
    #if DEBUG
      complain("this is a debug build; use: swift build -c release --product graft-bench")
      exit(1)
    #else
      do {
        let arguments = try BenchArguments(CommandLine.arguments)
        if arguments.name == "first-answer" {
          say(try BenchCase.firstAnswer(arguments).serialized())
        } else {
          try serve(try BenchCase.prepare(arguments))
        }
      } catch {
        complain("\(error)")
        exit(1)
      }
    #endif
  }

  static func serve(_ benchmark: BenchCase) throws {
    if let note = benchmark.note { say(note.serialized()) }
    let clock = ContinuousClock()
    var result: JSON = .null
    while let line = readLine() {
      switch line {
      case "run":
        let elapsed = try clock.measure { result = try benchmark.run() }
        say("\(Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) * 1e-18)")
      case "result": say(result.serialized())
      case "quit": return
      default: continue
      }
    }
  }

  /// Unbuffered, so that the driver sees each line at once.
  static func say(_ line: String) {
    FileHandle.standardOutput.write(Data((line + "\n").utf8))
  }

  static func complain(_ message: String) {
    FileHandle.standardError.write(Data("graft-bench: \(message)\n".utf8))
  }
}
