import Files

/// What the hub says of a repository at a revision.
package struct RepositoryListing: Equatable, Sendable {
  /// The commit's hash.
  package let commit: String
  /// The paths of its files, each checked to be one within the repository.
  package let files: [String]

  /// The answer for a repository with a hundred thousand files has about 5 MB.
  static let largestAnswer = 1 << 24
  static let mostFiles = 100_000

  /// Asks the hub.
  /// - Throws: `HubError`.
  package init(of name: HubName, from client: HubClient) throws {
    let path = "/api/models/\(name.id)/revision/\(HubURL.encoded(name.wantedRevision))"
    let url = try client.url(path)
    var bytes: [UInt8] = []
    let answer = try client.send(url, following: .anyHost, restart: { bytes = [] }) { _, more in
      guard bytes.count + more.count <= Self.largestAnswer else {
        throw HubError.unexpectedAnswer(
          url: url.shown, expected: "a list of files of at most \(Self.largestAnswer) bytes", found: "a longer answer")
      }
      bytes += more
    }
    guard answer.head.status == 200 else {
      throw HubError(refusal: answer.head, of: name.id, revision: name.wantedRevision, file: nil, client)
    }
    try self.init(answer: bytes, of: name, url: url.shown)
  }

  /// Reads the hub's answer.
  /// - Throws: `HubError.unexpectedAnswer`, `HubError.unsafeFileName`.
  package init(answer: [UInt8], of name: HubName, url: String) throws {
    func unexpected(_ expected: String, _ found: String) -> HubError {
      .unexpectedAnswer(url: url, expected: expected, found: found)
    }
    let json: JSON
    do { json = try answer.withUnsafeBytes { try JSON.parse($0, path: url) } } catch {
      throw unexpected("the description of a model as JSON", answer.isEmpty ? "nothing" : "something else")
    }
    guard case .string(let commit)? = json["sha"], HubName.isCommit(commit) else {
      throw unexpected("a commit's hash of 40 hexadecimal digits (sha)", HubError.shown(json["sha"]?.kind ?? "none"))
    }
    if HubName.isCommit(name.wantedRevision), name.wantedRevision != commit {
      throw unexpected("the commit \(name.wantedRevision)", commit)
    }
    guard case .array(let siblings)? = json["siblings"] else {
      throw unexpected("a list of files (siblings)", HubError.shown(json["siblings"]?.kind ?? "none"))
    }
    guard siblings.count <= Self.mostFiles else {
      throw unexpected("at most \(Self.mostFiles) files", "\(siblings.count)")
    }
    self.commit = commit
    files = try siblings.map { sibling in
      guard case .string(let file)? = sibling["rfilename"] else {
        throw unexpected("a name for each file (rfilename)", HubError.shown(sibling["rfilename"]?.kind ?? "none"))
      }
      if let reason = Self.unsafety(of: file) {
        throw HubError.unsafeFileName(id: name.id, name: HubError.shown(file), reason: reason)
      }
      return file
    }
  }

  /// Why a path is not one within a repository; nil where it is.
  package static func unsafety(of path: String) -> String? {
    guard !path.isEmpty else { return "is empty" }
    guard !path.hasPrefix("/") else { return "begins at the root of the disk" }
    guard path.utf8.count <= 1024 else { return "is longer than 1024 bytes" }
    for byte in path.utf8 {
      if byte < 0x20 || byte == 0x7F { return "has a control character" }
      if byte == UInt8(ascii: "\\") { return "has a backslash, which separates folders on other systems" }
    }
    for part in path.split(separator: "/", omittingEmptySubsequences: false) {
      switch part {
      case "": return "has an empty part"
      case ".", "..": return "leads through \"\(part)\""
      default: if part.utf8.count > 255 { return "has a part of more than 255 bytes" }
      }
    }
    return nil
  }
}
