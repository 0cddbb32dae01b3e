/// Read-only Float32 numbers with a shape, in C order. Copies share memory, which may be a mapped file.
public struct Tensor: @unchecked Sendable {
  // Sendable although it holds a pointer: the memory is never written after creation, and `owner` keeps it.

  /// Sizes of the axes, outermost first; empty for a scalar.
  public let shape: [Int]
  /// The numbers, `count` of them. Valid while this tensor, or another that shares its memory, is alive.
  public let pointer: UnsafePointer<Float>
  private let owner: AnyObject

  /// Borrows memory that `owner` keeps alive and that is never written.
  public init(shape: [Int], pointer: UnsafePointer<Float>, owner: AnyObject) {
    self.shape = shape
    self.pointer = pointer
    self.owner = owner
  }

  /// Takes over a buffer, which must not be written afterwards. `buffer.count` is at least the product of `shape`.
  public init(shape: [Int], _ buffer: FloatBuffer) {
    precondition(
      shape.reduce(1, *) <= buffer.count, "a tensor of shape \(shape) needs more than \(buffer.count) numbers")
    self.init(shape: shape, pointer: UnsafePointer(buffer.pointer), owner: buffer)
  }

  /// Copies numbers.
  public init(shape: [Int], _ values: [Float]) {
    precondition(shape.reduce(1, *) == values.count, "a tensor of shape \(shape) does not hold \(values.count) numbers")
    let buffer = FloatBuffer(count: values.count)
    values.withUnsafeBufferPointer { source in
      if let base = source.baseAddress { buffer.pointer.update(from: base, count: source.count) }
    }
    self.init(shape: shape, buffer)
  }

  /// How many numbers.
  public var count: Int { shape.reduce(1, *) }
  /// The size of the outermost axis; 1 for a scalar.
  public var rows: Int { shape.first ?? 1 }
  /// Numbers in one step of the outermost axis.
  public var columns: Int { shape.dropFirst().reduce(1, *) }

  /// A copy of the numbers.
  public var values: [Float] { Array(UnsafeBufferPointer(start: pointer, count: count)) }

  /// The number at a flat index.
  public subscript(index: Int) -> Float {
    precondition(index >= 0 && index < count, "index \(index) of a tensor of \(count)")
    return pointer[index]
  }

  /// Rows `range` of the outermost axis, sharing memory.
  public subscript(rows range: Range<Int>) -> Tensor {
    precondition(range.lowerBound >= 0 && range.upperBound <= rows, "rows \(range) of \(rows)")
    return Tensor(
      shape: [range.count] + shape.dropFirst(), pointer: pointer + range.lowerBound * columns, owner: owner)
  }
}
