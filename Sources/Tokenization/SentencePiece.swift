import CSentencePiece
import Files
import Foundation

/// A model of the SentencePiece library (Kudo and Richardson 2018): unigram, BPE, word or character, with its own
/// normaliser.
struct SentencePiece: Sendable {
  let vocabulary: Vocabulary
  let unknown: Int32
  private let library: Library

  /// The library's object; it is not changed after loading, so threads may share it.
  private final class Library: @unchecked Sendable {
    let model: OpaquePointer
    init(_ model: OpaquePointer) { self.model = model }
    deinit { graft_sentencepiece_free(model) }
  }

  /// - Throws: `TokenizationError`, `FileError`.
  init(path: String) throws {
    let mapped = try MappedFile(path)
    let bytes = mapped.bytes.bindMemory(to: UInt8.self)
    let file = try SentencePieceFile(path: path, bytes: bytes)
    vocabulary = file.vocabulary
    unknown = file.unknown
    var error = graft_sentencepiece_error()
    guard let model = graft_sentencepiece_load(bytes.baseAddress, bytes.count, &error) else {
      throw VocabularyFiles.malformed(
        path, "ModelProto", "a model the SentencePiece library takes", Self.message(error))
    }
    withExtendedLifetime(mapped) {}
    library = Library(model)
  }

  /// Tokenizes a part of a well-formed text.
  func encode(_ text: UnsafeBufferPointer<UInt8>, _ part: Range<Int>, into sink: inout TokenSink) throws {
    guard !part.isEmpty else { return }
    let source = UnsafeBufferPointer(rebasing: text[part])
    var pieces: UnsafeMutablePointer<graft_sentencepiece_piece>?
    var count = 0
    var error = graft_sentencepiece_error()
    guard graft_sentencepiece_encode(library.model, source.baseAddress, source.count, &pieces, &count, &error),
      let pieces
    else { throw TokenizationError.library(message: Self.message(error)) }
    defer { free(pieces) }
    for piece in UnsafeBufferPointer(start: pieces, count: count) {
      sink.append(piece.id, sourceRange(piece, in: source).shifted(by: part.lowerBound))
    }
  }

  /// The library assigns a character that becomes several pieces to the last of them; here each gets it. A `▁` alone
  /// that is no space of the text stays empty.
  private func sourceRange(_ piece: graft_sentencepiece_piece, in text: UnsafeBufferPointer<UInt8>) -> Range<Int> {
    let start = min(Int(piece.begin), text.count)
    let end = min(max(Int(piece.end), start), text.count)
    guard start == end, start < text.count else { return start..<end }
    let isLoneSpace = vocabulary.token(piece.id)?.elementsEqual([0xE2, 0x96, 0x81]) ?? false
    return isLoneSpace ? start..<end : characterRange(text, start..<start + 1)
  }

  /// The text of ids of the model.
  func decode(_ ids: [Int32]) -> [UInt8] {
    var text: UnsafeMutablePointer<CChar>?
    var count = 0
    var error = graft_sentencepiece_error()
    let known = ids.filter { vocabulary.token($0) != nil }
    guard graft_sentencepiece_decode(library.model, known, known.count, &text, &count, &error), let text else {
      return []
    }
    defer { free(text) }
    return Array(UnsafeRawBufferPointer(start: text, count: count))
  }

  private static func message(_ error: graft_sentencepiece_error) -> String {
    withUnsafeBytes(of: error.text) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }
}
