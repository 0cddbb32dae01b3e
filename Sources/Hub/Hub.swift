/// Models by their names on the Hugging Face Hub: found in the cache, or downloaded into it.
public enum Hub {
  /// Finds a model's files: in the cache where they are all there, without asking the hub whether the revision has moved
  /// on; else on the hub, from which the missing ones are downloaded.
  /// - Parameters:
  ///   - offline: opens no connection; `HubSettings.isOffline` does the same.
  ///   - progress: called now and then during a download; what it throws ends the call, and a later one resumes.
  /// - Throws: `HubError`, `FileError`; `CancellationError` when the task is cancelled; what `progress` throws.
  public static func resolve(
    _ name: HubName, offline: Bool = false, settings: HubSettings = HubSettings(),
    progress: @escaping (HubProgress) throws -> Void = { _ in }
  ) throws -> HubSnapshot {
    let cache = HubCache(settings.cacheFolder)
    let snapshot = try cache.snapshot(of: name)
    var missing = "the model"
    if let snapshot {
      let lack = try ModelFiles.missing(in: snapshot) { cache.isKnownAbsent($0, name, commit: snapshot.commit) }
      guard let lack else { return snapshot }
      missing = lack
    }
    guard !offline, !settings.isOffline else {
      throw HubError.offline(
        id: name.id, revision: name.wantedRevision, missing: missing, cache: settings.cacheFolder)
    }
    guard let snapshot else { return try RepositoryDownload(name, settings: settings, report: progress).run() }
    // What is missing is that commit's: the revision stays where it is.
    let pinned = try HubName("\(name.id)@\(snapshot.commit)")
    let complete = try RepositoryDownload(pinned, settings: settings, report: progress).run()
    return HubSnapshot(
      id: name.id, revision: name.wantedRevision, commit: complete.commit, folder: complete.folder)
  }

  /// Asks the hub where the revision is now, downloads what the cache lacks of it, and lets the revision lead there.
  /// - Parameter progress: as in `resolve`.
  /// - Throws: as `resolve`; `HubError.offline` where the settings forbid it.
  public static func pull(
    _ name: HubName, offline: Bool = false, settings: HubSettings = HubSettings(),
    progress: @escaping (HubProgress) throws -> Void = { _ in }
  ) throws -> HubSnapshot {
    guard !offline, !settings.isOffline else {
      throw HubError.offline(
        id: name.id, revision: name.wantedRevision, missing: "its newest commit", cache: settings.cacheFolder)
    }
    return try RepositoryDownload(name, settings: settings, report: progress).run()
  }
}
