import CBuildCommit

/// The version of this build.
enum Version {
  /// What stamps results.
  static let current = "0.1.0"

  /// The commit that it was built from, with "-dirty" where files were changed; nil where the build was told none.
  static var commit: String? {
    guard let commit = graft_build_commit().map({ String(cString: $0) }), !commit.isEmpty else { return nil }
    return commit
  }

  /// What `graft --version` prints: "0.1.0 (6b158e5f18b9)".
  static var withCommit: String { current + (commit.map { " (\($0))" } ?? "") }
}
