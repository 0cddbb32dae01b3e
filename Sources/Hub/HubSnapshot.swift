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

  package init(id: String, revision: String, commit: String, folder: String) {
    (self.id, self.revision, self.commit, self.folder) = (id, revision, commit, folder)
  }
}
