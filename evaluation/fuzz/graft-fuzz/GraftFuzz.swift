import Files
import Foundation
import TestSupport

/// Damages small files, the same ones for the same seed, and has each read: a reader gives what it read or throws one of
/// the library's typed errors. Built with the address sanitizer, an access outside of memory ends the process, as a trap
/// does; what was read then is in the run's folder, under the reader's name.
///
///     graft-fuzz MUTATIONS SEED [READER...]
///
/// MUTATIONS are shared equally by all readers, whichever of them are named, so that several processes can divide one run.
@main
struct GraftFuzz {
  /// Seconds of the processor that one input may take.
  private static let limit = 5.0

  static func main() {
    do {
      try run(Array(CommandLine.arguments.dropFirst()))
    } catch {
      FileHandle.standardError.write(Data("graft-fuzz: \(error)\n".utf8))
      exit(1)
    }
  }

  private static func run(_ arguments: [String]) throws {
    guard arguments.count >= 2, let mutations = Int(arguments[0]), let seed = UInt64(arguments[1]), mutations > 0 else {
      throw FuzzError.usage
    }
    let folder = try TemporaryFolder()
    let readers = try FuzzReader.all(in: folder)
    let share = (mutations + readers.count - 1) / readers.count
    let names = arguments.dropFirst(2)
    for name in names where !readers.contains(where: { $0.name == name }) {
      throw FuzzError.noReader(name, readers.map(\.name))
    }
    say("reader, seed files, mutations, read, refused, slowest in ms of the processor")
    for (number, reader) in readers.enumerated() where names.isEmpty || names.contains(reader.name) {
      try run(reader, mutations: share, Mutator(seed: seed &+ UInt64(number) << 32), in: folder)
    }
  }

  private static func run(
    _ reader: FuzzReader, mutations: Int, _ mutator: Mutator, in folder: TemporaryFolder
  ) throws {
    for seed in reader.seeds {
      guard seed.count < 10_000 else { throw FuzzError.largeSeed(reader.name, seed.count) }
      try reader.read(seed)
    }
    let input = try InputFile(folder.write([], to: "inputs/" + reader.name))
    var mutator = mutator
    var (read, refused) = (0, 0)
    var slowest = 0.0
    for number in 0..<mutations {
      let damaged = mutator.damaged(reader.seeds[number % reader.seeds.count])
      try input.replace(with: damaged)
      let start = clock()
      // What waits for ever is killed; on a busy machine a process waits for minutes.
      alarm(900)
      do {
        try reader.read(damaged)
        read += 1
      } catch  where FuzzReader.isTyped(error) {
        refused += 1
      } catch {
        throw FuzzError.otherError(reader.name, number, try input.kept(), "\(error)")
      }
      alarm(0)
      let elapsed = Double(clock() - start) / Double(CLOCKS_PER_SEC)
      guard elapsed < limit else { throw FuzzError.slow(reader.name, number, try input.kept(), elapsed) }
      slowest = max(slowest, elapsed)
    }
    guard read > 0, refused > 0 else { throw FuzzError.noTest(reader.name, read, refused) }
    say("\(reader.name), \(reader.seeds.count), \(mutations), \(read), \(refused), \(Int((slowest * 1000).rounded()))")
  }

  private static func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }
}

/// The bytes that are being read, in a file that outlives the process.
private struct InputFile {
  let path: String
  private let handle: FileHandle

  init(_ path: String) throws {
    self.path = path
    handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
  }

  func replace(with bytes: [UInt8]) throws {
    try handle.truncate(atOffset: 0)
    try handle.write(contentsOf: bytes)
  }

  /// Copies it out of its folder, which is removed in the end, and gives the copy's path.
  func kept() throws -> String {
    let copy = FileManager.default.temporaryDirectory.path + "/graft-fuzz-" + UUID().uuidString
    try FileManager.default.copyItem(atPath: path, toPath: copy)
    return copy
  }
}

enum FuzzError: Error, CustomStringConvertible {
  case usage
  case noReader(String, [String])
  case largeSeed(String, Int)
  case otherError(String, Int, String, String)
  case slow(String, Int, String, Double)
  case wrongResult(String)
  case noTest(String, Int, Int)

  var description: String {
    switch self {
    case .usage: "usage: graft-fuzz MUTATIONS SEED [READER...]"
    case .noReader(let name, let names): "no reader \(name); there are \(names.joined(separator: ", "))"
    case .largeSeed(let name, let bytes): "\(name): a seed of \(bytes) bytes; small ones are damaged more thoroughly"
    case .otherError(let name, let number, let path, let error):
      "\(name), mutation \(number), \(path): not one of the library's errors: \(error)"
    case .slow(let name, let number, let path, let seconds): "\(name), mutation \(number), \(path): \(seconds) s"
    case .wrongResult(let found): found
    case .noTest(let name, let read, let refused): "\(name): \(read) read and \(refused) refused show nothing"
    }
  }
}
