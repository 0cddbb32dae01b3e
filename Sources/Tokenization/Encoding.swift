/// A tokenized text: three arrays of one length.
public struct Encoding: Equatable, Sendable {
  /// Vocabulary ids, special tokens included.
  public let ids: [Int32]
  /// The vocabulary's own strings: `##ing`, `Ġfilm`, `▁film`.
  public let tokens: [String]
  /// UTF-8 byte ranges of the original text. A token that is part of one character has the character's range; template
  /// tokens have `0..<0`.
  public let offsets: [Range<Int>]

  /// Three arrays of one length.
  public init(ids: [Int32], tokens: [String], offsets: [Range<Int>]) {
    self.ids = ids
    self.tokens = tokens
    self.offsets = offsets
  }
}

/// The output of a tokenizer's stages.
struct TokenSink {
  private(set) var ids: [Int32] = []
  /// Ranges of the text the stages work on; empty unless asked for.
  var offsets: [Range<Int>] = []
  let keepsOffsets: Bool
  /// Bytes without a token, and how often each came.
  private(set) var dropped: [UInt8: Int] = [:]
  private let limit: Int

  /// - Parameter limit: how many ids are needed; the stages may stop once there are more.
  init(keepsOffsets: Bool, limit: Int = .max) {
    self.keepsOffsets = keepsOffsets
    self.limit = limit
  }

  /// Whether more than `limit` ids have come.
  var isFull: Bool { ids.count > limit }

  @inline(__always)
  mutating func append(_ id: Int32, _ range: @autoclosure () -> Range<Int>) {
    ids.append(id)
    if keepsOffsets { offsets.append(range()) }
  }

  /// Counts a byte that has no token.
  mutating func drop(_ byte: UInt8) { dropped[byte, default: 0] += 1 }
}
