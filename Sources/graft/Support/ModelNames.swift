import ArgumentParser
import Files
import Foundation
import Hub
import Reporting
import Stitching
import Synchronization

/// Whether models may come from the network.
struct HubOptions: ParsableArguments {
  @Flag(help: "Open no connection: a model's name on the hub is looked up in the cache alone (HF_HUB_OFFLINE=1, too).")
  var offline = false

  /// Options are validated wherever they are, so that no command can forget it.
  func validate() throws { if offline { ModelNames.isOffline.withLock { $0 = true } } }
}

/// From what a command line calls a model to its directory.
enum ModelNames {
  fileprivate static let isOffline = Mutex(false)

  /// - Throws: `UnknownModel`, `HubError`.
  static func directory(of model: String) throws -> String {
    try download("download \(model)") { progress in
      try ModelFolders().directory(of: model, offline: isOffline.withLock { $0 }, progress: progress)
    }
  }

  /// The directory of a model that the stitched model in `stitched` names.
  /// - Throws: `CommandError.unknownPart`, `HubError`.
  static func directory(of model: String, namedBy stitched: String) throws -> String {
    do {
      return try directory(of: model)
    } catch let unknown as UnknownModel {
      throw CommandError.unknownPart(
        path: stitched + "/" + StitchedModelFile.name, name: unknown.name, folders: unknown.folders)
    }
  }

  /// Runs what may download, with a progress line while it does and a message where it is interrupted.
  static func download<Result>(
    _ label: String, _ body: (@escaping (HubProgress) throws -> Void) throws -> Result
  ) rethrows -> Result {
    let progress = Mutex<(line: Progress, unit: Int)?>(nil)
    defer { progress.withLock { $0?.line.clear() } }
    return try body { event in
      guard event.activity == .downloading, let total = event.bytesTotal else { return }
      progress.withLock { progress in
        if progress == nil {
          Interruption.keeps(in: HubSettings().cacheFolder)
          let unit = total < 10_000_000 ? 1_000 : 1_000_000
          progress = (
            Progress(.init(label, unit: unit == 1_000 ? "kB" : "MB", total: total / unit)), unit
          )
        }
        if let (line, unit) = progress { line.update(event.bytesDone / unit) }
      }
    }
  }

  /// Names of models that are here, and directories.
  static let completion = CompletionKind.custom { _, _, prefix in
    let cached = HubCache().names().map(\.id)
    let folder = prefix.contains("/") ? String(prefix[...(prefix.lastIndex(of: "/") ?? prefix.startIndex)]) : ""
    let entries = (try? FileManager.default.contentsOfDirectory(atPath: folder.isEmpty ? "." : folder)) ?? []
    let directories = entries.filter { !$0.hasPrefix(".") && Folder.exists(folder + $0) }
    return (ModelFolders().names + cached + directories.map { folder + $0 }).filter { $0.hasPrefix(prefix) }.sorted()
  }
}
