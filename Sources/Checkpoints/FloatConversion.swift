import DenseMath
import Dispatch

#if _endian(big)
  #error("safetensors files are little-endian and are read in place")
#endif

/// Widening stored numbers to Float32. The loops hold no branch and no call, so that they become vector code; the work
/// is cut in chunks for all processors, because memory and page faults, not arithmetic, bound it.
enum FloatConversion {
  /// Numbers a chunk: 2 MB of Float32, a large page. Two processors that first touch one page at once both clear one.
  static let chunk = 1 << 19

  /// A tensor of IEEE 754 binary16 numbers; exact.
  static func half(_ source: UnsafeRawPointer, shape: [Int], count: Int) -> Tensor {
    converted(shape, count) { range, target in
      for index in range {
        target[index] = widen(half: source.loadUnaligned(fromByteOffset: index &* 2, as: UInt16.self))
      }
    }
  }

  /// A tensor of bfloat16 numbers, which are the upper halves of Float32 ones; exact.
  static func bfloat(_ source: UnsafeRawPointer, shape: [Int], count: Int) -> Tensor {
    converted(shape, count) { range, target in
      for index in range {
        let bits = source.loadUnaligned(fromByteOffset: index &* 2, as: UInt16.self)
        target[index] = Float(bitPattern: UInt32(bits) &<< 16)
      }
    }
  }

  /// A tensor of Float64 numbers, rounded to nearest; one past Float32's range becomes infinite.
  static func double(_ source: UnsafeRawPointer, shape: [Int], count: Int) -> Tensor {
    converted(shape, count) { range, target in
      for index in range {
        target[index] = Float(source.loadUnaligned(fromByteOffset: index &* 8, as: Double.self))
      }
    }
  }

  /// A tensor of Float32 numbers that do not stand at a multiple of 4 bytes.
  static func unaligned(_ source: UnsafeRawPointer, shape: [Int], count: Int) -> Tensor {
    converted(shape, count) { range, target in
      UnsafeMutableRawPointer(target + range.lowerBound)
        .copyMemory(from: source + range.lowerBound * 4, byteCount: range.count * 4)
    }
  }

  /// Runs `body` on ranges that together cover `0..<count`, on several processors when there are several chunks; it may
  /// write only what belongs to its chunk.
  static func forEachChunk(of count: Int, _ body: (_ chunk: Int, _ range: Range<Int>) -> Void) {
    let chunks = (count + chunk - 1) / chunk
    if chunks <= 1 {
      if count > 0 { body(0, 0..<count) }
    } else {
      withoutActuallyEscaping(body) { body in
        nonisolated(unsafe) let body = body
        DispatchQueue.concurrentPerform(iterations: chunks) { body($0, $0 * chunk..<min(count, ($0 + 1) * chunk)) }
      }
    }
  }

  /// What `body` gives for each chunk of `0..<count`.
  static func flags(ofChunksIn count: Int, _ body: (_ range: Range<Int>) -> Bool) -> [Bool] {
    let chunks = (count + chunk - 1) / chunk
    return [Bool](unsafeUninitializedCapacity: chunks) { flags, initialized in
      // Each is written by the one thread that has the chunk.
      nonisolated(unsafe) let flags = flags
      forEachChunk(of: count) { flags.initializeElement(at: $0, to: body($1)) }
      initialized = chunks
    }
  }

  private static func converted(
    _ shape: [Int], _ count: Int, _ convert: (Range<Int>, UnsafeMutablePointer<Float>) -> Void
  ) -> Tensor {
    let buffer = FloatBuffer(uninitializedCount: count)
    forEachChunk(of: count) { convert($1, buffer.pointer) }
    return Tensor(shape: shape, buffer)
  }

  /// Whether none of `count` Float32 numbers is NaN or infinite.
  static func allFinite(_ numbers: UnsafeRawPointer, count: Int) -> Bool {
    // Adding one to an exponent of all ones carries into the sign bit; nothing else does.
    var carries: UInt32 = 0
    for index in 0..<count {
      let value = numbers.loadUnaligned(fromByteOffset: index &* 4, as: UInt32.self)
      carries |= (value & 0x7FFF_FFFF) &+ 0x0080_0000
    }
    return carries >> 31 == 0
  }

  /// Moves exponent and mantissa into place and corrects the exponent's bias, 15 to 127. An exponent of all ones gets
  /// the correction twice, which leaves all ones; a subnormal is 2^-14 plus its value, less 2^-14, exactly.
  private static func widen(half bits: UInt16) -> Float {
    let magnitude = UInt32(bits & 0x7FFF) &<< 13
    let sign = UInt32(bits & 0x8000) &<< 16
    let exponent = magnitude & 0x0F80_0000
    let bias: UInt32 = (127 - 15) << 23
    let smallestNormal: UInt32 = (127 - 14) << 23
    let normal = magnitude &+ bias &+ (exponent == 0x0F80_0000 ? bias : 0)
    let subnormal = (Float(bitPattern: magnitude | smallestNormal) - Float(bitPattern: smallestNormal)).bitPattern
    return Float(bitPattern: sign | (exponent == 0 ? subnormal : normal))
  }
}

extension Tensor {
  /// The flat index of the first number that is NaN or infinite; nil when all are finite. Reads memory once, on all
  /// processors: about 45 ms for the 435 MB of BERT-base on two x86-64 cores, at the speed of memory. For a mapped file
  /// that includes the page faults which the first forward pass is then spared.
  package func firstNonFinite() -> Int? {
    let count = self.count
    let bits = UnsafeRawPointer(pointer)
    let isFinite = FloatConversion.flags(ofChunksIn: count) {
      FloatConversion.allFinite(bits + $0.lowerBound * 4, count: $0.count)
    }
    guard let chunk = isFinite.firstIndex(of: false) else { return nil }
    let start = chunk * FloatConversion.chunk
    return (start..<count).first { !pointer[$0].isFinite }
  }
}
