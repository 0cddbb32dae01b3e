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
  private static let names: Set = [
    "config.json", "generation_config.json", "model.safetensors", "pytorch_model.bin", "vocab.txt", "vocab.json",
    "merges.txt", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
    "spiece.model", "sentencepiece.bpe.model",
  ]

  static func isOne(_ path: String) -> Bool {
    let (folder, name) = (OutputTarget.folder(of: path), path.split(separator: "/").last.map(String.init) ?? "")
    let isPart = name.hasSuffix(".safetensors") && name.contains("-of-") || name.hasSuffix(".safetensors.index.json")
    return (names.contains(name) || isPart) && access(path, F_OK) == 0 && access(folder + "/config.json", F_OK) == 0
  }
}
