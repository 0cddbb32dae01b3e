import Files
import Foundation

/// The cache of models that the Hugging Face clients share: read and written in the layout of the Python client.
///
/// A repository is a folder `models--owner--name` with `refs/REVISION` (a text file with a commit's hash),
/// `snapshots/COMMIT/FILE` (relative links), `blobs/ETAG` (what the links lead to) and `.no_exist/COMMIT/FILE` (empty: the
/// hub has no such file at that commit).
public struct HubCache: Sendable {
  /// The folder of the cache.
  public let path: String
  /// For what is written.
  package var folder: CacheFolder { CacheFolder(path) }

  /// The cache in a folder, which need not be there.
  public init(_ path: String) { self.path = path }

  /// The cache that the environment names; see `HubSettings`.
  public init(environment: [String: String] = ProcessInfo.processInfo.environment) {
    self.init(HubSettings(environment: environment).cacheFolder)
  }

  /// The snapshot that a name leads to: by a branch or tag that was downloaded before, by a commit, or by a commit's first
  /// seven digits or more. Opens no connection. The snapshot may hold some of the model's files only.
  /// - Returns: nil where the cache has none.
  /// - Throws: `HubError.ambiguousCommit`, `HubError.damagedCache`, `FileError`.
  public func snapshot(of name: HubName) throws -> HubSnapshot? {
    guard let commit = try commit(of: name) else { return nil }
    let folder = snapshotFolder(name, commit: commit)
    guard Folder.exists(folder) else { return nil }
    return HubSnapshot(id: name.id, revision: name.wantedRevision, commit: commit, folder: folder)
  }

  /// Whether the hub is known to have no such file at that commit.
  package func isKnownAbsent(_ file: String, _ name: HubName, commit: String) -> Bool {
    CacheFolder.size([path, name.folderName, ".no_exist", commit, file].joined(separator: "/")) != nil
  }

  package func snapshotFolder(_ name: HubName, commit: String) -> String {
    [path, name.folderName, "snapshots", commit].joined(separator: "/")
  }

  private func commit(of name: HubName) throws -> String? {
    let revision = name.wantedRevision
    if HubName.isCommit(revision) { return revision }
    let ref = [path, name.folderName, "refs", revision].joined(separator: "/")
    // A folder stands there for the first part of a name with slashes.
    if !Folder.exists(ref), let bytes = try CacheFolder.smallFile(ref, limit: 1 << 10) {
      let text = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
      guard HubName.isCommit(text) else {
        throw HubError.damagedCache(
          path: ref, expected: "a commit's hash of 40 hexadecimal digits",
          found: text.isEmpty ? "nothing" : "\"\(HubError.shown(text))\"")
      }
      return text
    }
    guard (7..<40).contains(revision.utf8.count), HubName.isHexadecimal(revision) else { return nil }
    let commits = commits(name).filter { $0.hasPrefix(revision) }
    guard commits.count <= 1 else {
      throw HubError.ambiguousCommit(id: name.id, digits: revision, commits: commits)
    }
    return commits.first
  }

  /// The commits that there are snapshots of, sorted.
  package func commits(_ name: HubName) -> [String] {
    let snapshots = path + "/" + name.folderName + "/snapshots"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: snapshots)) ?? []
    return names.filter { HubName.isCommit($0) && Folder.exists(snapshots + "/" + $0) }.sorted()
  }
}
