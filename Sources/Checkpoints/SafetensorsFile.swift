import DenseMath
import Files

/// A memory-mapped safetensors file. Opening it checks the whole header; the numbers are read when asked for.
///
/// The file must not be changed or shortened while it, or a tensor from it, is in use: replace it by renaming another
/// over it, as `SafetensorsWriter` does.
package struct SafetensorsFile: Sendable {
  /// The path the file was opened by.
  package let path: String
  /// The texts under `__metadata__`.
  package let metadata: [String: String]
  /// All tensors, in the order of their names' bytes.
  package let entries: [TensorEntry]
  private let positions: [ExactKey: Int]
  private let file: MappedFile

  /// - Throws: `FileError` when the file cannot be mapped or its header is no JSON, `CheckpointError.malformed` when it
  ///   breaks the format: truncated, oversized, overlapping, with gaps, of unknown types, of shapes that do not fit.
  package init(_ path: String) throws {
    file = try MappedFile(path)
    let header = try SafetensorsHeader(file.bytes, path: path)
    self.path = path
    metadata = header.metadata
    entries = header.entries
    var positions: [ExactKey: Int] = [:]
    for (position, entry) in entries.enumerated() { positions[ExactKey(entry.name)] = position }
    self.positions = positions
  }

  /// The names of all tensors, in the order of their bytes.
  package var names: [String] { entries.map(\.name) }

  /// The tensor with exactly this name; nil when there is none.
  package func entry(named name: String) -> TensorEntry? {
    positions[ExactKey(name)].map { entries[$0] }
  }

  /// A tensor as Float32 numbers. F32 is used in place, from the mapped file (copied where it is not aligned to 4
  /// bytes); F16 and BF16 are widened, F64 is rounded, once. Numbers that are stored as NaN or infinite stay so.
  /// - Parameter shape: what the shape must be; nil accepts any.
  /// - Throws: `CheckpointError`: no such tensor, another shape, no float type, an F64 past Float32's range.
  package func floats(_ name: String, shape: [Int]? = nil) throws -> Tensor {
    let (entry, bytes) = try stored(name, shape: shape)
    switch entry.type {
    case .float32 where Int(bitPattern: bytes) % MemoryLayout<Float>.alignment == 0:
      let pointer = bytes.bindMemory(to: Float.self, capacity: entry.count)
      return Tensor(shape: entry.shape, pointer: pointer, owner: file)
    case .float32: return FloatConversion.unaligned(bytes, shape: entry.shape, count: entry.count)
    case .float16: return FloatConversion.half(bytes, shape: entry.shape, count: entry.count)
    case .bfloat16: return FloatConversion.bfloat(bytes, shape: entry.shape, count: entry.count)
    case .float64:
      let tensor = FloatConversion.double(bytes, shape: entry.shape, count: entry.count)
      try checkRange(entry, bytes, tensor)
      return tensor
    default: throw wrongType(entry, "F32, F16, BF16 or F64")
    }
  }

  /// A tensor as Float64 numbers, exactly as stored (F64, F32, F16 or BF16), in C order.
  /// - Throws: `CheckpointError`: no such tensor, no float type, another shape than `shape`.
  package func doubles(_ name: String, shape: [Int]? = nil) throws -> (shape: [Int], values: [Double]) {
    let (entry, bytes) = try stored(name, shape: shape)
    guard entry.type == .float64 else {
      let tensor = try floats(name)
      return (tensor.shape, tensor.values.map(Double.init))
    }
    return (entry.shape, Self.load(bytes, entry.count, as: Double.self))
  }

  /// A tensor as integers (any I or U type, or BOOL as 0 and 1), in C order.
  /// - Throws: `CheckpointError`: no such tensor, no integer type, a U64 past `Int.max`.
  package func integers(_ name: String) throws -> (shape: [Int], values: [Int]) {
    let (entry, bytes) = try stored(name, shape: nil)
    func load<Element: FixedWidthInteger & BitwiseCopyable>(_ type: Element.Type) throws -> [Int] {
      try Self.load(bytes, entry.count, as: type).enumerated().map { index, value in
        guard let integer = Int(exactly: value) else {
          throw CheckpointError.outOfRange(
            path: path, tensor: entry.name, index: index, value: "\(value)", target: "Int64")
        }
        return integer
      }
    }
    let values: [Int]
    switch entry.type {
    case .int64: values = try load(Int64.self)
    case .int32: values = try load(Int32.self)
    case .int16: values = try load(Int16.self)
    case .int8: values = try load(Int8.self)
    case .uint64: values = try load(UInt64.self)
    case .uint32: values = try load(UInt32.self)
    case .uint16: values = try load(UInt16.self)
    case .uint8: values = try load(UInt8.self)
    case .bool: values = try load(UInt8.self).map { $0 == 0 ? 0 : 1 }
    default: throw wrongType(entry, "an integer type")
    }
    return (entry.shape, values)
  }

  /// The SHA-256 of the whole file, as 64 hexadecimal digits.
  func sha256() throws -> String {
    let digest = Digest()
    withExtendedLifetime(file) { digest.update(file.bytes) }
    return try digest.finish()
  }

  private func stored(_ name: String, shape: [Int]?) throws -> (TensorEntry, UnsafeRawPointer) {
    guard let entry = entry(named: name), let start = file.bytes.baseAddress else {
      throw CheckpointError.missingTensor(path: path, tensor: name, stored: names)
    }
    if let shape, shape != entry.shape {
      throw CheckpointError.wrongShape(path: path, tensor: name, expected: shape, found: entry.shape)
    }
    return (entry, start + entry.range.lowerBound)
  }

  private static func load<Element: BitwiseCopyable>(
    _ bytes: UnsafeRawPointer, _ count: Int, as type: Element.Type
  ) -> [Element] {
    (0..<count).map { bytes.loadUnaligned(fromByteOffset: $0 * MemoryLayout<Element>.size, as: type) }
  }

  /// Throws when a finite F64 number became infinite.
  private func checkRange(_ entry: TensorEntry, _ bytes: UnsafeRawPointer, _ tensor: Tensor) throws {
    guard let first = tensor.firstNonFinite() else { return }
    for index in first..<entry.count where !tensor[index].isFinite {
      let value = bytes.loadUnaligned(fromByteOffset: index * 8, as: Double.self)
      guard !value.isFinite else {
        throw CheckpointError.outOfRange(
          path: path, tensor: entry.name, index: index, value: "\(value)", target: "Float32")
      }
    }
  }

  private func wrongType(_ entry: TensorEntry, _ expected: String) -> CheckpointError {
    .wrongType(path: path, tensor: entry.name, expected: expected, found: entry.type)
  }
}
