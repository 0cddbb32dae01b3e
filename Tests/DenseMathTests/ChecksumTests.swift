import DenseMath
import TestSupport
import Testing

@Suite struct ChecksumTests {
  private func check(_ bytes: [UInt8], _ checksum: Checksum) -> UInt32 { bytes.withUnsafeBytes { checksum.of($0) } }

  /// One bit at a time, from the definition.
  private func slow(_ bytes: [UInt8], _ polynomial: UInt32) -> UInt32 {
    var remainder = ~UInt32(0)
    for byte in bytes {
      remainder ^= UInt32(byte)
      for _ in 0..<8 { remainder = remainder & 1 == 1 ? remainder >> 1 ^ polynomial : remainder >> 1 }
    }
    return ~remainder
  }

  /// The check values of the catalogue of parametrised CRC algorithms.
  @Test func knownValues() {
    #expect(check(Array("123456789".utf8), .crc32) == 0xCBF4_3926)
    #expect(check(Array("123456789".utf8), .crc32c) == 0xE306_9283)
    #expect(check([], .crc32) == 0)
    #expect(check([UInt8](repeating: 0, count: 32), .crc32c) == 0x8A91_36AA)
  }

  @Test(arguments: InstructionSet.allCases.filter(\.isAvailable))
  func everyLengthOnEverySet(_ set: InstructionSet) throws {
    var random = SplitMix64(seed: 5)
    let bytes = (0..<1100).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    try set.run {
      for length in 0..<bytes.count {
        let part = Array(bytes.suffix(length))
        #expect(check(part, .crc32) == slow(part, 0xEDB8_8320), "\(length) bytes")
        #expect(check(part, .crc32c) == slow(part, 0x82F6_3B78), "\(length) bytes")
      }
    }
  }

  /// Checked in chunks, by several threads.
  @Test(arguments: [1 << 20, 1 << 20 + 1, 3 << 20, 3 << 20 + 77]) func longMessages(length: Int) {
    var random = SplitMix64(seed: 6)
    let bytes = (0..<length).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    #expect(check(bytes, .crc32) == slow(bytes, 0xEDB8_8320))
    #expect(check(bytes, .crc32c) == slow(bytes, 0x82F6_3B78))
  }
}
