/// What a tokenizer could not read in a run's texts: bytes without a token, and texts of unknown tokens alone.
public struct TextProblems: Equatable, Sendable {
  /// How many texts have a problem, and the first of them.
  public struct Count: Equatable, Sendable {
    /// How many texts.
    public private(set) var texts = 0
    /// The source of the first of them.
    public private(set) var first = ""

    fileprivate mutating func add(_ source: String) {
      if texts == 0 { first = source }
      texts += 1
    }

    fileprivate mutating func add(_ other: Count) {
      if texts == 0 { first = other.first }
      texts += other.texts
    }
  }

  /// Bytes without a token, and how often each was left out.
  public private(set) var droppedBytes: [UInt8: Int] = [:]
  /// The texts with such bytes.
  public private(set) var cut = Count()
  /// The texts whose tokens are all unknown.
  public private(set) var unknown = Count()
  /// The texts that spell the beginning-of-text token, which the tokenizer also adds.
  public private(set) var doubled = Count()

  /// No problem.
  public init() {}

  /// Whether there is no problem.
  public var isEmpty: Bool { cut.texts == 0 && unknown.texts == 0 && doubled.texts == 0 }

  /// Counts the problems of a text.
  /// - Parameters:
  ///   - ids: its tokens.
  ///   - source: its name in `descriptions`.
  /// - Throws: `TokenizationError`.
  public mutating func add(
    _ text: UnsafeRawBufferPointer, ids: [Int32], _ tokenizer: Tokenizer, source: String
  ) throws {
    if tokenizer.isUnknown(ids) { unknown.add(source) }
    if let bos = tokenizer.specialTokens.bos, tokenizer.template.prefix == [bos], ids.starts(with: [bos, bos]) {
      doubled.add(source)
    }
    let dropped = try tokenizer.droppedBytes(text)
    guard !dropped.isEmpty else { return }
    cut.add(source)
    droppedBytes.merge(dropped, uniquingKeysWith: +)
  }

  /// Adds the counts of later texts.
  public mutating func add(_ other: TextProblems) {
    unknown.add(other.unknown)
    doubled.add(other.doubled)
    cut.add(other.cut)
    droppedBytes.merge(other.droppedBytes, uniquingKeysWith: +)
  }

  /// One sentence for each kind of problem.
  public var descriptions: [String] {
    func name(_ count: Count) -> String {
      count.texts == 1 ? count.first : "\(count.texts) texts, the first \(count.first)"
    }
    var sentences: [String] = []
    if cut.texts > 0 {
      let bytes = droppedBytes.sorted { $0.key < $1.key }.map { byte, count in
        let hex = "0x" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        let shown =
          (0x21...0x7E).contains(byte) ? " (\(Character(Unicode.Scalar(byte))))" : byte == 0x20 ? " (space)" : ""
        return "\(hex)\(shown)\(count == 1 ? "" : " \(count) times")"
      }
      let list = bytes.prefix(12).joined(separator: ", ") + (bytes.count > 12 ? " and \(bytes.count - 12) more" : "")
      sentences.append("\(name(cut)): the vocabulary has no token for the bytes \(list); they are left out")
    }
    if unknown.texts > 0 { sentences.append("\(name(unknown)): every token is the unknown token") }
    if doubled.texts > 0 {
      sentences.append(
        "\(name(doubled)): the beginning-of-text token comes twice, once from the text and once from the tokenizer")
    }
    return sentences
  }
}

extension Tokenizer {
  /// Whether all tokens of a text are unknown, those of the template aside.
  public func isUnknown(_ ids: [Int32]) -> Bool {
    let unknown: Int32
    switch model {
    case .wordPiece(let model): unknown = model.unknown
    case .sentencePiece(let model): unknown = model.unknown
    case .bytePairEncoding(let model):
      guard let id = model.unknown?.id else { return false }
      unknown = id
    }
    var text = ids[...]
    if text.starts(with: template.prefix) { text = text.dropFirst(template.prefix.count) }
    if text.reversed().starts(with: template.suffix.reversed()) { text = text.dropLast(template.suffix.count) }
    return !text.isEmpty && text.allSatisfy { $0 == unknown }
  }

  /// The settings in force, by the names of tokenizer_config.json; `prefix` and `suffix` are the tokens around a text.
  public var settings: [(key: String, value: String)] {
    var settings: [(key: String, value: String)] = []
    if let name = options.className { settings.append(("tokenizer_class", name)) }
    switch model {
    case .wordPiece(let model):
      settings.append(("do_lower_case", "\(model.normalizer.lowercases)"))
      settings.append(("strip_accents", "\(model.normalizer.stripsAccents)"))
      settings.append(("tokenize_chinese_chars", "\(model.normalizer.spacesIdeographs)"))
    case .bytePairEncoding(let model): settings.append(("add_prefix_space", "\(model.addsPrefixSpace)"))
    case .sentencePiece: break
    }
    func tokens(_ ids: [Int32]) -> String { ids.isEmpty ? "none" : ids.map { token($0) ?? "" }.joined(separator: " ") }
    settings.append(("prefix", tokens(template.prefix)))
    settings.append(("suffix", tokens(template.suffix)))
    settings.append(("split_special_tokens", "\(options.splitsSpecialTokens)"))
    settings.append(("truncation_side", options.truncationSide.rawValue))
    settings.append(("model_max_length", options.maxLength.map { "\($0)" } ?? "none"))
    return settings
  }
}
