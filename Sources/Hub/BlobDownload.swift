import Files
import Foundation

/// The download of one file into the cache's blobs: resumed where it was interrupted, checked, and put in place at once.
struct BlobDownload {
  let id: String
  let description: FileDescription
  /// The blob's path.
  let path: String
  let client: HubClient
  /// Gets the bytes of this file that are there; what it throws ends the download, which can be resumed.
  let report: (_ done: Int) throws -> Void

  /// The most bytes of a file whose size the hub does not say.
  private static let largestUnannounced = 1 << 26

  /// Downloads the file. The caller holds its lock.
  /// - Throws: `HubError`, `FileError`; what `report` throws.
  func run() throws {
    let incomplete = path + ".incomplete"
    do {
      // What an earlier call left may be damaged; what comes now is judged by itself.
      if try !attempt(incomplete, resumes: description.checksum != .none) {
        unlink(incomplete)
        _ = try attempt(incomplete, resumes: false)
      }
    } catch let error as HubError {
      switch error {
      case .wrongSize, .wrongChecksum: unlink(incomplete)
      default: break
      }
      throw error
    }
    guard rename(incomplete, path) == 0 else {
      // Without locks, another process may have put the same bytes in place.
      if errno == ENOENT, CacheFolder.size(path) != nil { return }
      throw FileError.fromErrno(path: path, action: "write")
    }
  }

  /// Fills the file and checks it.
  /// - Returns: false for a wrong file that began with bytes of an earlier download.
  /// - Throws: `HubError.wrongSize` and `.wrongChecksum` for one that began with nothing; all other errors.
  private func attempt(_ incomplete: String, resumes: Bool) throws -> Bool {
    let size = AnnouncedSize(description.size)
    let kind = description.checksum
    let writer = try BlobWriter(incomplete) {
      switch kind {
      case .sha256: Digest()
      case .gitBlob: size.bytes.map { Digest.gitBlob(size: $0) }
      case .none: nil
      }
    }
    if resumes, let limit = size.bytes {
      try writer.resume(limit: limit) { try report(writer.count) }
    } else {
      try writer.restart()
    }
    let hadBytes = writer.count > 0
    var attempts = HubClient.Attempts()
    while size.bytes != writer.count {
      let before = writer.count
      do {
        try fetch(into: writer, size)
        try writer.flush()
        guard let bytes = size.bytes else { break }
        guard writer.count == bytes else {
          throw HubClient.Setback.cut("the answer ended after \(writer.count) of \(bytes) bytes")
        }
      } catch let setback as HubClient.Setback {
        try writer.flush()
        if writer.count > before { attempts = HubClient.Attempts() }
        try client.wait(after: setback, of: description.url, &attempts)
      }
    }
    try report(writer.count)
    guard let error = try check(writer) else { return true }
    guard hadBytes else { throw error }
    return false
  }

  /// The size of the file, which the answer says where the description did not.
  private final class AnnouncedSize {
    var bytes: Int?

    init(_ bytes: Int?) { self.bytes = bytes }
  }

  /// Asks for what is missing.
  private func fetch(into writer: BlobWriter, _ size: AnnouncedSize) throws {
    let start = writer.count
    var hasBegun = false
    let answer = try client.sendOnce(
      description.url, headers: start > 0 ? ["Range: bytes=\(start)-"] : [], following: .anyHost
    ) { head, bytes in
      if !hasBegun { try begin(head, start: start, writer, size) }
      hasBegun = true
      let limit = size.bytes ?? Self.largestUnannounced
      guard writer.total + bytes.count <= limit else {
        throw HubError.wrongSize(id: id, file: description.file, expected: limit, found: writer.total + bytes.count)
      }
      let before = writer.count
      try writer.append(bytes)
      if writer.count > before { try report(writer.count) }
    }
    switch answer.head.status {
    case 200, 206:
      // A body of no bytes is an answer, too.
      if !hasBegun { try begin(answer.head, start: start, writer, size) }
    case 416 where start > 0:
      try writer.restart()
    default:
      throw HubError(refusal: answer.head, of: id, revision: "this commit", file: description.file, client)
    }
  }

  /// Reads the header of an answer whose bytes are to be written.
  private func begin(_ head: ResponseHead, start: Int, _ writer: BlobWriter, _ size: AnnouncedSize) throws {
    func unexpected(_ expected: String, _ found: String?) -> HubError {
      .unexpectedAnswer(
        url: description.url.shown, expected: expected, found: found.map { "\"\(HubError.shown($0))\"" } ?? "none")
    }
    let encoding = head["content-encoding"] ?? "identity"
    guard encoding.lowercased() == "identity" else {
      throw unexpected("the file as it is, without Content-Encoding", encoding)
    }
    if head.status == 206 {
      let range = head["content-range"] ?? ""
      guard range.hasPrefix("bytes \(start)-") else {
        throw unexpected("a range from byte \(start) (Content-Range)", range)
      }
      return
    }
    // The whole file, although a part of it was asked for.
    if start > 0 { try writer.restart() }
    let length = head["content-length"].flatMap(FileDescription.size)
    if let bytes = size.bytes, let length, bytes != length {
      throw HubError.wrongSize(id: id, file: description.file, expected: bytes, found: length)
    }
    if size.bytes == nil, let length {
      size.bytes = length
      try checkSpace(length)
      // The digest of git begins with the size.
      try writer.restart()
    }
  }

  private func checkSpace(_ size: Int) throws {
    guard let free = CacheFolder.freeSpace(OutputTarget.folder(of: path)), free < size else { return }
    throw HubError.diskFull(path: path, needed: size, available: free)
  }

  private func check(_ writer: BlobWriter) throws -> HubError? {
    let found: String?
    do { found = try writer.digest() } catch let error as DigestError {
      // Some systems forbid SHA-1; the size has been checked.
      guard description.checksum == .gitBlob else { throw error }
      found = nil
    }
    guard let found, found != description.etag else { return nil }
    return .wrongChecksum(id: id, file: description.file, expected: description.etag, found: found)
  }
}
