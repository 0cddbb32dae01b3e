import Files
import Foundation

/// Folders of models that have names: those in `GRAFT_MODELS`, else those that came with this program: `share/graft/models`
/// beside the `bin` it was installed into, or `models` of the package it was built from.
package struct ModelFolders: Sendable {
  /// In the order they are searched.
  package let folders: [String]

  package init(environment: [String: String] = ProcessInfo.processInfo.environment) {
    if let list = environment["GRAFT_MODELS"], !list.isEmpty {
      folders = list.split(separator: ":").map(String.init)
    } else {
      folders = Self.besideExecutable().map { [$0] } ?? Self.besideSource().map { [$0] } ?? []
    }
  }

  /// The directory of a model: a directory (or a TensorFlow checkpoint's prefix) itself, a name in these folders, or a name on the hub, in this order.
  /// - Parameters: as of `Hub.resolve`.
  /// - Throws: `UnknownModel`; `HubError` for a model that the hub knows, and as `Hub.resolve`.
  package func directory(
    of model: String, offline: Bool = false, settings: HubSettings = HubSettings(),
    progress: @escaping (HubProgress) throws -> Void = { _ in }
  ) throws -> String {
    if FileManager.default.fileExists(atPath: model) { return Self.tidy(model) }
    // The prefix of a TensorFlow checkpoint's files.
    if !model.isEmpty, FileManager.default.fileExists(atPath: model + ".index") { return model }
    if let folder = self[model] { return folder }
    func unknown(_ refusal: HubError?) -> UnknownModel {
      UnknownModel(name: model.isEmpty ? "\"\"" : model, known: names, folders: folders, hub: refusal)
    }
    guard !model.hasPrefix("."), !model.hasSuffix("/"), let name = try? HubName(model) else { throw unknown(nil) }
    do {
      return try Hub.resolve(name, offline: offline, settings: settings, progress: progress).folder
    } catch let error as HubError where error.leavesOpenWhatWasMeant {
      throw unknown(error)
    }
  }

  /// The folder of a name; nil where there is none.
  package subscript(name: String) -> String? {
    guard !name.isEmpty, !name.contains("/") else { return nil }
    return folders.lazy.map { $0 + "/" + name }.first(where: Folder.exists)
  }

  /// Every name there is, sorted.
  package var names: [String] {
    let all = folders.flatMap { folder in
      ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
        .filter { name in
          ["config.json", "stitched.json"].contains {
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
      if let models = models(in: folder.path) ?? installed(in: folder.path) { return models }
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
    return isPackage && Folder.exists(package + "/models") ? package + "/models" : nil
  }

  private static func installed(in prefix: String) -> String? {
    let models = prefix + "/share/graft/models"
    return Folder.exists(models) ? models : nil
  }
}

/// A text that leads to no model.
package struct UnknownModel: Error, Equatable, CustomStringConvertible {
  package let name: String
  /// Names in the folders.
  package let known: [String]
  package let folders: [String]
  /// What the hub or its cache said; nil where the text cannot be a name there.
  package let hub: HubError?

  package var description: String {
    let place = folders.isEmpty ? "no folder of models was found" : "looked in \(folders.joined(separator: ", "))"
    let names = known.isEmpty ? "" : "; known names: \(known.joined(separator: ", "))"
    return "\(name): no such directory or model (\(place))\(names)"
      + (hub.map { "; as a name on the hub: \($0)" }
        ?? "; give a directory with config.json and weights, or set GRAFT_MODELS to a folder of them")
  }
}

extension HubError {
  /// Whether the name may have been meant for a directory or an embedded model: no hub has shown that it knows it.
  fileprivate var leavesOpenWhatWasMeant: Bool {
    switch self {
    case .repositoryNotFound, .unreachable, .untrusted, .unavailable, .offline(_, _, "the model", _): true
    default: false
    }
  }
}
