import DenseMath

/// Memory that is used again: a system clears the pages of each new buffer, which takes longer than filling it.
///
/// A buffer is free as soon as nobody but the pool refers to it. There are never more buffers than were in use at one
/// time, since a request that none of the free ones fits lets one of these go; and none of more than twice the size that
/// is asked for is given.
/// Not for use by two threads at a time.
struct BufferPool {
  private var buffers: [FloatBuffer] = []

  /// At least `count` numbers with whatever the last use left in them. It is the caller's as long as it is referred to.
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

  /// How much worse than a buffer of `count` numbers one of `size` is: those that are large enough come first.
  private func distance(_ size: Int, _ count: Int) -> Int {
    size >= count ? size - count : Int.max - size
  }
}
