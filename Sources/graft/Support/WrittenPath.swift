import ArgumentParser
import Atlas
import Files
import Foundation

/// A path that an option writes to. Commands declare such options with one of these types, by which `WrittenPaths`
/// finds and checks all of them before any work.
protocol WrittenPath: ExpressibleByArgument, CustomStringConvertible {
  /// As it was given.
  var argument: String { get }
  /// The path; ./- for a file that is called -.
  var path: String { get }
  init(argument: String)
  /// Throws what writing there would throw, as far as that shows already.
  func check() throws
}

extension WrittenPath {
  static var standardOutput: String { "-" }

  var description: String { argument }
  var path: String { argument }
}

/// Where one file is written: a path, or - for standard output.
struct FileOutput: WrittenPath {
  let argument: String

  init(argument: String) { self.argument = argument }

  var path: String { argument == Self.standardOutput ? OutputTarget.standardOutput : argument }
  var description: String { isStandardOutput ? "standard output" : argument }
  var isStandardOutput: Bool { (try? OutputTarget(path)) == .descriptor(STDOUT_FILENO) }

  func check() throws {
    let target = try OutputTarget(path)
    try target.check(path: path)
    guard case .file(let place) = target else { return }
    if CheckpointFile.isOne(place) { throw CommandError.replacesCheckpoint(path: argument) }
  }

  /// Writes the whole file. Throws `FileError`.
  func write(_ text: String) throws { try OutputFile.write(text, to: path) }
}

/// The folder that files are written into.
struct FolderOutput: WrittenPath {
  let argument: String

  init(argument: String) { self.argument = argument }

  func check() throws { try OutputFolder.check(path) }
}

/// The file of a database, which must be one that can be read again and changed in places.
struct DatabaseOutput: WrittenPath {
  let argument: String

  init(argument: String) { self.argument = argument }

  func check() throws { try AtlasBuilder.check(path) }
}

extension ArgumentHelp {
  /// Help for a `FileOutput`, from a sentence.
  static func file(_ abstract: String) -> ArgumentHelp {
    let sentence = abstract.hasSuffix(".") ? String(abstract.dropLast()) : abstract
    return ArgumentHelp("\(sentence) ('-' writes standard output).", valueName: "path")
  }

  /// Help for a `FolderOutput`.
  static func folder(_ abstract: String) -> ArgumentHelp { ArgumentHelp(abstract, valueName: "dir") }
}

/// Files that make a folder a checkpoint, which no other output may replace.
private enum CheckpointFile {
  private static let configurations = [ModelFileName.config, ModelFileName.originalConfig]
  private static let names = Set(
    configurations + [ModelFileName.generation] + WeightFileName.choices.map(\.name) + ModelFileName.tokenizer)

  static func isOne(_ path: String) -> Bool {
    let (folder, name) = (OutputTarget.folder(of: path), path.split(separator: "/").last.map(String.init) ?? "")
    let isShard = name.contains("-of-") && WeightFileName.choices.contains { name.hasSuffix($0.shardSuffix) }
    let isTensorFlow = name.contains(".ckpt") && (name.hasSuffix(".index") || name.contains(".data-"))
    return (names.contains(name) || isShard || isTensorFlow) && access(path, F_OK) == 0
      && configurations.contains { access(folder + "/" + $0, F_OK) == 0 }
  }
}
