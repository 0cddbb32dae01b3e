/// Pieces of pickles.
public enum Pickle {
  public static func text(_ text: String) -> [UInt8] {
    [0x58] + littleEndian(UInt32(text.utf8.count)) + Array(text.utf8)
  }
  public static func int(_ value: Int) -> [UInt8] { [0x8A, 8] + littleEndian(Int64(value)) }
  public static func global(_ module: String, _ name: String) -> [UInt8] { Array("c\(module)\n\(name)\n".utf8) }
  public static func tuple(_ parts: [[UInt8]]) -> [UInt8] { [0x28] + parts.joined() + [0x74] }
  public static let reduce: [UInt8] = [0x52]

  public static func tensor(
    shape: [Int], strides: [Int], offset: Int = 0, key: String = "0", count: Int = 4, storage: String = "FloatStorage"
  ) -> [UInt8] {
    let id = tuple([text("storage"), global("torch", storage), text(key), text("cpu"), int(count)]) + [0x51]
    let hooks = global("collections", "OrderedDict") + [0x29] + reduce
    return global("torch._utils", "_rebuild_tensor_v2")
      + tuple([id, int(offset), tuple(shape.map(int)), tuple(strides.map(int)), [0x89], hooks]) + reduce
  }

  /// A pickle of a dict with these pairs.
  public static func dict(_ pairs: [(String, [UInt8])]) -> [UInt8] {
    [0x80, 2, 0x7D, 0x28] + pairs.flatMap { text($0) + $1 } + [0x75, 0x2E]
  }

  /// A file of torch.save with this pickle and one storage of 4 numbers, 1 to 4.
  public static func archive(_ pickle: [UInt8]) -> [UInt8] {
    var zip = ZipBytes()
    zip.add("a/data.pkl", pickle)
    zip.add("a/data/0", littleEndian([Float(1), 2, 3, 4]))
    return zip.file
  }

  /// A file of torch.save in its older container: a pickle of a dict, and storages of Float32 numbers by their keys.
  public static func stream(_ pickle: [UInt8], _ storages: [(key: String, numbers: [Float])]) -> [UInt8] {
    let magic: [UInt8] = [0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]
    let start: [UInt8] = [0x80, 2]
    let pickles = [
      start + [0x8A, 10] + magic + [0x2E], start + [0x4D, 0xE9, 0x03, 0x2E], dict([("little_endian", [0x88])]), pickle,
      start + [0x5D, 0x28] + storages.flatMap { text($0.key) } + [0x65, 0x2E],
    ]
    return pickles.flatMap(\.self)
      + storages.flatMap { littleEndian(Int64($0.numbers.count)) + littleEndian($0.numbers) }
  }
}
