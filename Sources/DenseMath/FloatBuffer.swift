#if canImport(Glibc)
  import Glibc
#endif

/// Mutable Float32 working memory, aligned to at least 64 bytes.
public final class FloatBuffer {
  /// `count` numbers; valid as long as this object lives.
  public let pointer: UnsafeMutablePointer<Float>
  /// How many numbers.
  public let count: Int
  private static let hugePage = 1 << 21

  /// Zeros.
  public convenience init(count: Int) {
    self.init(uninitializedCount: count)
    pointer.initialize(repeating: 0, count: count)
  }

  /// Uninitialized memory, for a caller that writes every number before it reads any.
  public init(uninitializedCount count: Int) {
    self.count = count
    let bytes = max(count, 1) * MemoryLayout<Float>.stride
    let isLarge = bytes >= Self.hugePage
    let raw = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: isLarge ? Self.hugePage : 64)
    #if canImport(Glibc)
      // Page faults take longer than filling the memory; pages of 2 MB make them few. A refusal only costs time.
      if isLarge { madvise(raw, bytes / Self.hugePage * Self.hugePage, MADV_HUGEPAGE) }
    #endif
    pointer = raw.bindMemory(to: Float.self, capacity: max(count, 1))
  }

  deinit { UnsafeMutableRawPointer(pointer).deallocate() }
}
