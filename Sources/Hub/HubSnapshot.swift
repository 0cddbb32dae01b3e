/// The files of a model at one commit, in the cache.
public struct HubSnapshot: Equatable, Sendable {
  /// `name` or `owner/name`.
  public let id: String
  /// The branch, tag or commit that was asked for.
  public let revision: String
  /// The commit's hash, 40 hexadecimal digits.
  public let commit: String
  /// The folder that holds the files, in Hugging Face layout: links to where the cache keeps their bytes.
  public let folder: String

  /// The snapshot whose folder this is, by its place in a cache; nil for another folder.
  package init?(folder: String) {
    let parts = folder.split(separator: "/").map(String.init)
    guard parts.count >= 3, let commit = parts.last, HubName.isCommit(commit), parts[parts.count - 2] == "snapshots",
      let name = HubName(folderName: parts[parts.count - 3])
    else { return nil }
    self.init(id: name.id, revision: commit, commit: commit, folder: folder)
  }

  package init(id: String, revision: String, commit: String, folder: String) {
    (self.id, self.revision, self.commit, self.folder) = (id, revision, commit, folder)
  }
}
