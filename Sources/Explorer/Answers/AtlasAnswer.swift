import Atlas
import Files
import Reporting
import Synchronization

/// The atlas that was given: one file, read by one request at a time.
package final class ExploredAtlas: Sendable {
  static let limit = 40

  package let path: String
  private let atlas: Mutex<AtlasBox>

  /// - Throws: `AtlasError`.
  package init(_ path: String) throws {
    self.path = path
    atlas = Mutex(AtlasBox(atlas: try Atlas(path)))
  }

  /// As `graft atlas search` lists it. - Throws: `AtlasError`.
  func search(_ words: String) throws -> JSON {
    try atlas.withLock { box in
      let (matches, count) = try box.atlas.search(words, limit: Self.limit)
      return try JSON(encoding: ["count": count, "matches": matches, "model": box.atlas.modelName] as JSONMembers)
    }
  }
}

/// Only ever used under the lock.
private struct AtlasBox: @unchecked Sendable {
  let atlas: Atlas
}
