import DenseMath

/// A zip file made entry by entry, right or with one fault.
public struct ZipBytes {
  /// What is wrong with an entry.
  public enum Fault: Equatable, Sendable {
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

  public init() {}

  public mutating func add(_ name: String, _ content: [UInt8], _ fault: Fault = .none) {
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
  public var file: [UInt8] {
    let count = UInt16(places.count)
    return bytes + directory + littleEndian(UInt32(0x0605_4B50)) + littleEndian(UInt32(0)) + littleEndian(count)
      + littleEndian(count) + littleEndian(UInt32(directory.count)) + littleEndian(UInt32(bytes.count))
      + littleEndian(UInt16(0))
  }
}
