import COpenSSL
import Files
import TestSupport
import Testing

@Suite struct DigestTests {
  // FIPS 180-2, appendix B, and the digest of nothing.
  @Test func matchesPublishedDigests() throws {
    func digest(_ pieces: String...) throws -> String {
      let digest = Digest()
      for piece in pieces { digest.update(piece) }
      return try digest.finish()
    }
    #expect(try digest() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    #expect(try digest("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(try digest("a", "", "bc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    let million = String(repeating: "a", count: 1_000_000)
    #expect(try digest(million) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
  }

  // What `git hash-object` prints for an empty file and for "hello" with a line end.
  @Test func namesAFileAsGitDoes() throws {
    #expect(try Digest.gitBlob(size: 0).finish() == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391")
    let digest = Digest.gitBlob(size: 6)
    digest.update("hello\n")
    #expect(try digest.finish() == "ce013625030ba8dba906f756967f9e9ca394464a")
  }

  @Test func digestsAFile() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("abc", to: "a")
    #expect(try Digest.ofFile(path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(throws: FileError.missing(path: folder.path("b"))) { try Digest.ofFile(folder.path("b")) }
  }

  /// A step that OpenSSL refuses is an error, not a digest of zeros.
  @Test func aFailingCallIsAnError() {
    let refused = Digest(algorithm: nil)
    refused.update("abc")
    #expect(throws: DigestError(call: "EVP_DigestInit_ex")) { try refused.finish() }
    // An algorithm of another length is refused too.
    let short = Digest(algorithm: EVP_sha1())
    short.update("abc")
    #expect(throws: DigestError(call: "EVP_DigestFinal_ex")) { try short.finish() }
  }
}
