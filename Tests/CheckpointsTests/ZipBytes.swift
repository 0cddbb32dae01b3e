import DenseMath
import TestSupport

/// A zip file made entry by entry, right or with one fault.
struct ZipBytes {
  /// What is wrong with an entry.
  enum Fault: Equatable {
    case none
    /// Says it is compressed, to so many bytes of the given.
    case deflated(size: UInt32)
    case encrypted
    /// The header before the entry has another name.
    case otherName
    case otherChecksum
    /// The central directory gives the place of the entry with this number.
    case placeOf(Int)
    case beyondTheFile
    case longer
  }

  private var bytes: [UInt8] = []
  private var directory: [UInt8] = []
  private var places: [Int] = []

  mutating func add(_ name: String, _ content: [UInt8], _ fault: Fault = .none) {
    let method: UInt16 = if case .deflated = fault { 8 } else { 0 }
    let flags: UInt16 = fault == .encrypted ? 0x0801 : 0x0800
    var checksum = content.withUnsafeBytes { Checksum.crc32.of($0) }
    if fault == .otherChecksum { checksum ^= 1 }
    var size = UInt32(content.count)
    if case .deflated(let given) = fault { size = given }
    var packed = UInt32(content.count)
    if fault == .longer { (size, packed) = (size + 1000, packed + 1000) }
    let inside = Array((fault == .otherName ? String(repeating: "x", count: name.utf8.count) : name).utf8)
    places.append(bytes.count)
    var place = places[places.count - 1]
    if case .placeOf(let other) = fault { place = places[other] }
    if fault == .beyondTheFile { place = 1 << 30 }
    let shared =
      littleEndian(flags) + littleEndian(method) + littleEndian(UInt32(0)) + littleEndian(checksum)
      + littleEndian(packed) + littleEndian(size) + littleEndian(UInt16(inside.count)) + littleEndian(UInt16(0))
    bytes += littleEndian(UInt32(0x0403_4B50)) + littleEndian(UInt16(20)) + shared + inside + content
    directory +=
      littleEndian(UInt32(0x0201_4B50)) + littleEndian(UInt32(20)) + shared + [UInt8](repeating: 0, count: 10)
      + littleEndian(UInt32(place)) + Array(name.utf8)
  }

  /// The whole file.
  var file: [UInt8] {
    let count = UInt16(places.count)
    return bytes + directory + littleEndian(UInt32(0x0605_4B50)) + littleEndian(UInt32(0)) + littleEndian(count)
      + littleEndian(count) + littleEndian(UInt32(directory.count)) + littleEndian(UInt32(bytes.count))
      + littleEndian(UInt16(0))
  }
}

/// Pieces of pickles.
enum Pickle {
  static func text(_ text: String) -> [UInt8] { [0x58] + littleEndian(UInt32(text.utf8.count)) + Array(text.utf8) }
  static func int(_ value: Int) -> [UInt8] { [0x8A, 8] + littleEndian(Int64(value)) }
  static func global(_ module: String, _ name: String) -> [UInt8] { Array("c\(module)\n\(name)\n".utf8) }
  static func tuple(_ parts: [[UInt8]]) -> [UInt8] { [0x28] + parts.joined() + [0x74] }
  static let reduce: [UInt8] = [0x52]

  static func tensor(
    shape: [Int], strides: [Int], offset: Int = 0, key: String = "0", count: Int = 4, storage: String = "FloatStorage"
  ) -> [UInt8] {
    let id = tuple([text("storage"), global("torch", storage), text(key), text("cpu"), int(count)]) + [0x51]
    let hooks = global("collections", "OrderedDict") + [0x29] + reduce
    return global("torch._utils", "_rebuild_tensor_v2")
      + tuple([id, int(offset), tuple(shape.map(int)), tuple(strides.map(int)), [0x89], hooks]) + reduce
  }

  /// A pickle of a dict with these pairs.
  static func dict(_ pairs: [(String, [UInt8])]) -> [UInt8] {
    [0x80, 2, 0x7D, 0x28] + pairs.flatMap { text($0) + $1 } + [0x75, 0x2E]
  }

  /// A file of torch.save with this pickle and one storage of 4 numbers, 1 to 4.
  static func archive(_ pickle: [UInt8]) -> [UInt8] {
    var zip = ZipBytes()
    zip.add("a/data.pkl", pickle)
    zip.add("a/data/0", littleEndian([Float(1), 2, 3, 4]))
    return zip.file
  }
}
