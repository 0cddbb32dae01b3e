/// Where a download is.
public struct HubProgress: Equatable, Sendable {
  /// What is going on.
  public enum Activity: Equatable, Sendable {
    /// The hub is asked what there is.
    case asking
    case downloading
    /// Another process is downloading the same file.
    case waitingForOther
    /// The hub did not answer well; it is asked again in so many seconds.
    case retrying(seconds: Double, reason: String)
  }

  public let activity: Activity
  /// The file at hand; empty where there is none.
  public let file: String
  /// Bytes of all files that are there, what was left by an earlier call included.
  public let bytesDone: Int
  /// Bytes of all files; nil where it is not known yet.
  public let bytesTotal: Int?

  package init(_ activity: Activity, file: String = "", bytesDone: Int = 0, bytesTotal: Int? = nil) {
    (self.activity, self.file, self.bytesDone, self.bytesTotal) = (activity, file, bytesDone, bytesTotal)
  }
}
