/// Damaged variants of a file, the same ones for the same seed: bits flipped, bytes replaced, pieces cut out, doubled
/// or swapped, ends cut off or added, and digits and JSON punctuation exchanged, which passes the parser.
public struct Mutator {
  private var state: UInt64

  public init(seed: UInt64) { state = seed }

  /// A variant with 1 to 4 faults.
  public mutating func damaged(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    for _ in 0...below(4) { damage(&bytes) }
    return bytes
  }

  private mutating func damage(_ bytes: inout [UInt8]) {
    guard !bytes.isEmpty else { return bytes.append(UInt8(below(256))) }
    let position = below(bytes.count)
    let end = position + below(min(16, bytes.count - position)) + 1
    switch below(9) {
    case 0: bytes[position] ^= 1 << UInt8(below(8))
    case 1: bytes[position] = UInt8(below(256))
    case 2: bytes.removeSubrange(position..<end)
    case 3: bytes.insert(contentsOf: bytes[position..<end], at: position)
    case 4: bytes.swapAt(position, below(bytes.count))
    case 5: bytes.removeSubrange(position...)
    case 6: bytes.append(contentsOf: bytes[position..<end])
    case 7: replace(&bytes, among: Array("0123456789".utf8), near: position, with: Array("0123456789-.eE".utf8))
    default: replace(&bytes, among: Array("\"{}[],:".utf8), near: position, with: Array("\"{}[],: \\".utf8))
    }
  }

  /// Replaces the first byte from `position` on that is one of `set`.
  private mutating func replace(_ bytes: inout [UInt8], among set: [UInt8], near position: Int, with choices: [UInt8]) {
    guard let found = bytes[position...].firstIndex(where: set.contains) else { return }
    bytes[found] = choices[below(choices.count)]
  }

  /// A number in `0..<bound`. SplitMix64: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014.
  private mutating func below(_ bound: Int) -> Int {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return Int((mixed ^ (mixed >> 31)) % UInt64(bound))
  }
}
