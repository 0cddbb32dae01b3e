import Files

/// The tensors of a pickle that is a dict of tensors, or has one under "state_dict".
struct StateDict {
  /// A tensor and its name.
  typealias Item = (entry: TensorEntry, tensor: PickledTensor)

  let items: [Item]
  let storages: [PickledStorage]

  /// - Throws: `CheckpointError`: another value than such a dict, a name twice, a view that reaches past its storage.
  init(_ value: PickleValue, of reader: PickleReader) throws {
    let path = reader.path
    guard case .dictionary(let top) = value else {
      throw reader.refused("a dict of tensors", found: value.kind)
    }
    var dictionary = reader.dictionaries[top]
    if let inner = dictionary.last(where: { $0.key == .string("state_dict") }),
      case .dictionary(let number) = inner.value
    {
      dictionary = reader.dictionaries[number]
    }
    var names: Set<ExactKey> = []
    items = try dictionary.map { key, value in
      guard case .string(let name) = key else { throw reader.refused("names of tensors", found: key.kind) }
      guard case .tensor(let number) = value else {
        throw reader.refused(
          "a dict of tensors, or one under \"state_dict\"",
          found: "\(value.kind) under \"\(PickleReader.quoted(name))\"")
      }
      guard names.insert(ExactKey(name)).inserted else {
        throw CheckpointError.malformed(path: path, tensor: name, expected: "each name once", found: "it again")
      }
      let tensor = reader.tensors[number]
      return (try Self.entry(name, tensor, in: reader.storages[tensor.storage], path: path), tensor)
    }
    storages = reader.storages
    try checkSize(of: reader)
  }

  private static func entry(
    _ name: String, _ tensor: PickledTensor, in storage: PickledStorage, path: String
  ) throws -> TensorEntry {
    func malformed(_ expected: String, _ found: String) -> CheckpointError {
      .malformed(path: path, tensor: name, expected: expected, found: found)
    }
    let view = tensor.view
    let (bytes, overflow) = storage.count.multipliedReportingOverflow(by: storage.byteWidth)
    guard let entry = TensorEntry(name: name, type: tensor.type, shape: view.shape), !overflow else {
      throw malformed("a shape whose numbers can be counted", "\(view.shape)")
    }
    let count = bytes / tensor.type.byteWidth
    guard let end = view.end, end <= count else {
      throw malformed(
        "numbers within the storage \(PickleReader.quoted(storage.key)), which has \(count)",
        "shape \(view.shape) with strides \(view.strides) from number \(view.offset)")
    }
    guard entry.count <= count else {
      throw malformed(
        "at most the \(count) numbers of the storage \(PickleReader.quoted(storage.key))",
        "shape \(view.shape), which repeats them")
    }
    return entry
  }

  /// Tensors may share storages, as tied weights do, but not so often that they take many times the file.
  private func checkSize(of reader: PickleReader) throws {
    let most = reader.fileSize.multipliedReportingOverflow(by: 8)
    var total = 0
    for item in items {
      let (sum, overflow) = total.addingReportingOverflow(item.entry.byteCount)
      guard !overflow, most.overflow || sum <= most.partialValue else {
        throw CheckpointError.malformed(
          path: reader.path, tensor: item.entry.name, expected: "tensors of at most 8 times the bytes of their file",
          found: "more, by views of the same numbers")
      }
      total = sum
    }
  }
}
