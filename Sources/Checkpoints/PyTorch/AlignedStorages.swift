import DenseMath
import Files
import Synchronization

/// Storages of Float32 numbers that do not stand at a multiple of 4 bytes, as in most files of PyTorch's older
/// container. They are copied together, once, when the first number is asked for: one large piece of memory costs
/// fewer page faults, and keeps all processors busy, unlike a piece for each tensor.
final class AlignedStorages: Sendable {
  private let file: MappedFile
  /// What is copied: from the first of the storages to the end of the last.
  private let range: Range<Int>
  private let copy = Mutex<AlignedCopy?>(nil)

  /// - Parameter storages: where Float32 numbers stand in the file; the same one may be there several times.
  /// - Returns: nil where none needs a copy, or most of the copy would be something else.
  init?(_ file: MappedFile, _ storages: [Range<Int>]) {
    let odd = Set(storages).filter { $0.lowerBound % 4 != 0 && !$0.isEmpty }
    guard let start = odd.map(\.lowerBound).min() else { return nil }
    // Others have another distance from a multiple of 4, and are copied one by one.
    let copied = odd.filter { ($0.lowerBound - start) % 4 == 0 && $0.count % 4 == 0 }
    guard let end = copied.map(\.upperBound).max(), (end - start) / 2 <= copied.reduce(0, { $0 + $1.count }) else {
      return nil
    }
    self.file = file
    range = start..<end
  }

  /// The numbers that stand at these bytes of the file; nil where they are not among the storages.
  func numbers(at bytes: Range<Int>) -> StoredNumbers? {
    guard bytes.lowerBound >= range.lowerBound, bytes.upperBound <= range.upperBound,
      (bytes.lowerBound - range.lowerBound) % 4 == 0
    else { return nil }
    let copy = copy.withLock { copy in
      let made = copy ?? AlignedCopy(file, range)
      copy = made
      return made
    }
    return copy.numbers(at: bytes.lowerBound - range.lowerBound..<bytes.upperBound - range.lowerBound)
  }
}

/// A copy of a part of a file, at a multiple of 4 bytes. Nothing is written after `init`, so that threads may share it.
private final class AlignedCopy: @unchecked Sendable {
  private let buffer: FloatBuffer
  /// For each chunk of `FloatConversion` whether all of it would be finite Float32 numbers.
  private let isFinite: [Bool]

  /// Numbers that stay in a processor's nearest cache from the copy to the look at them.
  private static let piece = 1 << 12

  /// - Parameter range: of a length that 4 divides.
  init(_ file: MappedFile, _ range: Range<Int>) {
    let source = UnsafeRawBufferPointer(rebasing: file.bytes[range])
    let count = range.count / 4
    let buffer = FloatBuffer(uninitializedCount: count)
    self.buffer = buffer
    isFinite = FloatConversion.flags(ofChunksIn: count) { chunk in
      guard let start = source.baseAddress else { return true }
      var isFinite = true
      for first in stride(from: chunk.lowerBound, to: chunk.upperBound, by: Self.piece) {
        let size = min(Self.piece, chunk.upperBound - first)
        let target = UnsafeMutableRawPointer(buffer.pointer + first)
        target.copyMemory(from: start + first * 4, byteCount: size * 4)
        if !FloatConversion.allFinite(target, count: size) { isFinite = false }
      }
      // The numbers are in memory twice otherwise.
      file.release(UnsafeRawBufferPointer(rebasing: source[chunk.lowerBound * 4..<chunk.upperBound * 4]))
      return isFinite
    }
  }

  /// - Parameter bytes: of the copy, beginning at a multiple of 4.
  func numbers(at bytes: Range<Int>) -> StoredNumbers {
    let first = bytes.lowerBound / 4 / FloatConversion.chunk
    let last = max(first, (bytes.upperBound - 1) / 4 / FloatConversion.chunk)
    return StoredNumbers(
      bytes: UnsafeRawBufferPointer(start: UnsafeRawPointer(buffer.pointer) + bytes.lowerBound, count: bytes.count),
      owner: self, isKnownFinite: isFinite[first...last].allSatisfy(\.self))
  }
}
