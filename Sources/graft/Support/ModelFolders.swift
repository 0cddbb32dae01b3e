import Foundation
import Stitching

/// Where models are found by name: the folders in `GRAFT_MODELS`, else `models` of the package this executable was built
/// from.
struct ModelFolders {
  /// In the order they are searched.
  let folders: [String]

  init(environment: [String: String] = ProcessInfo.processInfo.environment) {
    if let list = environment["GRAFT_MODELS"], !list.isEmpty {
      folders = list.split(separator: ":").map(String.init)
    } else {
      folders = Self.besideExecutable().map { [$0] } ?? Self.besideSource().map { [$0] } ?? []
    }
  }

  /// The directory of a model given as a directory or by name; a directory wins.
  /// - Throws: `CommandError.unknownModel`.
  func directory(of model: String) throws -> String {
    if FileManager.default.fileExists(atPath: model) { return Self.tidy(model) }
    if !model.isEmpty, !model.contains("/"), let folder = folders.first(where: { Self.isDirectory($0 + "/" + model) }) {
      return folder + "/" + model
    }
    throw CommandError.unknownModel(name: model.isEmpty ? "\"\"" : model, known: names, folders: folders)
  }

  /// Every name there is, sorted.
  var names: [String] {
    let all = folders.flatMap { folder in
      ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
        .filter { name in
          ["config.json", StitchedModelFile.name].contains {
            FileManager.default.fileExists(atPath: "\(folder)/\(name)/\($0)")
          }
        }
    }
    return Set(all).sorted()
  }

  /// Without trailing slashes, and with a last component that names the model.
  private static func tidy(_ path: String) -> String {
    var path = path
    while path.count > 1, path.hasSuffix("/") { path.removeLast() }
    guard path.hasSuffix(".") else { return path }
    return URL(fileURLWithPath: path).standardizedFileURL.path
  }

  private static func besideExecutable() -> String? {
    guard var folder = Bundle.main.executableURL?.resolvingSymlinksInPath().deletingLastPathComponent() else {
      return nil
    }
    while folder.path != "/" {
      if let models = models(in: folder.path) { return models }
      folder.deleteLastPathComponent()
    }
    return nil
  }

  private static func besideSource() -> String? {
    let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    return models(in: package.path)
  }

  private static func models(in package: String) -> String? {
    let isPackage = FileManager.default.fileExists(atPath: package + "/Package.swift")
    return isPackage && isDirectory(package + "/models") ? package + "/models" : nil
  }

  private static func isDirectory(_ path: String) -> Bool {
    var isDirectory: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && isDirectory.boolValue
  }
}
