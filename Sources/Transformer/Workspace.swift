import DenseMath

/// Working memory of forward passes, reused so that a run over many texts allocates once. For one pass at a time.
public final class Workspace {
  /// The threads of passes that use this memory.
  public let threads: Threads
  /// What products of these passes, and of heads over the vocabulary, read; maps between models and classifiers read
  /// Float32.
  public let precision: Precision

  enum Role: Hashable {
    case normalized, projections, headOutputs, update, mlpHidden, scores, weights, spareHidden, vocabulary, rounded
    case joinedKeys
  }

  private var buffers: [Role: FloatBuffer] = [:]

  /// Memory for passes on these threads.
  public init(threads: Threads = .available, precision: Precision = .float32) {
    (self.threads, self.precision) = (threads, precision)
  }

  /// How many numbers it holds.
  package var count: Int { buffers.values.reduce(0) { $0 + $1.count } }

  /// A buffer of at least `count` numbers with the contents of the last use.
  func buffer(_ role: Role, count: Int) -> FloatBuffer {
    if let buffer = buffers[role], buffer.count >= count { return buffer }
    let buffer = FloatBuffer(count: count)
    buffers[role] = buffer
    return buffer
  }

  /// Rows of such a buffer, laid out for products to read.
  func rows(_ role: Role, _ rows: Int, columns: Int) -> MutableMatrixView {
    let stride = MutableMatrixView.readingStride(columns: columns)
    return MutableMatrixView(
      buffer(role, count: rows * stride).pointer, rows: rows, columns: columns, stride: stride)
  }

  /// Gives `buffer` to `role` and returns the previous one, which must be at least as large.
  func exchange(_ buffer: FloatBuffer, for role: Role) -> FloatBuffer {
    let former = self.buffer(role, count: buffer.count)
    buffers[role] = buffer
    return former
  }
}

/// The residual stream of a batch at one depth: one row of d numbers per token, packed.
public struct HiddenState {
  /// [T, d], possibly with unused capacity after it.
  public internal(set) var buffer: FloatBuffer
  /// T
  public let tokens: Int
  /// d
  public let width: Int

  /// The first number.
  public var pointer: UnsafeMutablePointer<Float> { buffer.pointer }

  /// The rows, [T, d].
  var matrix: MutableMatrixView { MutableMatrixView(buffer, rows: tokens, columns: width) }

  /// Zeros.
  public init(tokens: Int, width: Int) {
    buffer = FloatBuffer(count: tokens * width)
    self.tokens = tokens
    self.width = width
  }

  /// A copy of `tokens` rows of `width` numbers.
  public init(copying source: UnsafePointer<Float>, tokens: Int, width: Int) {
    self.init(tokens: tokens, width: width)
    pointer.update(from: source, count: tokens * width)
  }

  /// Copies the memory if another value shares it, before it is written.
  mutating func makeUnique() {
    guard !isKnownUniquelyReferenced(&buffer) else { return }
    self = HiddenState(copying: pointer, tokens: tokens, width: width)
  }

  /// A copy of the numbers, row after row.
  public var values: [Float] { Array(UnsafeBufferPointer(start: pointer, count: tokens * width)) }
}
