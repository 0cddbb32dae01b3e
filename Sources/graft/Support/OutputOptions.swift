import ArgumentParser
import DenseMath
import Files
import Reporting
import Transformer

extension ColorChoice: ExpressibleByArgument {}

/// How a command shows its result.
struct OutputOptions: ParsableArguments {
  @Flag(help: "Print JSON instead of text; docs/schemas holds its schema.")
  var json = false

  @Option(help: "Colour: auto (on a terminal; NO_COLOR and FORCE_COLOR are honoured), always or never.")
  var color: ColorChoice = .auto

  /// Prints one JSON object, or what `text` returns as text.
  /// - Parameter outputs: files that the command has written; where one of them went to standard output, the text goes to
  ///   standard error.
  func print(
    _ object: @autoclosure () throws -> some Encodable, beside outputs: FileOutput?..., text: (Style) -> String
  ) throws {
    guard !json else { return try Console.write(JSON(encoding: object()).serialized(.pretty) + "\n") }
    let stream = Self.stream(beside: outputs)
    try Console.write(text(Console.style(color, of: stream)), to: stream)
  }

  static func stream(beside outputs: [FileOutput?]) -> Console.Stream {
    outputs.contains { $0?.isStandardOutput ?? false } ? .error : .output
  }
}

/// How many threads a command computes on, and how it shows its progress meanwhile.
struct ThreadOptions: ParsableArguments {
  @Option(name: [.short, .long], help: "Threads to compute on (default: one a processor core).")
  var threads: Int?

  @OptionGroup var progress: ProgressOptions

  func validate() throws {
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads must be from 1 to 1024, not \(threads).")
    }
  }

  var count: Threads { threads.map { Threads($0) } ?? .available }

  /// The count as recorded in a result, which rounding depends on.
  var member: JSONMembers { ["threads": count.count] }

  /// Working memory for one forward pass after the other.
  func workspace(_ precision: Precision = .float32) -> Workspace {
    if !precision.isNative {
      Console.noteOnce(
        "this processor has no products of \(precision.rawValue), which take longer here than those of "
          + Precision.float32.rawValue)
    }
    return Workspace(threads: count, precision: precision)
  }
}

/// The numbers that products of a forward pass read.
struct PrecisionOptions: ParsableArguments {
  @Option(
    help: """
      Numbers that products of the forward pass read: fp32, or bf16, rounded to 8 significant bits; sums are Float32 in \
      any case.
      """)
  var precision: Precision = .float32

  /// As recorded in a result.
  var member: JSONMembers { ["precision": precision.rawValue] }
}

extension Precision: ExpressibleByArgument {}
