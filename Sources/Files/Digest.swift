import COpenSSL

/// SHA-256 as lower-case hexadecimal, the digest that stamps record; for git objects SHA-1.
package final class Digest {
  private let context: OpaquePointer?
  /// Bytes of the result.
  private let length: UInt32
  /// The first call that failed; `finish` throws it.
  private var failure: DigestError?

  package convenience init() { self.init(algorithm: EVP_sha256()) }

  /// - Parameter algorithm: an OpenSSL algorithm with 32 bytes; nil fails, as does one that the system forbids.
  package convenience init(algorithm: OpaquePointer?) { self.init(algorithm: algorithm, length: 32) }

  private init(algorithm: OpaquePointer?, length: UInt32) {
    self.length = length
    context = EVP_MD_CTX_new()
    check(EVP_DigestInit_ex(context, algorithm, nil), "EVP_DigestInit_ex")
  }

  /// The name that git gives a file's content: SHA-1 over its size and its bytes, which are to be added; 40 digits. It
  /// recognises damage, not forgery.
  package static func gitBlob(size: Int) -> Digest {
    let digest = Digest(algorithm: EVP_sha1(), length: 20)
    digest.update("blob \(size)\0")
    return digest
  }

  deinit { EVP_MD_CTX_free(context) }

  package func update(_ bytes: UnsafeRawBufferPointer) {
    guard failure == nil else { return }
    check(EVP_DigestUpdate(context, bytes.baseAddress, bytes.count), "EVP_DigestUpdate")
  }

  /// Adds the UTF-8 bytes of a text.
  package func update(_ text: String) {
    var text = text
    text.withUTF8 { update(UnsafeRawBufferPointer($0)) }
  }

  /// 64 hexadecimal digits, or 40 for `gitBlob`; the digest takes no more bytes afterwards.
  /// - Throws: `DigestError` when OpenSSL refused a step.
  package func finish() throws -> String {
    var bytes = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
    var count: UInt32 = 0
    if failure == nil { check(EVP_DigestFinal_ex(context, &bytes, &count), "EVP_DigestFinal_ex") }
    if let failure { throw failure }
    guard count == length else { throw DigestError(call: "EVP_DigestFinal_ex") }
    return bytes[..<Int(count)].map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  /// The digest of a whole file. Throws `FileError`, `DigestError`.
  package static func ofFile(_ path: String) throws -> String {
    let file = try MappedFile(path)
    let digest = Digest()
    withExtendedLifetime(file) { digest.update(file.bytes) }
    return try digest.finish()
  }

  private func check(_ status: Int32, _ call: String) {
    if status != 1, failure == nil { failure = DigestError(call: call) }
  }
}

/// OpenSSL did not compute a SHA-256.
public struct DigestError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The function that failed.
  public let call: String

  /// A failure of the library's function of this name.
  public init(call: String) { self.call = call }

  public var description: String {
    "SHA-256: OpenSSL's \(call) failed, so no result can be stamped; check the OpenSSL configuration (OPENSSL_CONF) for "
      + "providers or properties that leave SHA-256 out"
  }
}
