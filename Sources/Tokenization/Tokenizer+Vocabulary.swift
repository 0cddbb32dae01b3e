import Files

extension Tokenizer {
  /// One more than the largest id, added tokens included.
  public var vocabularyCount: Int {
    max(model.vocabulary.count, Int(added.map(\.id).max() ?? -1) + 1)
  }

  /// All tokens in order of id, with their exact scalars; nil for an id no token has.
  public var vocabulary: [String?] { (0..<Int32(vocabularyCount)).map { token($0) } }

  /// The token of an id, as spelt in the vocabulary; nil for an id without a token.
  public func token(_ id: Int32) -> String? {
    addedByID[id] ?? model.vocabulary.token(id).map { String(decoding: $0, as: UTF8.self) }
  }

  /// The id of a token spelt exactly as in the vocabulary.
  public func id(of token: String) -> Int32? {
    addedByContent[ExactKey(token)] ?? model.vocabulary.id(of: token)
  }

  /// The text of ids. WordPiece joins words with a space and pieces without `##`; byte-level BPE gives the bytes, with
  /// U+FFFD for invalid UTF-8; SentencePiece decodes as its library does. Added tokens keep their spelling; ids without
  /// a token are left out.
  public func decode(_ ids: [Int32]) -> String {
    var bytes: [UInt8] = []
    var index = 0
    while index < ids.count {
      let isAdded = addedByID[ids[index]] != nil
      let end = ids[index...].firstIndex { (addedByID[$0] != nil) != isAdded } ?? ids.count
      let run = Array(ids[index..<end])
      switch model {
      case .wordPiece(let model): run.forEach { append(token($0) ?? "", to: &bytes, prefix: model.continuingPrefix) }
      case _ where isAdded: run.forEach { bytes += (addedByID[$0] ?? "").utf8 }
      case .bytePairEncoding(let model): run.forEach { bytes += ByteLevel.decode(model.vocabulary.token($0) ?? []) }
      case .sentencePiece(let model): bytes += model.decode(run)
      }
      index = end
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private func append(_ token: String, to bytes: inout [UInt8], prefix: [UInt8]) {
    let content = token.utf8
    if !bytes.isEmpty, content.starts(with: prefix), content.count > prefix.count {
      bytes += content.dropFirst(prefix.count)
    } else {
      if !bytes.isEmpty, !content.isEmpty { bytes.append(UInt8(ascii: " ")) }
      bytes += content
    }
  }

  /// A token for tables, on one line: each space (and `▁`) as `␣`, `##` kept, control characters and invalid UTF-8
  /// escaped (`\n`, `\u{7}`, `\xE2`). The empty string for an id without a token.
  public func display(_ id: Int32) -> String {
    guard let token = token(id) else { return "" }
    if case .bytePairEncoding = model, addedByID[id] == nil {
      return TokenDisplay.text(ByteLevel.decode(ArraySlice(token.utf8)))
    }
    return TokenDisplay.text(Array(token.utf8))
  }
  /// A token's text without a space around it or `##` before it; U+FFFD for invalid UTF-8. The empty string for an id
  /// without a token, and for a token of spaces.
  public func bareText(_ id: Int32) -> String {
    guard let token = token(id) else { return "" }
    let text: Substring
    if case .wordPiece(let model) = model, addedByID[id] == nil {
      let isContinuing =
        token.utf8.starts(with: model.continuingPrefix) && token.utf8.count > model.continuingPrefix.count
      text = isContinuing ? Substring(token.utf8.dropFirst(model.continuingPrefix.count)) : Substring(token)
    } else {
      text = Substring(decode([id]))
    }
    guard let first = text.firstIndex(where: { !$0.isWhitespace }),
      let last = text.lastIndex(where: { !$0.isWhitespace })
    else { return "" }
    return String(text[first...last])
  }
}
