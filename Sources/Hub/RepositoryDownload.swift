import Files
import Foundation

/// The download of a model's files at one revision into the cache. To be used by one thread.
final class RepositoryDownload {
  private let name: HubName
  private let cache: HubCache
  private let client: HubClient
  private let progress: Progress

  /// What is reported, and how often.
  final class Progress {
    var file = ""
    var done = 0
    var total: Int?
    private let report: (HubProgress) throws -> Void
    private var last = DispatchTime.now()

    init(_ report: @escaping (HubProgress) throws -> Void) { self.report = report }

    func send(_ activity: HubProgress.Activity, adding bytes: Int = 0) throws {
      if Task.isCancelled { throw CancellationError() }
      last = DispatchTime.now()
      try report(HubProgress(activity, file: file, bytesDone: done + bytes, bytesTotal: total))
    }

    /// Lets a call be cancelled while nothing comes.
    func tick() throws {
      guard DispatchTime.now().uptimeNanoseconds - last.uptimeNanoseconds > 200_000_000 else { return }
      try send(total == nil ? .asking : .downloading, adding: current)
    }

    /// Bytes of the file at hand.
    var current = 0
  }

  /// - Throws: `HubError` for settings that cannot be used; `FileError`.
  init(_ name: HubName, settings: HubSettings, report: @escaping (HubProgress) throws -> Void) throws {
    self.name = name
    cache = HubCache(settings.cacheFolder)
    let progress = Progress(report)
    self.progress = progress
    client = try HubClient(
      settings: settings, proceed: { try progress.tick() },
      willWait: { try progress.send(.retrying(seconds: $0, reason: $1), adding: progress.current) })
  }

  /// Downloads what the cache lacks, and then lets the revision lead to it.
  /// - Throws: `HubError`, `FileError`; what the report throws.
  func run() throws -> HubSnapshot {
    try progress.send(.asking)
    let listing = try RepositoryListing(of: name, from: client)
    let files = Set(listing.files)
    let snapshot = HubSnapshot(
      id: name.id, revision: name.wantedRevision, commit: listing.commit,
      folder: cache.snapshotFolder(name, commit: listing.commit))
    guard files.contains(ModelFileName.config) else {
      throw HubError.fileNotFound(id: name.id, revision: name.wantedRevision, file: ModelFileName.config)
    }
    guard let weights = WeightFileName.first(where: files.contains) else {
      throw HubError.noWeights(
        id: name.id, revision: name.wantedRevision, found: ModelFiles.otherWeights(listing.files))
    }
    var wanted = [ModelFileName.config] + ModelFiles.optional.filter(files.contains)
    if weights.isIndex {
      try download([weights.name], to: snapshot)
      let shards = try ModelFiles.shards(index: snapshot.folder + "/" + weights.name, of: name.id)
      if let missing = shards.first(where: { !files.contains($0) }) {
        throw HubError.fileNotFound(id: name.id, revision: name.wantedRevision, file: missing)
      }
      wanted += shards
    } else {
      wanted.append(weights.name)
    }
    try download(wanted, to: snapshot)
    for file in ModelFiles.optional where !files.contains(file) { try noteAbsence(of: file, commit: snapshot.commit) }
    try noteRevision(commit: snapshot.commit)
    return snapshot
  }

  /// Downloads those of the files that the snapshot lacks.
  private func download(_ files: [String], to snapshot: HubSnapshot) throws {
    var descriptions: [FileDescription] = []
    for file in files where CacheFolder.size(snapshot.folder + "/" + file) == nil {
      progress.file = file
      try progress.send(.asking)
      do {
        descriptions.append(try FileDescription(of: file, name, commit: snapshot.commit, from: client))
      } catch HubError.fileNotFound where ModelFiles.optional.contains(file) {
        try noteAbsence(of: file, commit: snapshot.commit)
      }
    }
    let folder = try cache.folder.create([name.folderName, "blobs"])
    markAsCache()
    try checkSpace(descriptions, folder)
    progress.done = 0
    let sizes = descriptions.map(\.size)
    progress.total = sizes.contains(nil) ? nil : sizes.reduce(0) { Self.sum($0, $1 ?? 0) }
    for description in descriptions {
      progress.file = description.file
      progress.current = 0
      try progress.send(.downloading)
      try download(description, to: snapshot, blobs: folder)
      progress.done = Self.sum(progress.done, description.size ?? progress.current)
      progress.current = 0
    }
    progress.total = nil
  }

  private func download(_ description: FileDescription, to snapshot: HubSnapshot, blobs: String) throws {
    let path = blobs + "/" + description.etag
    let locks = try cache.folder.create([".locks", name.folderName])
    let lock = try BlobLock(locks + "/" + description.etag + ".lock") {
      try progress.send(.waitingForOther)
      client.retry.pause(0.1)
    }
    try withExtendedLifetime(lock) {
      let present = CacheFolder.size(path)
      if present == nil || (description.size ?? present) != present {
        try BlobDownload(id: name.id, description: description, path: path, client: client) { [progress] done in
          progress.current = done
          try progress.send(.downloading, adding: done)
        }.run()
      }
      let levels = description.file.split(separator: "/").count + 1
      let target = String(repeating: "../", count: levels) + "blobs/" + description.etag
      var folder = [name.folderName, "snapshots", snapshot.commit]
      folder += description.file.split(separator: "/").dropLast().map(String.init)
      let last = description.file.split(separator: "/").last.map(String.init) ?? description.file
      try cache.folder.link(target, folder: folder, name: last)
    }
  }

  /// A server may announce sizes whose sum no number holds.
  private static func sum(_ left: Int, _ right: Int) -> Int {
    let (sum, overflow) = left.addingReportingOverflow(right)
    return overflow ? Int.max : sum
  }

  /// - Throws: `HubError.diskFull`.
  private func checkSpace(_ descriptions: [FileDescription], _ folder: String) throws {
    var needed = 0
    for description in descriptions where CacheFolder.size(folder + "/" + description.etag) != description.size {
      let there = CacheFolder.size(folder + "/" + description.etag + ".incomplete") ?? 0
      needed = Self.sum(needed, max(0, (description.size ?? 0) - there))
    }
    guard let free = CacheFolder.freeSpace(folder), free < needed else { return }
    throw HubError.diskFull(path: folder, needed: needed, available: free)
  }

  /// Tells programs that make backups that all this can be downloaded again (bford.info/cachedir).
  private func markAsCache() {
    let tag = "CACHEDIR.TAG"
    guard CacheFolder.size(cache.path + "/" + tag) == nil else { return }
    // A cache without it is one, too.
    try? cache.folder.write("Signature: 8a477f597d28d172789f06886806bc55\n", folder: [], name: tag)
  }

  private func noteAbsence(of file: String, commit: String) throws {
    try cache.folder.touch(folder: [name.folderName, ".no_exist", commit], name: file)
  }

  /// A branch or a tag, or a commit's first digits, leads to the commit from now on.
  private func noteRevision(commit: String) throws {
    let revision = name.wantedRevision
    guard revision != commit else { return }
    let parts = revision.split(separator: "/").map(String.init)
    try cache.folder.write(
      commit, folder: [name.folderName, "refs"] + parts.dropLast(), name: parts.last ?? revision)
  }
}
