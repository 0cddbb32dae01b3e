import DenseMath
import Files

/// Collects tensors and writes them as one safetensors file. Tensors and arrays are held by reference and streamed to
/// disk, so nothing is copied as a whole. The same tensors give the same bytes, in whatever order they were added.
package struct SafetensorsWriter {
  private enum Numbers {
    case floats([Tensor])
    case doubles([Double])
    case integers([Int64])
    /// A stored tensor of that name.
    case stored(String, any TensorSource)
    /// Written later, through a stream.
    case reserved
  }

  private struct Item {
    let name: String
    let type: ElementType
    let shape: [Int]
    let byteCount: Int
    let numbers: Numbers
  }

  private let metadata: [String: String]
  private var items: [Item] = []

  /// - Parameters:
  ///   - schema: the version of the layout of the tensors, stored as the metadata `graft.schema`.
  ///   - metadata: more texts to store.
  package init(schema: Int = 1, metadata: [String: String] = [:]) {
    self.metadata = metadata.merging(["graft.schema": "\(schema)"]) { _, schema in schema }
  }

  /// Adds a tensor, stored as F32.
  package mutating func add(_ name: String, _ tensor: Tensor) {
    add(name, .float32, tensor.shape, .floats([tensor]))
  }

  /// Adds a tensor of a file as it is stored, under the same name or another. It is read when it is written.
  mutating func add(_ name: String, _ entry: TensorEntry, from source: any TensorSource) {
    add(name, entry.type, entry.shape, .stored(entry.name, source))
  }

  /// Adds tensors of one shape as one tensor with a new outermost axis, stored as F32. There is at least one tensor.
  package mutating func add(_ name: String, stacking tensors: [Tensor]) {
    precondition(!tensors.isEmpty, "nothing to stack in \(name)")
    precondition(tensors.allSatisfy { $0.shape == tensors[0].shape }, "tensors of several shapes in \(name)")
    add(name, .float32, [tensors.count] + tensors[0].shape, .floats(tensors))
  }

  /// Adds numbers in C order, stored as F64. `values.count` is the product of `shape`.
  package mutating func add(_ name: String, shape: [Int], doubles values: [Double]) {
    precondition(shape.reduce(1, *) == values.count, "\(name): shape \(shape) does not hold \(values.count) numbers")
    add(name, .float64, shape, .doubles(values))
  }

  /// Adds numbers in C order, stored as I64. `values.count` is the product of `shape`.
  package mutating func add(_ name: String, shape: [Int], integers values: [Int]) {
    precondition(shape.reduce(1, *) == values.count, "\(name): shape \(shape) does not hold \(values.count) numbers")
    add(name, .int64, shape, .integers(values.map(Int64.init)))
  }

  /// Leaves room for a tensor, F32 or I64, whose numbers are written through `begin`.
  package mutating func reserve(_ name: String, shape: [Int], integers: Bool = false) {
    add(name, integers ? .int64 : .float32, shape, .reserved)
  }

  /// Begins the file, with room for what is reserved.
  /// - Throws: as `write`; `FileError` for a pipe or a device, which takes bytes in their order alone.
  package func begin(_ path: String) throws -> SafetensorsStream {
    let ordered = ordered
    let header = try headerText(ordered, path: path)
    let file = try begin(header, path: path, skips: true)
    var places: [String: (start: Int, byteCount: Int)] = [:]
    var start = 8 + header.utf8.count
    for item in ordered {
      if case .reserved = item.numbers {
        places[item.name] = (start, item.byteCount)
        try file.skip(item.byteCount)
      } else {
        try write(item.numbers, to: file)
      }
      start += item.byteCount
    }
    return SafetensorsStream(file, places: places)
  }

  /// Writes the file, whole or not at all.
  /// - Throws: `FileError` (a full disk among them); what reading a stored tensor throws; `CheckpointError.malformed` when two tensors share a name or one is
  ///   called `__metadata__`.
  package func write(to path: String) throws {
    let ordered = ordered
    let file = try begin(headerText(ordered, path: path), path: path, skips: false)
    for item in ordered { try write(item.numbers, to: file) }
    try file.commit()
  }

  /// 8-byte types first, as the reference implementation does, so that every number stands at a multiple of its size.
  private var ordered: [Item] {
    items.sorted {
      if $0.type.byteWidth != $1.type.byteWidth { return $0.type.byteWidth > $1.type.byteWidth }
      return $0.name.utf8.lexicographicallyPrecedes($1.name.utf8)
    }
  }

  private func begin(_ header: String, path: String, skips: Bool) throws -> OutputFile {
    let file = try OutputFile(path)
    // A pipe is refused before it has got anything.
    if skips { try file.skip(0) }
    var length = UInt64(header.utf8.count).littleEndian
    try withUnsafeBytes(of: &length) { try file.write($0) }
    try file.write(header)
    return file
  }

  private mutating func add(_ name: String, _ type: ElementType, _ shape: [Int], _ numbers: Numbers) {
    let byteCount = shape.reduce(1, *) * type.byteWidth
    items.append(Item(name: name, type: type, shape: shape, byteCount: byteCount, numbers: numbers))
  }

  private func headerText(_ ordered: [Item], path: String) throws -> String {
    let metadataKey = "__metadata__"
    var names: Set<ExactKey> = [ExactKey(metadataKey)]
    var members = [
      JSON.Member(metadataKey, .object(metadata.map { JSON.Member($0.key, .string($0.value)) }))
    ]
    var offset = 0
    for item in ordered {
      guard names.insert(ExactKey(item.name)).inserted else {
        throw CheckpointError.malformed(
          path: path, tensor: item.name, expected: "each name once, none of them \(metadataKey)", found: "it again")
      }
      members.append(
        JSON.Member(
          item.name,
          [
            "dtype": .string(item.type.rawValue), "shape": .array(item.shape.map { .integer($0) }),
            "data_offsets": [.integer(offset), .integer(offset + item.byteCount)],
          ]))
      offset += item.byteCount
    }
    let text = JSON.object(members).serialized()
    return text + String(repeating: " ", count: (8 - text.utf8.count % 8) % 8)
  }

  private func write(_ numbers: Numbers, to file: OutputFile) throws {
    switch numbers {
    case .floats(let tensors):
      for tensor in tensors {
        try withExtendedLifetime(tensor) {
          try file.write(UnsafeRawBufferPointer(start: tensor.pointer, count: tensor.count * 4))
        }
      }
    case .doubles(let values): try values.withUnsafeBytes { try file.write($0) }
    case .integers(let values): try values.withUnsafeBytes { try file.write($0) }
    case .stored(let name, let source):
      let stored = try source.stored(name, shape: nil).1
      try withExtendedLifetime(stored.owner) { try file.write(stored.bytes) }
    case .reserved: preconditionFailure("a reserved tensor without a stream")
    }
  }
}
