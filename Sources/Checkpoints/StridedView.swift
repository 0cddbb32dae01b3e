import DenseMath

/// Where the numbers of a tensor stand among those of a storage: index i of axis a is `strides[a]` numbers after i - 1.
struct StridedView: Equatable, Sendable {
  /// The number at index 0 of every axis.
  let offset: Int
  /// Sizes of the axes, outermost first; none is negative.
  let shape: [Int]
  /// One for each axis; none is negative.
  let strides: [Int]

  /// Whether C order is the order in which the numbers stand.
  var isContiguous: Bool {
    guard !shape.contains(0) else { return true }
    var expected = 1
    for (size, stride) in zip(shape, strides).reversed() where size != 1 {
      guard stride == expected else { return false }
      expected *= size
    }
    return true
  }

  /// One past the highest number that is read, 0 for an empty tensor; nil when an `Int` cannot hold it.
  var end: Int? {
    guard !shape.contains(0) else { return 0 }
    var last = offset
    for (size, stride) in zip(shape, strides) {
      let (step, stepOverflow) = (size - 1).multipliedReportingOverflow(by: stride)
      let (sum, overflow) = last.addingReportingOverflow(step)
      guard !stepOverflow, !overflow else { return nil }
      last = sum
    }
    return last == Int.max ? nil : last + 1
  }

  /// The numbers of the view in C order.
  /// - Parameters:
  ///   - storage: holds every number that the view reads.
  ///   - width: bytes a number.
  /// - Returns: memory with the numbers and what owns it.
  func gathered(from storage: UnsafeRawBufferPointer, width: Int) -> StoredNumbers {
    let count = shape.reduce(1, *)
    let buffer = FloatBuffer(uninitializedCount: (count * width + 3) / 4)
    let target = UnsafeMutableRawPointer(buffer.pointer)
    if let source = storage.baseAddress, count > 0 {
      let from = source + offset * width
      if width == 4, shape.count == 2, strides[0] == 1, strides[1] >= shape[0], Int(bitPattern: from) % 4 == 0 {
        VectorMath.transpose(
          from.assumingMemoryBound(to: Float.self), stride: strides[1], rows: shape[1], columns: shape[0],
          into: buffer.pointer, stride: shape[1])
      } else {
        copy(from: from, to: target, width: width, count: count)
      }
    }
    return StoredNumbers(bytes: UnsafeRawBufferPointer(start: target, count: count * width), owner: buffer)
  }

  private func copy(from: UnsafeRawPointer, to target: UnsafeMutableRawPointer, width: Int, count: Int) {
    switch width {
    case 1: copy(UInt8.self, from: from, to: target, count: count)
    case 2: copy(UInt16.self, from: from, to: target, count: count)
    case 4: copy(UInt32.self, from: from, to: target, count: count)
    default: copy(UInt64.self, from: from, to: target, count: count)
    }
  }

  private func copy<Element: BitwiseCopyable>(
    _ type: Element.Type, from: UnsafeRawPointer, to target: UnsafeMutableRawPointer, count: Int
  ) {
    let width = MemoryLayout<Element>.size
    let rowSize = shape.last ?? 1
    let rowStride = strides.last ?? 1
    var index = [Int](repeating: 0, count: max(0, shape.count - 1))
    for row in 0..<count / rowSize {
      let start = from + zip(index, strides).reduce(0) { $0 + $1.0 * $1.1 } * width
      let row = target + row * rowSize * width
      for column in 0..<rowSize {
        let value = start.loadUnaligned(fromByteOffset: column * rowStride * width, as: type)
        row.storeBytes(of: value, toByteOffset: column * width, as: type)
      }
      // The next row: the innermost axis that has another index moves on, those inside it begin again.
      for axis in index.indices.reversed() {
        index[axis] += 1
        guard index[axis] == shape[axis] else { break }
        index[axis] = 0
      }
    }
  }
}
