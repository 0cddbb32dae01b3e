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
}
