import DenseMath
import Files

/// A weight file, or several that belong together, whose tensors are found by name. Opening one checks all that says
/// where numbers stand; the numbers themselves are read when asked for.
///
/// The files must not be changed or shortened while the source, or a tensor from it, is in use.
package protocol TensorSource: Sendable {
  /// Where a tensor's numbers are.
  associatedtype Place: Sendable

  /// The file that errors name.
  var path: String { get }
  /// Every file that the numbers come from.
  var files: [MappedFile] { get }
  /// Every tensor and its place.
  var tensors: TensorTable<Place> { get }

  /// The numbers of one of `tensors`: in the mapped file where they stand there in C order, else a copy.
  /// - Throws: `CheckpointError` when a checksum shows that they are damaged.
  func numbers(of entry: TensorEntry, at place: Place) throws -> StoredNumbers

  /// The same, at a multiple of 4 bytes where the source has a better way than a copy of each tensor. What it gives may
  /// keep the numbers of others in memory.
  /// - Throws: as `numbers`.
  func alignedNumbers(of entry: TensorEntry, at place: Place) throws -> StoredNumbers

  /// The file that holds a tensor.
  func path(holding place: Place) -> String
}

/// Numbers in C order, in the type of their entry.
package struct StoredNumbers {
  /// Valid as long as `owner` lives.
  let bytes: UnsafeRawBufferPointer
  let owner: AnyObject
  /// Whether they are Float32 numbers of which none is NaN or infinite; false where nobody looked.
  var isKnownFinite = false
}

/// The tensors of a source by name. No name is there twice.
package struct TensorTable<Place: Sendable>: Sendable {
  /// In the order of their names' bytes.
  package let entries: [TensorEntry]
  private let places: [Place]
  private let positions: [ExactKey: Int]

  init(_ tensors: [(entry: TensorEntry, place: Place)]) {
    let sorted = tensors.sorted { $0.entry.name.utf8.lexicographicallyPrecedes($1.entry.name.utf8) }
    entries = sorted.map(\.entry)
    places = sorted.map(\.place)
    positions = Dictionary(
      entries.enumerated().map { (ExactKey($1.name), $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// nil where there is none of exactly this name.
  func find(_ name: String) -> (entry: TensorEntry, place: Place)? {
    positions[ExactKey(name)].map { (entries[$0], places[$0]) }
  }
}

extension MappedFile: RereadableMemory {
  package var isRereadable: Bool { isMapped }
}

extension TensorSource {
  /// All tensors, in the order of their names' bytes.
  package var entries: [TensorEntry] { tensors.entries }
  /// The names of all tensors, in the order of their bytes.
  package var names: [String] { entries.map(\.name) }

  /// The tensor with exactly this name; nil when there is none.
  package func entry(named name: String) -> TensorEntry? { tensors.find(name)?.entry }

  package func alignedNumbers(of entry: TensorEntry, at place: Place) throws -> StoredNumbers {
    try numbers(of: entry, at: place)
  }

  package func path(holding place: Place) -> String { path }

  /// The file that holds a tensor; `path` where there is none of that name.
  func path(holding name: String) -> String { tensors.find(name).map { path(holding: $0.place) } ?? path }

  /// A tensor as Float32 numbers. F32 in C order is used in place, from the mapped file (copied where it is not aligned
  /// to 4 bytes); F16 and BF16 are widened, F64 is rounded, once. Numbers that are stored as NaN or infinite stay so.
  /// - Parameter shape: what the shape must be; nil accepts any.
  /// - Throws: `CheckpointError`: no such tensor, another shape, no float type, an F64 past Float32's range, a checksum
  ///   that differs.
  package func floats(_ name: String, shape: [Int]? = nil) throws -> Tensor {
    let (entry, place) = try find(name, shape: shape)
    return try floats(entry, alignedNumbers(of: entry, at: place))
  }

  /// The same, all of them finite.
  /// - Throws: `CheckpointError`: as `floats`, and for a number that is NaN or infinite.
  func finiteFloats(_ name: String, shape: [Int]?) throws -> Tensor {
    let (entry, place) = try find(name, shape: shape)
    let stored = try alignedNumbers(of: entry, at: place)
    let tensor = try floats(entry, stored)
    if !stored.isKnownFinite, let index = tensor.firstNonFinite() {
      throw CheckpointError.notFinite(path: path(holding: name), tensor: name, index: index, value: tensor[index])
    }
    return tensor
  }

  private func floats(_ entry: TensorEntry, _ stored: StoredNumbers) throws -> Tensor {
    guard let bytes = stored.bytes.baseAddress else { return Tensor(shape: entry.shape, FloatBuffer(count: 0)) }
    return try withExtendedLifetime(stored.owner) {
      let isInPlace = entry.type == .float32 && Int(bitPattern: bytes) % MemoryLayout<Float>.alignment == 0
      // The numbers are in memory twice otherwise.
      defer { if !isInPlace { (stored.owner as? MappedFile)?.release(stored.bytes) } }
      switch entry.type {
      case .float32 where isInPlace:
        let pointer = bytes.bindMemory(to: Float.self, capacity: entry.count)
        return Tensor(shape: entry.shape, pointer: pointer, owner: stored.owner)
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
  }

  /// A tensor as Float64 numbers, exactly as stored (F64, F32, F16 or BF16), in C order.
  /// - Throws: `CheckpointError`: as `floats`.
  package func doubles(_ name: String, shape: [Int]? = nil) throws -> (shape: [Int], values: [Double]) {
    guard entry(named: name)?.type == .float64 else {
      let tensor = try floats(name, shape: shape)
      return (tensor.shape, tensor.values.map(Double.init))
    }
    let (entry, stored) = try stored(name, shape: shape)
    return (entry.shape, Self.load(stored, entry.count, as: Double.self))
  }

  /// A tensor as integers (any I or U type, or BOOL as 0 and 1), in C order.
  /// - Throws: `CheckpointError`: no such tensor, no integer type, a U64 past `Int.max`, a checksum that differs.
  package func integers(_ name: String) throws -> (shape: [Int], values: [Int]) {
    let (entry, stored) = try stored(name, shape: nil)
    func load<Element: FixedWidthInteger & BitwiseCopyable>(_ type: Element.Type) throws -> [Int] {
      try Self.load(stored, entry.count, as: type).enumerated().map { index, value in
        guard let integer = Int(exactly: value) else {
          throw CheckpointError.outOfRange(
            path: path(holding: name), tensor: entry.name, index: index, value: "\(value)", target: "Int64")
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

  /// A tensor's type, shape and bytes in C order; nil when there is none of that name.
  /// - Throws: `CheckpointError` when a checksum differs.
  package func content(of name: String) throws -> (type: ElementType, shape: [Int], bytes: [UInt8])? {
    guard let (entry, place) = tensors.find(name) else { return nil }
    let stored = try numbers(of: entry, at: place)
    return withExtendedLifetime(stored.owner) { (entry.type, entry.shape, Array(stored.bytes)) }
  }

  /// A tensor's numbers as they are stored.
  /// - Throws: as `floats`, but for the type.
  func stored(_ name: String, shape: [Int]?) throws -> (TensorEntry, StoredNumbers) {
    let (entry, place) = try find(name, shape: shape)
    return (entry, try numbers(of: entry, at: place))
  }

  private func find(_ name: String, shape: [Int]?) throws -> (entry: TensorEntry, place: Place) {
    guard let (entry, place) = tensors.find(name) else {
      throw CheckpointError.missingTensor(path: path, tensor: name, stored: names)
    }
    if let shape, shape != entry.shape {
      throw CheckpointError.wrongShape(path: path(holding: place), tensor: name, expected: shape, found: entry.shape)
    }
    return (entry, place)
  }

  private static func load<Element: BitwiseCopyable>(
    _ stored: StoredNumbers, _ count: Int, as type: Element.Type
  ) -> [Element] {
    withExtendedLifetime(stored.owner) {
      (0..<count).map { stored.bytes.loadUnaligned(fromByteOffset: $0 * MemoryLayout<Element>.size, as: type) }
    }
  }

  /// Throws when a finite F64 number became infinite.
  private func checkRange(_ entry: TensorEntry, _ bytes: UnsafeRawPointer, _ tensor: Tensor) throws {
    guard let first = tensor.firstNonFinite() else { return }
    for index in first..<entry.count where !tensor[index].isFinite {
      let value = bytes.loadUnaligned(fromByteOffset: index * 8, as: Double.self)
      guard !value.isFinite else {
        throw CheckpointError.outOfRange(
          path: path(holding: entry.name), tensor: entry.name, index: index, value: "\(value)", target: "Float32")
      }
    }
  }

  private func wrongType(_ entry: TensorEntry, _ expected: String) -> CheckpointError {
    .wrongType(path: path(holding: entry.name), tensor: entry.name, expected: expected, found: entry.type)
  }
}
