import Foundation

/// A model's repository in the cache.
public struct CachedRepository: Equatable, Sendable {
  /// `name` or `owner/name`.
  public let id: String
  /// Its folder.
  public let path: String
  /// The commits that files are there from, by hash.
  public let revisions: [Revision]
  /// Bytes on disk; a file that several revisions share counts once.
  public let size: Int

  /// The files of one commit.
  public struct Revision: Equatable, Sendable {
    /// The commit's hash.
    public let commit: String
    /// Branches and tags that lead to it, sorted.
    public let refs: [String]
    /// The folder of the files.
    public let folder: String
    /// By name.
    public let files: [File]

    /// Bytes of all files.
    public var size: Int { files.reduce(0) { $0 + $1.size } }
  }

  /// A file of a commit whose bytes are there.
  public struct File: Equatable, Sendable {
    /// The path within the repository.
    public let name: String
    public let size: Int
  }
}

extension HubCache {
  /// The models of the cache, by id. What is no repository, a link that leads nowhere and a ref without a snapshot are
  /// left out. No cache is an empty one.
  public func repositories() -> [CachedRepository] {
    names().map(repository)
  }

  /// The names of the models of the cache, by id.
  package func names() -> [HubName] {
    let folders = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    return folders.compactMap { HubName(folderName: $0) }.filter { !commits($0).isEmpty }.sorted { $0.id < $1.id }
  }

  /// What the cache has of a model.
  package func repository(_ name: HubName) -> CachedRepository {
    let folder = path + "/" + name.folderName
    let refs = refs(folder + "/refs")
    var blobs: [String: Int] = [:]
    let revisions = commits(name).map { commit in
      let snapshot = folder + "/snapshots/" + commit
      var files: [CachedRepository.File] = []
      for file in Self.files(below: snapshot) {
        let path = snapshot + "/" + file
        guard let size = CacheFolder.size(path) else { continue }
        files.append(.init(name: file, size: size))
        blobs[URL(fileURLWithPath: path).resolvingSymlinksInPath().path] = size
      }
      let names = refs.filter { $0.commit == commit }.map(\.name)
      return CachedRepository.Revision(commit: commit, refs: names, folder: snapshot, files: files)
    }
    return CachedRepository(id: name.id, path: folder, revisions: revisions, size: blobs.values.reduce(0, +))
  }

  private func refs(_ folder: String) -> [(name: String, commit: String)] {
    Self.files(below: folder).compactMap { name in
      guard let bytes = try? CacheFolder.smallFile(folder + "/" + name, limit: 1 << 10) else { return nil }
      let text = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
      return HubName.isCommit(text) ? (name, text) : nil
    }
  }

  /// What is no folder below a folder, sorted. Links to folders are not entered.
  private static func files(below folder: String, depth: Int = 0) -> [String] {
    guard depth < 16 else { return [] }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.sorted().flatMap { name -> [String] in
      var status = stat()
      guard lstat(folder + "/" + name, &status) == 0 else { return [] }
      guard status.st_mode & S_IFMT == S_IFDIR else { return [name] }
      return files(below: folder + "/" + name, depth: depth + 1).map { name + "/" + $0 }
    }
  }
}
