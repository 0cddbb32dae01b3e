import Files

/// The header of a safetensors file: 8 bytes with its length (little-endian), a JSON object, then the numbers of all
/// tensors. The format asks that the tensors cover the rest of the file without gap or overlap, and bounds the header.
/// Source: https://github.com/huggingface/safetensors, "Format".
struct SafetensorsHeader {
  /// The reference implementation's bound, against headers made to exhaust memory.
  static let largestLength: UInt64 = 100_000_000

  let metadata: [String: String]
  /// The tensors, and where their numbers begin in the file.
  let tensors: [(entry: TensorEntry, place: Int)]

  /// Parses and checks the header of the whole file `bytes`.
  /// - Throws: `CheckpointError.malformed`; `FileError.malformed` where the JSON itself is broken.
  init(_ bytes: UnsafeRawBufferPointer, path: String) throws {
    let (text, dataStart) = try Self.headerText(bytes, path: path)
    guard case .object(let members) = try Self.parse(text, path: path) else {
      throw CheckpointError.malformed(path: path, tensor: nil, expected: "a JSON object", found: "another value")
    }
    var metadata: [String: String] = [:]
    var tensors: [(entry: TensorEntry, place: Int)] = []
    let dataCount = bytes.count - dataStart
    for member in members {
      if member.key == "__metadata__" {
        metadata = try Self.metadata(member.value, path: path)
      } else {
        let description = TensorDescription(name: member.key, path: path, value: member.value)
        tensors.append(try description.tensor(dataStart: dataStart, dataCount: dataCount))
      }
    }
    try Self.checkCoverage(tensors, dataStart: dataStart, fileSize: bytes.count, path: path)
    self.metadata = metadata
    self.tensors = tensors
  }

  private static func headerText(
    _ bytes: UnsafeRawBufferPointer, path: String
  ) throws -> (text: UnsafeRawBufferPointer, dataStart: Int) {
    func malformed(_ expected: String, _ found: String) -> CheckpointError {
      .malformed(path: path, tensor: nil, expected: expected, found: found)
    }
    if bytes.starts(with: "version https://git-lfs".utf8) {
      throw malformed("a safetensors file", "a Git LFS pointer (run `git lfs pull` in its folder)")
    }
    guard bytes.count >= 8 else {
      throw malformed("8 bytes with the length of the header", "a file of \(bytes.count) bytes")
    }
    let length = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
    guard length <= largestLength else { throw malformed("a header of at most \(largestLength) bytes", "\(length)") }
    guard Int(length) <= bytes.count - 8 else {
      throw malformed("a header of \(length) bytes", "\(bytes.count - 8) bytes before the end of the file")
    }
    let text = UnsafeRawBufferPointer(rebasing: bytes[8..<8 + Int(length)])
    guard text.first == UInt8(ascii: "{") else { throw malformed("a header that begins with \"{\"", "another byte") }
    return (text, 8 + Int(length))
  }

  private static func parse(_ text: UnsafeRawBufferPointer, path: String) throws -> JSON {
    do {
      return try JSON.parse(text, path: path)
    } catch FileError.malformed(_, let location, let expected, let found) {
      throw FileError.malformed(path: path, location: "header, \(location)", expected: expected, found: found)
    }
  }

  private static func metadata(_ value: JSON, path: String) throws -> [String: String] {
    var metadata: [String: String] = [:]
    let node = JSONNode(value, path: path, location: "__metadata__")
    for member in try node.members() {
      let text = try JSONNode(member.value, path: path, location: "__metadata__." + member.key).string()
      // Two keys that differ in bytes may be one to a Dictionary.
      guard metadata.updateValue(text, forKey: member.key) == nil else { throw node.wrong("each key once") }
    }
    return metadata
  }

  private static func checkCoverage(
    _ tensors: [(entry: TensorEntry, place: Int)], dataStart: Int, fileSize: Int, path: String
  ) throws {
    let inFileOrder = tensors.sorted { ($0.place, $0.entry.byteCount) < ($1.place, $1.entry.byteCount) }
    var position = dataStart
    for (entry, place) in inFileOrder {
      guard place == position else {
        let fault = place < position ? "overlaps the tensor before it" : "leaves a gap before it"
        throw CheckpointError.malformed(
          path: path, tensor: entry.name, expected: "data_offsets that begin at \(position - dataStart)",
          found: "\(place - dataStart), which \(fault)")
      }
      position += entry.byteCount
    }
    guard position == fileSize else {
      throw CheckpointError.malformed(
        path: path, tensor: inFileOrder.last?.entry.name, expected: "the end of the file after the last tensor",
        found: "\(fileSize - position) more bytes")
    }
  }
}

/// One member of the header: `{"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}`.
private struct TensorDescription {
  let name: String
  let path: String
  let value: JSON

  func tensor(dataStart: Int, dataCount: Int) throws -> (entry: TensorEntry, place: Int) {
    guard case .object(let members) = value else { throw malformed("an object", value.kind) }
    for member in members where !["dtype", "shape", "data_offsets"].contains(member.key) {
      throw malformed("only dtype, shape and data_offsets", "the key \"\(member.key.prefix(60))\"")
    }
    let type = try elementType()
    let shape = try sizes("shape")
    let offsets = try sizes("data_offsets")
    guard offsets.count == 2, offsets[0] <= offsets[1] else {
      throw malformed("data_offsets of a begin and an end", "\(offsets.prefix(4))")
    }
    guard offsets[1] <= dataCount else {
      throw malformed("data up to byte \(offsets[1])", "a file truncated after byte \(dataCount) of the data")
    }
    guard let entry = TensorEntry(name: name, type: type, shape: shape), entry.byteCount == offsets[1] - offsets[0]
    else {
      throw malformed("the bytes of \(type.rawValue) numbers of shape \(shape)", "\(offsets[1] - offsets[0]) bytes")
    }
    return (entry, dataStart + offsets[0])
  }

  private func elementType() throws -> ElementType {
    guard case .string(let code)? = value["dtype"] else { throw malformed("a dtype", value["dtype"]?.kind ?? "none") }
    guard let type = ElementType(rawValue: code) else {
      let known = ElementType.allCases.map(\.rawValue).joined(separator: ", ")
      throw malformed("a dtype among \(known)", "\"\(code.prefix(60))\"")
    }
    return type
  }

  private func sizes(_ key: String) throws -> [Int] {
    guard case .array(let values)? = value[key] else { throw malformed("an array \(key)", value[key]?.kind ?? "none") }
    return try values.map {
      guard case .integer(let size) = $0, size >= 0 else {
        throw malformed("whole numbers that are not negative in \(key)", $0.kind)
      }
      return size
    }
  }

  private func malformed(_ expected: String, _ found: String) -> CheckpointError {
    .malformed(path: path, tensor: name, expected: expected, found: found)
  }
}
