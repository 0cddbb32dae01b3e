import COpenSSL

/// SHA-256, as lower-case hexadecimal: what stamps a result with the files it came from.
public final class Digest {
  private let context: OpaquePointer?

  public init() {
    context = EVP_MD_CTX_new()
    EVP_DigestInit_ex(context, EVP_sha256(), nil)
  }

  deinit { EVP_MD_CTX_free(context) }

  public func update(_ bytes: UnsafeRawBufferPointer) {
    EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
  }

  /// Adds the UTF-8 bytes of a text.
  public func update(_ text: String) {
    var text = text
    text.withUTF8 { update(UnsafeRawBufferPointer($0)) }
  }

  /// 64 hexadecimal digits; the digest takes no more bytes afterwards.
  public func finish() -> String {
    var bytes = [UInt8](repeating: 0, count: 32)
    var length: UInt32 = 32
    EVP_DigestFinal_ex(context, &bytes, &length)
    return bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  /// The digest of a whole file. Throws `FileError`.
  public static func ofFile(_ path: String) throws -> String {
    let file = try MappedFile(path)
    let digest = Digest()
    withExtendedLifetime(file) { digest.update(file.bytes) }
    return digest.finish()
  }
}
