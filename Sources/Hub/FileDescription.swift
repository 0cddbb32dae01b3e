/// What the hub says of a file before it is downloaded.
package struct FileDescription: Equatable, Sendable {
  /// The path within the repository.
  package let file: String
  /// Where it is downloaded from.
  package let url: HubURL
  /// The normalised ETag: the name of the blob.
  package let etag: String
  /// Bytes; nil where the hub does not say.
  package let size: Int?

  /// What the ETag says of the content.
  package enum Checksum: Equatable, Sendable {
    case sha256
    /// The name that git gives it.
    case gitBlob
    case none
  }

  package var checksum: Checksum {
    guard HubName.isHexadecimal(etag) else { return .none }
    switch etag.utf8.count {
    case 64: return .sha256
    case 40: return .gitBlob
    default: return .none
    }
  }

  package init(file: String, url: HubURL, etag: String, size: Int?) {
    (self.file, self.url, self.etag, self.size) = (file, url, etag, size)
  }

  /// Asks the hub for a file at a commit.
  /// - Throws: `HubError`; `.fileNotFound` where the commit has no such file.
  package init(of file: String, _ name: HubName, commit: String, from client: HubClient) throws {
    let url = try client.url("/\(name.id)/resolve/\(commit)/\(HubURL.encoded(file, keeping: "/"))")
    let head = try client.send(url, isHead: true, following: .description).head
    guard head.status == 200 || head.isRedirect else {
      throw HubError(refusal: head, of: name.id, revision: name.wantedRevision, file: file, client)
    }
    func unexpected(_ expected: String, _ found: String?) -> HubError {
      .unexpectedAnswer(url: url.shown, expected: expected, found: found.map { "\"\(HubError.shown($0))\"" } ?? "none")
    }
    guard head["x-repo-commit"] == commit else {
      throw unexpected("the commit \(commit) (X-Repo-Commit)", head["x-repo-commit"])
    }
    guard let etag = (head["x-linked-etag"] ?? head["etag"]).flatMap(Self.normalized) else {
      throw unexpected("an ETag that can name a file", head["x-linked-etag"] ?? head["etag"])
    }
    // The length of a redirect is not the file's.
    let length = head["x-linked-size"] ?? (head.isRedirect ? nil : head["content-length"])
    if let length, Self.size(length) == nil { throw unexpected("a size in bytes", length) }
    self.init(file: file, url: url, etag: etag, size: length.flatMap(Self.size))
  }

  /// An ETag without quotes and the mark of a weak one; nil for what cannot be the name of a file.
  package static func normalized(_ etag: String) -> String? {
    var text = etag[...]
    if text.hasPrefix("W/") { text = text.dropFirst(2) }
    if text.hasPrefix("\""), text.hasSuffix("\""), text.utf8.count >= 2 { text = text.dropFirst().dropLast() }
    let isGood = text.utf8.allSatisfy { byte in
      switch byte {
      case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."): true
      default: false
      }
    }
    return isGood && (1...128).contains(text.utf8.count) && !text.hasPrefix(".") ? String(text) : nil
  }

  /// A number of bytes in decimal digits; nil for anything else and for what no file can have.
  static func size(_ text: String) -> Int? {
    !text.isEmpty && text.utf8.allSatisfy { (48...57).contains($0) } ? Int(text) : nil
  }
}
