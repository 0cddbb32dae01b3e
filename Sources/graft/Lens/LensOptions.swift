import ArgumentParser
import Files
import Interpretability

/// `--slice a:b`: places a up to but not including b; either end may be left out.
struct LensSlice: ExpressibleByArgument {
  let start: Int?
  let end: Int?

  init?(argument: String) {
    let parts = argument.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, parts.allSatisfy({ $0.isEmpty || Int($0) ?? -1 >= 0 }) else { return nil }
    (start, end) = (Int(parts[0]), Int(parts[1]))
  }
}

/// What of a text is read, and by what.
struct LensOptions: ParsableArguments {
  @Option(
    help: "How many tokens to keep for each cell (JSON, and hover in the page), and parts to list with --attribute.")
  var top = 10

  @Flag(help: "Also read between attention and feed-forward of each block.")
  var sublayers = false

  @Flag(help: "Also read what attention and feed-forward add, alone.")
  var updates = false

  @Option(help: "mlm: the model's whole head; embedding: the token embedding alone, the papers' E.")
  var head: LensHeadChoice = .mlm

  @Option(
    help: ArgumentHelp(
      "Borrow the head of this model, for a checkpoint without one. \(CheckpointArgument.noStitchedModel)",
      valueName: "model"))
  var unembedding: String?

  @Flag(help: "Put the mask token at every place in turn and read each there (not GPT-2).")
  var maskEach = false

  @Option(help: ArgumentHelp("Show these places only; the model still reads the whole text.", valueName: "a:b"))
  var slice: LensSlice?

  @Option(
    help: ArgumentHelp("Show the places with these numbers only.", valueName: "0,4"),
    transform: CommaList.numbers)
  var tokens: [Int]?

  @Option(help: "Follow this token's rank and probability ('␣' or a space begins a word of GPT-2 or RoBERTa).")
  var target: String?

  @Option(help: "With --target: the token whose logit is subtracted.")
  var versus: String?

  func validate() throws {
    if top < 1 { throw ValidationError("--top must be at least 1, not \(top).") }
    if slice != nil, tokens != nil { throw ValidationError("Give --slice or --tokens, not both.") }
  }

  /// The options as recorded in a result.
  var members: JSONMembers {
    corpusMembers + [
      "mask_each": maskEach, "slice": slice.map { [$0.start, $0.end] }, "target": target, "tokens": tokens,
      "top": top, "updates": updates, "versus": versus,
    ]
  }

  /// The options that count for a sweep, as recorded in a result.
  var sweepMembers: JSONMembers {
    ["head": head.rawValue, "target": target, "tokens": tokens, "unembedding": unembedding, "versus": versus]
  }

  /// The options that count for a dataset, as recorded in a result.
  var corpusMembers: JSONMembers {
    ["head": head.rawValue, "sublayers": sublayers, "unembedding": unembedding]
  }

  /// The places to show of a text of `count` tokens.
  /// - Throws: `CommandError.noSuchPlace`.
  func positions(_ count: Int, source: String) throws -> [Int] {
    if let tokens {
      if let wrong = tokens.first(where: { !(0..<count).contains($0) }) {
        throw CommandError.noSuchPlace(option: "--tokens", found: "\(wrong)", tokens: count, source: source)
      }
      return Array(Set(tokens)).sorted()
    }
    let (start, end) = (slice?.start ?? 0, slice?.end ?? count)
    guard start < end, start < count else {
      throw CommandError.noSuchPlace(option: "--slice", found: "\(start):\(end)", tokens: count, source: source)
    }
    return Array(start..<min(end, count))
  }
}
