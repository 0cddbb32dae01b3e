import Files
import Foundation
import Hub
import Stitching
import Transformer

/// A model that is on this machine, and whether it runs.
package struct ListedModel: Sendable {
  /// Where a listed model is.
  package struct Source: Sendable {
    let name: String
    let folder: String
    /// Of a model in the hub's cache.
    let revision: CachedRepository.Revision?
  }

  private let source: Source
  private let size: Int
  private let licence: String?
  /// Why it does not run; nil where it does.
  private let refusal: String?

  /// The embedded models by name, then those in the cache, each at every commit that is there.
  package static func sources(_ folders: ModelFolders = ModelFolders(), cache: HubCache = HubCache()) -> [Source] {
    folders.names.compactMap { name in folders[name].map { Source(name: name, folder: $0, revision: nil) } }
      + cache.repositories().flatMap { repository in
        repository.revisions.map { revision in
          // main needs no revision; a commit without a ref is named by its hash.
          let suffix = revision.refs.contains("main") ? "" : "@" + (revision.refs.first ?? revision.commit)
          return Source(name: repository.id + suffix, folder: revision.folder, revision: revision)
        }
      }
  }

  /// Opens the model, whose weights stay in the mapped file.
  package init(_ source: Source) {
    self.source = source
    size = source.revision?.size ?? Self.size(of: source.folder)
    licence = ModelCard.licence(in: source.folder)
    do {
      if try StitchedModelFile(ifIn: source.folder) == nil { _ = try Model(directory: source.folder) }
      refusal = nil
    } catch {
      refusal = "\(error)"
    }
  }

  private static func size(of folder: String) -> Int {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return files.reduce(0) { sum, file in
      let attributes = try? FileManager.default.attributesOfItem(atPath: folder + "/" + file)
      return sum + ((attributes?[.size] as? NSNumber)?.intValue ?? 0)
    }
  }

  package static func table(_ models: [ListedModel]) -> Table {
    var table = Table(columns: [
      Table.Column("model", isWhole: true), Table.Column("size", .trailing), Table.Column("commit"),
      Table.Column("licence"), Table.Column("runs"),
    ])
    for model in models {
      table.append([
        Table.Cell(model.source.name, .strong), Table.Cell(model.size.asByteCount),
        Table.Cell(model.source.revision.map { String($0.commit.prefix(7)) } ?? "", .faint),
        .known(model.licence, .faint),
        model.refusal.map { Table.Cell($0.shortened(to: 90), .bad) } ?? Table.Cell("yes", .good),
      ])
    }
    return table
  }
}

extension ListedModel: Encodable {
  package func encode(to encoder: any Encoder) throws {
    try encoder.encode([
      "name": source.name, "folder": source.folder, "source": source.revision == nil ? "embedded" : "cache",
      "commit": source.revision?.commit, "refs": source.revision?.refs ?? [], "size": size, "licence": licence,
      "refusal": refusal,
    ])
  }
}
