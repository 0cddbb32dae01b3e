import DenseMath

/// Reused memory: the system clears the pages of each new buffer, which takes longer than filling it.
///
/// A buffer is free when only the pool refers to it. There are never more buffers than were in use at one time, since a
/// request that no free buffer fits releases one of these; a buffer is at most twice the requested size. Not for use by
/// two threads at a time.
struct BufferPool {
  private var buffers: [FloatBuffer] = []

  /// At least `count` numbers with the contents of the last use, the caller's as long as it is referenced.
  mutating func buffer(count: Int) -> FloatBuffer {
    let free = buffers.indices.filter { isKnownUniquelyReferenced(&buffers[$0]) }
    let nearest = free.min { distance(buffers[$0].count, count) < distance(buffers[$1].count, count) }
    if let nearest {
      if count...2 * count ~= buffers[nearest].count { return buffers[nearest] }
      buffers.remove(at: nearest)
    }
    let buffer = FloatBuffer(uninitializedCount: count)
    buffers.append(buffer)
    return buffer
  }

  /// How badly a buffer of `size` fits `count` numbers: large enough ones come first.
  private func distance(_ size: Int, _ count: Int) -> Int {
    size >= count ? size - count : Int.max - size
  }
}
