import DenseMath

/// Working memory of derivatives, reused between calls. For one pass at a time.
package final class DerivativeWorkspace {
  package let threads: Threads

  enum Role: Hashable { case residual, hidden, projections, heads, attention, features }

  private var buffers: [Role: FloatBuffer] = [:]
  private var pool = BufferPool()

  package init(threads: Threads = .available) { self.threads = threads }

  /// At least `count` numbers with the contents of the last use.
  func buffer(_ role: Role, count: Int) -> FloatBuffer {
    if let buffer = buffers[role], buffer.count >= count { return buffer }
    buffers[role] = nil
    let buffer = FloatBuffer(uninitializedCount: count)
    buffers[role] = buffer
    return buffer
  }

  /// At least `count` numbers with the contents of the last use, reserved while the buffer is referenced.
  func take(_ count: Int) -> FloatBuffer { pool.buffer(count: count) }
}
