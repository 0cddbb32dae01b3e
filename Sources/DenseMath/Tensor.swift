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

  /// Whether the numbers are a part of a file that is mapped, from which they can be read again.
  package var isRereadable: Bool { (owner as? any RereadableMemory)?.isRereadable ?? false }

  /// The same numbers in memory of their own where they are a part of a file: reading a few of them there would bring up to
  /// 2 MB of what lies beside them back, after its release.
  package var inMemory: Tensor { isRereadable ? Tensor(shape: shape, values) : self }

  /// Gives their memory back until they are read again.
  package func release() {
    (owner as? any RereadableMemory)?.release(UnsafeRawBufferPointer(start: pointer, count: 4 * count))
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

/// Memory that can be given back to the system, since its content is in a file.
package protocol RereadableMemory: AnyObject {
  /// Not so where the content was made in memory.
  var isRereadable: Bool { get }
  /// Gives a part back; whoever reads it again has it read from the file.
  func release(_ part: UnsafeRawBufferPointer)
}
