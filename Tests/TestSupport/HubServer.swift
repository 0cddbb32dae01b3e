import Files
import Foundation

/// A Hugging Face hub with a few small repositories on this machine. Large files are kept on another host, to which it
/// redirects: "localhost" in place of 127.0.0.1.
public final class HubServer: Sendable {
  public struct Repository: Sendable {
    public let id: String
    public var commit: String
    public var files: [String: [UInt8]]
    /// Files that are kept on the other host, with a SHA-256 as their ETag; others have the name that git gives them.
    public var large: Set<String>
    /// The token that is needed; nil for a public repository.
    public var token: String?
    /// Whether an agreement is missing.
    public var isGated = false

    public init(
      _ id: String, commit: String = String(repeating: "a1", count: 20), files: [String: [UInt8]],
      large: Set<String> = []
    ) {
      (self.id, self.commit, self.files, self.large) = (id, commit, files, large)
    }
  }

  /// Changes an answer on its way; nil lets it pass.
  public typealias Change = @Sendable (HTTPServer.Request, HTTPServer.Answer) -> HTTPServer.Answer?

  public let server: HTTPServer
  private let state: State

  private final class State: @unchecked Sendable {
    let lock = NSLock()
    var repositories: [Repository]
    var change: Change?
    var port: UInt16 = 0

    init(_ repositories: [Repository]) { self.repositories = repositories }
  }

  public init(_ repositories: Repository...) throws {
    let state = State(repositories)
    self.state = state
    server = try HTTPServer { request in
      let (repositories, change, port) = state.lock.withLock { (state.repositories, state.change, state.port) }
      let answer = Self.answer(request, repositories, port: port)
      return change?(request, answer) ?? answer
    }
    state.lock.withLock { state.port = server.port }
  }

  public var endpoint: String { "http://127.0.0.1:\(server.port)" }

  /// Changes answers from now on.
  public func change(_ change: @escaping Change) { state.lock.withLock { state.change = change } }

  /// Replaces a repository of the same id, as a push does.
  public func push(_ repository: Repository) {
    state.lock.withLock {
      state.repositories.removeAll { $0.id == repository.id }
      state.repositories.append(repository)
    }
  }

  /// The ETag of a file.
  public static func etag(_ bytes: [UInt8], isLarge: Bool) -> String {
    let digest = isLarge ? Digest() : Digest.gitBlob(size: bytes.count)
    bytes.withUnsafeBytes { digest.update($0) }
    return (try? digest.finish()) ?? ""
  }

  private static func answer(
    _ request: HTTPServer.Request, _ repositories: [Repository], port: UInt16
  ) -> HTTPServer.Answer {
    let path = String(request.path.prefix { $0 != "?" })
    if path.hasPrefix("/large/") {
      let found = repositories.lazy.flatMap { repository in repository.large.compactMap { repository.files[$0] } }
        .first { path == "/large/" + etag($0, isLarge: true) }
      return found.map { content($0, request) } ?? HTTPServer.Answer(404)
    }
    let isList = path.hasPrefix("/api/models/")
    let rest = isList ? String(path.dropFirst("/api/models/".count)) : String(path.dropFirst())
    let separator = isList ? "/revision/" : "/resolve/"
    guard let range = rest.range(of: separator),
      let repository = repositories.first(where: { $0.id == rest[..<range.lowerBound] })
    else { return refusal(404, "RepoNotFound") }
    if repository.isGated { return refusal(403, "GatedRepo") }
    if let token = repository.token, request.headers["authorization"] != "Bearer \(token)" {
      return refusal(401, "RepoNotFound")
    }
    let parts = rest[range.upperBound...].split(separator: "/", maxSplits: 1).map {
      String($0).removingPercentEncoding ?? ""
    }
    guard let revision = parts.first, [repository.commit, "main", "refs/pr/1"].contains(revision) else {
      return refusal(404, "RevisionNotFound")
    }
    return isList ? list(repository) : file(parts.dropFirst().first ?? "", repository, request, port: port)
  }

  private static func list(_ repository: Repository) -> HTTPServer.Answer {
    let siblings = repository.files.keys.sorted().map { JSON.object([.init("rfilename", .string($0))]) }
    let json = JSON.object([
      .init("id", .string(repository.id)), .init("sha", .string(repository.commit)), .init("private", false),
      .init("siblings", .array(siblings)),
    ])
    return HTTPServer.Answer(200, [("Content-Type", "application/json")], body: Array(json.serialized().utf8))
  }

  private static func file(
    _ name: String, _ repository: Repository, _ request: HTTPServer.Request, port: UInt16
  ) -> HTTPServer.Answer {
    guard let bytes = repository.files[name] else {
      var answer = refusal(404, "EntryNotFound")
      answer["X-Repo-Commit"] = repository.commit
      return answer
    }
    let isLarge = repository.large.contains(name)
    let etag = etag(bytes, isLarge: isLarge)
    guard isLarge else {
      var answer = content(bytes, request)
      answer.headers += [("X-Repo-Commit", repository.commit), ("ETag", "\"\(etag)\"")]
      return answer
    }
    let headers = [
      ("X-Repo-Commit", repository.commit), ("X-Linked-Etag", "\"\(etag)\""), ("X-Linked-Size", String(bytes.count)),
      ("ETag", "\"of-the-redirect\""), ("Location", "http://localhost:\(port)/large/\(etag)"),
    ]
    return HTTPServer.Answer(302, headers, body: Array("Found. Redirecting".utf8))
  }

  private static func content(_ bytes: [UInt8], _ request: HTTPServer.Request) -> HTTPServer.Answer {
    guard let range = request.headers["range"], range.hasPrefix("bytes="), range.hasSuffix("-"),
      let start = Int(range.dropFirst(6).dropLast())
    else { return HTTPServer.Answer(200, [("Accept-Ranges", "bytes")], body: bytes) }
    guard start < bytes.count else { return HTTPServer.Answer(416) }
    return HTTPServer.Answer(
      206, [("Content-Range", "bytes \(start)-\(bytes.count - 1)/\(bytes.count)")], body: Array(bytes[start...]))
  }

  private static func refusal(_ status: Int, _ code: String) -> HTTPServer.Answer {
    HTTPServer.Answer(status, [("X-Error-Code", code), ("X-Error-Message", "said so")])
  }
}
