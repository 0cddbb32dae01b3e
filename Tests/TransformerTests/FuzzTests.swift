import Checkpoints
import DenseMath
import Files
import Foundation
import TestSupport
import Testing
import Transformer

/// Damaged checkpoints are refused with an error or run; they never trap. 40,800 cases in all.
@Suite struct FuzzTests {
  enum Target: String, CaseIterable { case config, header, bytes }

  @Test(arguments: TinyCheckpoint.Kind.allCases, Target.allCases)
  func mutatedCheckpoints(_ kind: TinyCheckpoint.Kind, _ target: Target) throws {
    let cases = 3400
    let directory = try TemporaryDirectory()
    var checkpoint = TinyCheckpoint.make(kind, positions: 4, layers: 1)
    if kind == .gpt2 {
      checkpoint.addLinear("classifier", [2, 12], outputs: 2)
      checkpoint.config["graft"] = ["pooling": "mean", "final_norm": false]
    } else {
      checkpoint.addClassifier(kind, classes: 2)
    }
    try checkpoint.write(to: directory.path)
    let path = directory.path + (target == .config ? "/config.json" : "/model.safetensors")
    let whole = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    let headerEnd = target == .config ? 0 : 8 + whole[0..<8].reversed().reduce(0) { $0 << 8 | Int($1) }

    var mutator = Mutator(seed: UInt64(kind.rawValue.utf8.count * 10 + target.rawValue.utf8.count))
    var (loaded, refused) = (0, 0)
    for number in 0..<cases {
      let bytes: [UInt8]
      switch target {
      case .config: bytes = mutator.mutate(text: whole)
      case .header: bytes = mutator.mutate(header: whole, end: headerEnd)
      case .bytes: bytes = mutator.mutate(bytes: whole)
      }
      try Self.replace(path, with: bytes)
      do {
        try Self.run(directory.path)
        loaded += 1
      } catch is FileError {
        refused += 1
      } catch is CheckpointError {
        refused += 1
      } catch is TransformerError {
        refused += 1
      } catch {
        Issue.record("case \(number): an error of another kind, \(error)")
      }
    }
    // Both outcomes occur, or the cases show nothing.
    #expect(loaded > 0)
    #expect(refused > cases / 10)
    #expect(loaded + refused == cases)
  }

  /// Without waiting for the disk, as `Data.write` does, and the file system where a file is cut off and filled again.
  private static func replace(_ path: String, with bytes: [UInt8]) throws {
    try FileManager.default.removeItem(atPath: path)
    let file = try #require(fopen(path, "w"))
    #expect(fwrite(bytes, 1, bytes.count, file) == bytes.count)
    #expect(fclose(file) == 0)
  }

  /// Opens a checkpoint and runs a text through every head it has.
  private static func run(_ directory: String) throws {
    let model = try Model(directory: directory)
    _ = try model.labels()
    let trace = try model.trace([1, 0, 2], workspace: Workspace(threads: Threads(1)))
    #expect(trace.segments[0].hidden.count == model.dimensions.layers + 1)
  }
}

/// Damages files as disks, transfers and people do.
private struct Mutator {
  private var numbers: SeededNumbers
  private static let tokens = [
    "0", "-1", "1", "2", "3", "4294967296", "2147483647", "9223372036854775807", "9223372036854775808", "1e999",
    "1e-400",
    "0.5", "null", "true", "false", "\"\"", "\"gelu\"", "\"F16\"", "\"F64\"", "\"I64\"", "[]", "{}", "[0,0]", "[[[[",
    "\\u0000",
    "\"mean\"", "12", "\u{FEFF}", "NaN",
  ]

  init(seed: UInt64) { numbers = SeededNumbers(seed: seed) }

  /// Text with one to three values, bytes or spans changed.
  mutating func mutate(text: [UInt8]) -> [UInt8] {
    var bytes = text
    for _ in 0..<1 + below(3) { if below(3) == 0 { damage(&bytes) } else { replaceValue(&bytes) } }
    return bytes
  }

  /// A weight file whose header is changed; its stored length is adjusted in three cases of four.
  mutating func mutate(header file: [UInt8], end: Int) -> [UInt8] {
    let header = mutate(text: Array(file[8..<end]))
    let length =
      below(4) == 0 ? Array(file[0..<8]) : (0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) }
    return length + header + file[end...]
  }

  /// Raw bytes: flipped, cut off, doubled, overwritten.
  mutating func mutate(bytes file: [UInt8]) -> [UInt8] {
    var bytes = file
    for _ in 0..<1 + below(3) { damage(&bytes) }
    return bytes
  }

  private mutating func below(_ limit: Int) -> Int { Int(numbers.next() % UInt64(max(limit, 1))) }

  private mutating func damage(_ bytes: inout [UInt8]) {
    guard !bytes.isEmpty else { return }
    let place = below(bytes.count)
    switch below(7) {
    case 0: bytes[place] ^= 1 << UInt8(below(8))
    case 1: bytes[place] = UInt8(below(256))
    case 2: bytes.insert(UInt8(below(256)), at: place)
    case 3: bytes.remove(at: place)
    case 4: bytes.removeSubrange(place..<min(bytes.count, place + 1 + below(40)))
    case 5: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 1 + below(40))], at: place)
    default: bytes.removeSubrange(place...)
    }
  }

  /// Puts another value in the place of one after a colon, or after a bracket or comma.
  private mutating func replaceValue(_ bytes: inout [UInt8]) {
    let starts = [UInt8(ascii: ":"), UInt8(ascii: "["), UInt8(ascii: ",")]
    let ends = [UInt8(ascii: ","), UInt8(ascii: "}"), UInt8(ascii: "]")]
    guard let before = bytes[below(bytes.count)...].firstIndex(where: { starts.contains($0) }) else {
      return damage(&bytes)
    }
    let end = bytes[(before + 1)...].firstIndex { ends.contains($0) } ?? bytes.endIndex
    bytes.replaceSubrange((before + 1)..<end, with: Self.tokens[below(Self.tokens.count)].utf8)
  }
}
