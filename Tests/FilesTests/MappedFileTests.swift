import Files
import Foundation
import TestSupport
import Testing

@Suite struct MappedFileTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func mapsTheBytes() throws {
    let path = try folder.write([1, 2, 3], to: "a")
    let file = try MappedFile(path)
    #expect(file.path == path)
    #expect(withExtendedLifetime(file) { Array(file.bytes) } == [1, 2, 3])
  }

  @Test func mapsAnEmptyFile() throws {
    #expect(try MappedFile(folder.write("", to: "a")).bytes.isEmpty)
  }

  @Test func refusesWhatIsNoFile() throws {
    #expect(throws: FileError.missing(path: folder.path("none"))) { try MappedFile(folder.path("none")) }
    #expect(
      throws: FileError.malformed(
        path: folder.path, location: "", expected: "a regular file", found: "something else")
    ) { try MappedFile(folder.path) }
    let pipe = folder.path("pipe")
    try #require(mkfifo(pipe, 0o600) == 0)
    #expect(throws: FileError.self) { try MappedFile(pipe) }
  }
}

@Suite struct DigestTests {
  // FIPS 180-2, appendix B, and the digest of nothing.
  @Test func matchesPublishedDigests() {
    func digest(_ pieces: String...) -> String {
      let digest = Digest()
      for piece in pieces { digest.update(piece) }
      return try digest.finish()
    }
    #expect(digest() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    #expect(digest("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(digest("a", "", "bc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    let million = String(repeating: "a", count: 1_000_000)
    #expect(digest(million) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
  }

  @Test func digestsAFile() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("abc", to: "a")
    #expect(try Digest.ofFile(path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(throws: FileError.missing(path: folder.path("b"))) { try Digest.ofFile(folder.path("b")) }
  }
}

@Suite struct ExactKeyTests {
  @Test func tellsCanonicallyEquivalentTextsApart() {
    #expect(ExactKey("\u{E9}") != ExactKey("e\u{301}"))
    #expect(ExactKey("a") == ExactKey("a"))
    #expect(Set([ExactKey("\u{E9}"), ExactKey("e\u{301}"), ExactKey("e\u{301}")]).count == 2)
  }
}
