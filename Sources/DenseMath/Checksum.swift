import CVectorMath
import Dispatch

/// A 32-bit cyclic redundancy check in reflected bit order, begun and ended with all bits flipped: what zip files and
/// TensorFlow checkpoints keep of their contents.
///
/// Long messages are folded by carry-less products (`cvm_fold`), short ones and ends read through tables of 8 bytes at a
/// time; every table and factor follows from the polynomial.
package struct Checksum: Sendable {
  /// CRC-32 of zip and gzip.
  package static let crc32 = Checksum(polynomial: 0xEDB8_8320)
  /// CRC-32C, Castagnoli's, of LevelDB and TensorFlow.
  package static let crc32c = Checksum(polynomial: 0x82F6_3B78)

  /// Bytes that one processor checks at once: they stay in its cache for whoever reads them next.
  package static let chunk = 1 << 18

  /// Without its highest term; bit 31 is the coefficient of x⁰.
  private let polynomial: UInt32
  /// Entry 256 k + b: what the byte b adds to the remainder when k more bytes follow it.
  private let table: [UInt32]
  /// By the steps that `cvm_fold` takes on one processor or another.
  private let folds: [(step: Int, factors: cvm_fold_factors)]

  private init(polynomial: UInt32) {
    self.polynomial = polynomial
    var table = [UInt32](repeating: 0, count: 8 * 256)
    for byte in 0..<256 {
      var value = UInt32(byte)
      for _ in 0..<8 { value = value & 1 == 1 ? value >> 1 ^ polynomial : value >> 1 }
      table[byte] = value
    }
    for entry in 256..<2048 { table[entry] = table[Int(table[entry - 256] & 0xFF)] ^ table[entry - 256] >> 8 }
    self.table = table
    // The product of two reflected factors stands one bit too low, which the exponents make up for.
    func factor(_ exponent: Int) -> UInt64 { UInt64(Self.power(exponent, polynomial)) << 32 }
    func factors(step: Int) -> cvm_fold_factors {
      cvm_fold_factors(
        far: (factor(step * 8 + 63), factor(step * 8 - 1)), near: (factor(128 + 63), factor(128 - 1)))
    }
    folds = [128, 256].map { ($0, factors(step: $0)) }
  }

  /// The check of `bytes`; long ones are checked by all processors.
  /// - Parameter visit: is given each chunk, while it is in the cache; several at once, by several threads.
  package func of(
    _ bytes: UnsafeRawBufferPointer, visitingChunks visit: (UnsafeRawBufferPointer) -> Void = { _ in }
  ) -> UInt32 {
    let chunks = (bytes.count + Self.chunk - 1) / Self.chunk
    guard chunks > 1 else {
      defer { visit(bytes) }
      return check(bytes)
    }
    let parts = ChunkChecks(count: chunks)
    nonisolated(unsafe) let bytes = bytes
    withoutActuallyEscaping(visit) { visit in
      // A visitor reads memory that nobody writes; the compiler cannot see that.
      nonisolated(unsafe) let visit = visit
      DispatchQueue.concurrentPerform(iterations: chunks) { index in
        let range = index * Self.chunk..<min(bytes.count, (index + 1) * Self.chunk)
        let chunk = UnsafeRawBufferPointer(rebasing: bytes[range])
        parts.pointer[index] = check(chunk)
        visit(chunk)
      }
    }
    let whole = Self.power(Self.chunk * 8, polynomial)
    let last = Self.power((bytes.count - (chunks - 1) * Self.chunk) * 8, polynomial)
    return (1..<chunks).reduce(parts.pointer[0]) { all, index in
      Self.product(all, index == chunks - 1 ? last : whole, polynomial) ^ parts.pointer[index]
    }
  }

  private func check(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    var remainder = ~UInt32(0)
    var position = 0
    let step = cvm_fold_step()
    if let start = bytes.baseAddress, let fold = folds.first(where: { $0.step == step }), bytes.count >= step {
      position = bytes.count / step * step
      remainder = withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 16) { rest in
        guard let target = rest.baseAddress else { return remainder }
        withUnsafePointer(to: fold.factors) { factors in
          cvm_fold(target, start.assumingMemoryBound(to: UInt8.self), position, remainder, step, factors)
        }
        return readThrough(UnsafeRawBufferPointer(rest), from: 0, beginning: 0)
      }
    }
    return ~readThrough(bytes, from: position, beginning: remainder)
  }

  private func readThrough(_ bytes: UnsafeRawBufferPointer, from start: Int, beginning: UInt32) -> UInt32 {
    table.withUnsafeBufferPointer { table in
      var remainder = beginning
      var position = start
      while bytes.count - position >= 8 {
        let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
        let low = UInt32(truncatingIfNeeded: word) ^ remainder
        let high = UInt32(truncatingIfNeeded: word >> 32)
        remainder = 0
        for byte in 0..<4 {
          remainder ^= table[(7 - byte) * 256 + Int(low >> (UInt32(byte) * 8) & 0xFF)]
          remainder ^= table[(3 - byte) * 256 + Int(high >> (UInt32(byte) * 8) & 0xFF)]
        }
        position += 8
      }
      for byte in bytes[position...] { remainder = table[Int((remainder ^ UInt32(byte)) & 0xFF)] ^ remainder >> 8 }
      return remainder
    }
  }

  /// x to the power of `exponent`, modulo the polynomial.
  private static func power(_ exponent: Int, _ polynomial: UInt32) -> UInt32 {
    var result: UInt32 = 1 << 31
    var square: UInt32 = 1 << 30
    var exponent = exponent
    while exponent > 0 {
      if exponent & 1 == 1 { result = product(result, square, polynomial) }
      square = product(square, square, polynomial)
      exponent >>= 1
    }
    return result
  }

  /// The product of two remainders, modulo the polynomial.
  private static func product(_ left: UInt32, _ right: UInt32, _ polynomial: UInt32) -> UInt32 {
    var result: UInt32 = 0
    var right = right
    for bit in (0..<32).reversed() {
      if left >> UInt32(bit) & 1 == 1 { result ^= right }
      right = right & 1 == 1 ? right >> 1 ^ polynomial : right >> 1
    }
    return result
  }
}

/// The check of each chunk; each is written by the one thread that has the chunk.
private final class ChunkChecks: @unchecked Sendable {
  let pointer: UnsafeMutablePointer<UInt32>

  init(count: Int) {
    pointer = .allocate(capacity: count)
    pointer.initialize(repeating: 0, count: count)
  }

  deinit { pointer.deallocate() }
}
