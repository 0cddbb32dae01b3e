import ArgumentParser
import Files
import Foundation

/// All paths that a command is about to write, found by the types of its options.
struct WrittenPaths {
  private struct Output {
    let option: String
    let value: any WrittenPath
  }

  private var outputs: [Output] = []
  /// Values of options and arguments that may name files that are read.
  private var inputs: [(name: String, path: String)] = []
  /// The option by which standard output gets something else than text.
  private var printing: String?

  /// - Parameter command: as it was parsed.
  init(_ command: Any) { collect(command, name: "") }

  /// Checks every path, and that no two of them, nor one and standard output or a file that is read, are the same.
  /// - Throws: `ValidationError`, `CommandError`, `FileError`.
  func check() throws {
    for output in outputs where output.value.argument == "-" && !(output.value is FileOutput) {
      throw ValidationError(
        "\(output.option) -: standard output takes one file, not a folder or a database; ./- is a path called -.")
    }
    try checkStandardOutput()
    let places = outputs.map { Place($0.value) }
    for (index, output) in outputs.enumerated() {
      let place = places[index]
      if let same = places[..<index].firstIndex(where: { place.isSame($0) }) {
        throw ValidationError(
          "\(outputs[same].option) and \(output.option) write to the same place, \(output.value.argument).")
      }
      if let input = inputs.first(where: { place.isFile($0.path) }) {
        throw CommandError.replacesInput(path: output.value.argument, option: output.option, input: input.name)
      }
      if !isInNewFolder(output) { try output.value.check() }
    }
  }

  private func checkStandardOutput() throws {
    let files = outputs.filter { ($0.value as? FileOutput)?.isStandardOutput ?? false }
    if files.count > 1 {
      throw ValidationError(
        "\(files[0].option) and \(files[1].option) both write to standard output; give one of them a path.")
    }
    if let file = files.first, let printing {
      throw ValidationError("\(printing) and \(file.option) both write to standard output; give \(file.option) a path.")
    }
    if let file = outputs.first(where: { Place($0.value).isDescriptor(STDOUT_FILENO) }) {
      throw ValidationError(
        "\(file.option) \(file.value.argument) is the file that standard output goes to; give - or another path.")
    }
  }

  /// Whether a file goes into a folder that the command makes before.
  private func isInNewFolder(_ output: Output) -> Bool {
    guard output.value is FileOutput else { return false }
    let folder = Place.tidy(OutputTarget.folder(of: output.value.path))
    return access(folder, F_OK) != 0
      && outputs.contains { $0.value is FolderOutput && Place.tidy($0.value.path) == folder }
  }

  private mutating func collect(_ value: Any, name: String) {
    switch value {
    case let options as FigureOptions:
      outputs += options.outputs.map { Output(option: "--figure", value: $0) }
    case let output as any WrittenPath: outputs.append(Output(option: name, value: output))
    case let text as String:
      if !["--text", "--beside", "--from"].contains(name) { inputs.append((name, text)) }
    default:
      if let options = value as? OutputOptions, options.json { printing = "--json" }
      if let options = value as? RecordOptions, options.isGiven { printing = "--format" }
      for child in Mirror(reflecting: value).children {
        // Property wrappers keep an option's value under names of their own.
        let isOption = child.label.map { $0.hasPrefix("_") && $0 != "_parsedValue" } ?? false
        collect(child.value, name: isOption ? Self.option(child.label ?? "") : name)
      }
    }
  }

  /// "--mean-over" from "_meanOver"; the folder or the file of a result is -o everywhere.
  private static func option(_ label: String) -> String {
    let name = label.dropFirst().map { $0.isUppercase ? "-" + $0.lowercased() : String($0) }.joined()
    return name == "output" ? "-o" : "--" + name
  }
}

/// The place that a path to be written leads to.
private struct Place {
  /// Without links; nil for a descriptor, and for a path that is no place.
  private let path: String?
  private let status: stat?

  init(_ value: any WrittenPath) {
    let target = value is FolderOutput ? nil : try? OutputTarget(value.path)
    if case .descriptor = target {
      (path, status) = (nil, nil)
      return
    }
    if case .file(let place) = target {
      path = Self.real(OutputTarget.folder(of: place)) + "/" + (place.split(separator: "/").last ?? "")
    } else {
      path = Self.real(value.path)
    }
    status = Self.status(of: value.path)
  }

  /// Devices may be written by several.
  func isSame(_ other: Place) -> Bool {
    path != nil && path == other.path && status.map { $0.st_mode & S_IFMT != S_IFCHR } ?? true
  }

  func isFile(_ other: String) -> Bool { isRegular && Self.status(of: other).map(isSame) ?? false }

  func isDescriptor(_ number: Int32) -> Bool {
    var other = stat()
    return isRegular && fstat(number, &other) == 0 && isSame(other)
  }

  /// An absolute path without "." and "..", whether it is there or not.
  static func tidy(_ path: String) -> String { URL(fileURLWithPath: path).standardizedFileURL.path }

  private var isRegular: Bool { status.map { $0.st_mode & S_IFMT == S_IFREG } ?? false }

  private func isSame(_ other: stat) -> Bool {
    status.map { $0.st_dev == other.st_dev && $0.st_ino == other.st_ino } ?? false
  }

  private static func real(_ path: String) -> String {
    guard let found = realpath(path, nil) else { return tidy(path) }
    defer { free(found) }
    return String(cString: found)
  }

  private static func status(of path: String) -> stat? {
    var status = stat()
    return stat(path, &status) == 0 ? status : nil
  }
}
