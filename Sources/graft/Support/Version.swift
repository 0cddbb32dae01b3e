/// The version of this build: what `graft --version` prints and what stamps results.
enum Version {
  static let current = "0.1.0"
}
