import DenseMath
import Foundation
import Transformer

/// Graft's side of the benchmarks: loads once, warms up, then does one timed run for every line "run" on standard input
/// and prints its seconds, until "quit". The driver alternates it with its peers, run by run.
///
///     graft-bench CASE --model DIR [--threads N]
@main
struct GraftBench {
  static func main() {
    #if DEBUG
      complain("this is a debug build; use: swift run -c release graft-bench")
      exit(1)
    #else
      do {
        let arguments = try BenchArguments(CommandLine.arguments)
        let run = try BenchCase.prepare(arguments)
        serve(run)
      } catch {
        complain("\(error)")
        exit(1)
      }
    #endif
  }

  static func serve(_ run: () throws -> String?) {
    say("ready")
    while let line = readLine() {
      if line == "quit" { return }
      guard line == "run" else { continue }
      let clock = ContinuousClock()
      do {
        var note: String?
        let elapsed = try clock.measure { note = try run() }
        let seconds = Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) * 1e-18
        say("\(seconds)\(note.map { " " + $0 } ?? "")")
      } catch {
        complain("\(error)")
        exit(1)
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
