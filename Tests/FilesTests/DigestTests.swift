import COpenSSL
import Files
import Testing

@Suite struct DigestTests {
  @Test func digestsText() throws {
    let digest = Digest()
    digest.update("a")
    digest.update("bc")
    #expect(try digest.finish() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(try Digest().finish() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
  }

  /// A step that OpenSSL refuses is an error, not a digest of zeros.
  @Test func aFailingCallIsAnError() {
    let refused = Digest(algorithm: nil)
    refused.update("abc")
    #expect(throws: DigestError(call: "EVP_DigestInit_ex")) { try refused.finish() }
    // An algorithm of another length is no SHA-256 either.
    let short = Digest(algorithm: EVP_sha1())
    short.update("abc")
    #expect(throws: DigestError(call: "EVP_DigestFinal_ex")) { try short.finish() }
  }
}
