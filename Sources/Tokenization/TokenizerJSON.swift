import Files

/// A tokenizer.json of the `tokenizers` package: WordPiece with BERT's normaliser and pre-tokenizer, or byte-level BPE.
/// What would change ids and is not supported is refused by name. `truncation` and `padding` are the defaults of a
/// call, which Hugging Face's tokenizers set for each, and `decoder` does not change ids.
///
/// PreTrainedTokenizerFast follows the file. BertTokenizer, GPT2Tokenizer and RobertaTokenizer use its vocabulary and build the rest from
/// tokenizer_config.json, with warnings about what they ignore.
struct TokenizerJSON {
  enum Model: String { case wordPiece = "WordPiece", bytePairEncoding = "BPE" }

  private let root: JSONNode
  private let tokenizerClass: TokenizerClass
  private var settings: TokenizerSettings

  init(_ root: JSONNode, _ settings: TokenizerSettings, _ tokenizerClass: TokenizerClass) {
    self.root = root
    self.settings = settings
    self.tokenizerClass = tokenizerClass
  }

  /// The kind of model a file holds.
  /// - Throws: `TokenizationError.unsupported`.
  static func model(_ root: JSONNode) throws -> Model {
    let node = root["model"]
    let type = node["type"].isPresent ? try node["type"].string() : node["merges"].isPresent ? "BPE" : "WordPiece"
    guard let model = Model(rawValue: type) else {
      throw unsupported(node["type"], "the model \(type)", "WordPiece and BPE")
    }
    return model
  }

  static func addedTokens(_ root: JSONNode) throws -> [TokenizerSettings.Listed] {
    try (root["added_tokens"].isPresent ? root["added_tokens"].array() : []).map { node in
      try check(node, keys: ["id", "content", "single_word", "lstrip", "rstrip", "normalized", "special"])
      guard let id = Int32(exactly: try node["id"].int()), id >= 0 else { throw node["id"].wrong("an id") }
      return (id, try NamedToken(node, isSpecial: false))
    }
  }

  mutating func tokenizer() throws -> Tokenizer {
    try Self.check(
      root,
      keys: [
        "version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer", "post_processor", "decoder",
        "model",
      ])
    let model = root["model"]
    switch (try Self.model(root), tokenizerClass.kind) {
    case (.wordPiece, .backend): return try wordPiece(model)
    case (.wordPiece, .bert): return try bert(model)
    case (.bytePairEncoding, .backend): return try bytePairs(model)
    case (.bytePairEncoding, .gpt2), (.bytePairEncoding, .roberta): return try byteLevel(model)
    case (let found, _):
      throw Self.unsupported(
        model["type"], "a \(found.rawValue) model for \(tokenizerClass.name)",
        found == .wordPiece
          ? "BertTokenizer and PreTrainedTokenizerFast"
          : "GPT2Tokenizer, RobertaTokenizer and PreTrainedTokenizerFast")
    }
  }

  private func wordPiece(_ node: JSONNode) throws -> Tokenizer {
    try Self.check(node, keys: ["type", "unk_token", "continuing_subword_prefix", "max_input_chars_per_word", "vocab"])
    let vocabulary = try VocabularyFiles.vocabulary(node["vocab"])
    let unknown = node["unk_token"].isPresent ? try node["unk_token"].string() : "[UNK]"
    let prefix = node["continuing_subword_prefix"].isPresent ? try node["continuing_subword_prefix"].string() : "##"
    let longest = node["max_input_chars_per_word"].isPresent ? try node["max_input_chars_per_word"].int() : 100
    try expect(root["pre_tokenizer"], type: "BertPreTokenizer")
    try Self.check(root["pre_tokenizer"], keys: ["type"])
    let normalizer = try bertNormalizer()
    let model = try WordPiece(
      vocabulary: vocabulary, normalizer: normalizer, unknown: try id(ofUnknown: unknown, vocabulary),
      continuingPrefix: Array(prefix.utf8), longestWord: longest)
    return try assemble(
      .wordPiece(model), hints: TokenizerParts.bertHints,
      inForce: [
        "do_lower_case": .bool(normalizer.lowercases), "strip_accents": .bool(normalizer.stripsAccents),
        "tokenize_chinese_chars": .bool(normalizer.spacesIdeographs),
      ])
  }

  private func id(ofUnknown token: String, _ vocabulary: Vocabulary) throws -> Int32 {
    guard let id = vocabulary.id(of: token) else {
      throw VocabularyFiles.malformed(
        root.path, "model.unk_token", "a token of the vocabulary",
        "\(VocabularyFiles.quoted(token.utf8)), which is not in it")
    }
    return id
  }

  private func bertNormalizer() throws -> BertNormalizer {
    let node = root["normalizer"]
    try expect(node, type: "BertNormalizer")
    try Self.check(node, keys: ["type", "clean_text", "handle_chinese_chars", "strip_accents", "lowercase"])
    let lowercases = try flag(node["lowercase"], fallback: true)
    return BertNormalizer(
      cleansText: try flag(node["clean_text"], fallback: true),
      spacesIdeographs: try flag(node["handle_chinese_chars"], fallback: true),
      stripsAccents: try flag(node["strip_accents"], fallback: lowercases), lowercases: lowercases)
  }

  private func bytePairs(_ node: JSONNode) throws -> Tokenizer {
    try Self.check(
      node,
      keys: [
        "type", "dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix", "fuse_unk", "byte_fallback",
        "ignore_merges", "vocab", "merges",
      ])
    if node["dropout"].isPresent, try node["dropout"].double() != 0 {
      throw Self.unsupported(node["dropout"], "dropout", "null")
    }
    for key in ["continuing_subword_prefix", "end_of_word_suffix"] where node[key].isPresent {
      guard try node[key].string().isEmpty else { throw Self.unsupported(node[key], "a \(key)", "none") }
    }
    for key in ["byte_fallback", "ignore_merges"] where try flag(node[key], fallback: false) {
      throw Self.unsupported(node[key], key, "false")
    }
    if root["normalizer"].isPresent { throw Self.unsupported(root["normalizer"], "a normalizer before BPE", "none") }
    let preTokenizer = root["pre_tokenizer"]
    try expect(preTokenizer, type: "ByteLevel")
    try Self.check(preTokenizer, keys: ["type", "add_prefix_space", "trim_offsets", "use_regex"])
    guard try flag(preTokenizer["use_regex"], fallback: true) else {
      throw Self.unsupported(preTokenizer["use_regex"], "a pre-tokenizer without GPT-2's pattern", "true")
    }
    let vocabulary = try VocabularyFiles.vocabulary(node["vocab"])
    let unknown = node["unk_token"].isPresent ? try id(ofUnknown: node["unk_token"].string(), vocabulary) : nil
    let isFused = try flag(node["fuse_unk"], fallback: false)
    let model = BytePairEncoding(
      vocabulary: vocabulary, merges: try VocabularyFiles.merges(node["merges"], vocabulary),
      addsPrefixSpace: try flag(preTokenizer["add_prefix_space"], fallback: true),
      unknown: unknown.map { BytePairEncoding.Unknown(id: $0, isFused: isFused) })
    return try assemble(
      .bytePairEncoding(model), hints: TokenizerParts.gpt2Hints,
      inForce: ["add_prefix_space": .bool(model.addsPrefixSpace)])
  }

  /// The tokenizer that the file describes.
  /// - Parameter inForce: keys of tokenizer_config.json that are not read, and the settings in force instead.
  private func assemble(
    _ model: Tokenizer.Model, hints: [TokenizerSettings.Role: String], inForce: [String: JSON]
  ) throws -> Tokenizer {
    let parts = try TokenizerParts(
      model.vocabulary, path: root.path, settings, tokenizerClass, own: try Self.addedTokens(root), hints: hints)
    let processing = try PostProcessing(root["post_processor"])
    var settings = settings
    settings.warnOfClassKeys(
      read: [],
      inForce: inForce.merging(processing.template.settings(parts.specialTokens)) { first, _ in first },
      tokenizerClass.name)
    let tokenizer = Tokenizer(
      model: model, added: parts.added, specialTokens: parts.specialTokens, template: processing.template,
      files: ["tokenizer.json"] + settings.files, options: try settings.options(tokenizerClass),
      warnings: settings.warnings + parts.warnings, offsetTrim: processing.offsetTrim)
    for id in processing.template.prefix + processing.template.suffix where tokenizer.token(id) == nil {
      throw VocabularyFiles.malformed(root.path, "post_processor", "ids of the vocabulary", "\(id)")
    }
    return tokenizer
  }

  // MARK: - Checks

  private func flag(_ node: JSONNode, fallback: Bool) throws -> Bool {
    node.isPresent ? try node.bool() : fallback
  }

  private func expect(_ node: JSONNode, type: String) throws {
    guard node.isPresent else { throw Self.unsupported(node, "no \(node.location)", type) }
    let found = try node["type"].string()
    guard found == type else { throw Self.unsupported(node, found, type) }
  }

  static func check(_ node: JSONNode, keys: [String]) throws {
    for member in try node.members() where !keys.contains(member.key) {
      throw unsupported(node, "the key \(VocabularyFiles.quoted(member.key.utf8))", keys.joined(separator: ", "))
    }
  }

  static func unsupported(_ node: JSONNode, _ found: String, _ supported: String) -> TokenizationError {
    .unsupported(
      path: node.path, location: node.location.isEmpty ? "top level" : node.location, found: found,
      supported: supported)
  }
}

// MARK: - Classes that build their own

extension TokenizerJSON {
  /// BertTokenizer: the vocabulary of the file.
  private mutating func bert(_ node: JSONNode) throws -> Tokenizer {
    let wanted = try BertNormalizer(settings)
    warnUnless(root["normalizer"]["type"], is: "BertNormalizer", fallback: nil)
    if root["normalizer"]["type"].value == "BertNormalizer" {
      warnUnless(root["normalizer"]["clean_text"], is: true, fallback: true)
      warnUnless(root["normalizer"]["lowercase"], is: .bool(wanted.lowercases), fallback: true)
      let lowercases = root["normalizer"]["lowercase"].isPresent ? root["normalizer"]["lowercase"].value : true
      warnUnless(root["normalizer"]["strip_accents"], is: .bool(wanted.stripsAccents), fallback: lowercases)
      warnUnless(root["normalizer"]["handle_chinese_chars"], is: .bool(wanted.spacesIdeographs), fallback: true)
    }
    warnUnless(root["pre_tokenizer"]["type"], is: "BertPreTokenizer", fallback: nil)
    warnUnless(node["continuing_subword_prefix"], is: "##", fallback: "##")
    warnUnless(node["max_input_chars_per_word"], is: 100, fallback: 100)
    let tokenizer = try bertTokenizer(
      VocabularyFiles.vocabulary(node["vocab"]), path: root.path, settings, tokenizerClass, files: ["tokenizer.json"])
    return warned(tokenizer)
  }

  /// The tokenizer of a class that puts its own tokens around a text, with a warning where the file has others.
  private func warned(_ tokenizer: Tokenizer) -> Tokenizer {
    guard (try? PostProcessing(root["post_processor"]).template) != tokenizer.template else { return tokenizer }
    let tokens = (tokenizer.template.prefix + tokenizer.template.suffix).map { tokenizer.token($0) ?? "" }
    return tokenizer.with(
      warning: unread(root["post_processor"], "\(tokens.joined(separator: " and ")) go around a text"))
  }

  /// GPT2Tokenizer: the vocabulary, the merges and the post-processor of the file. RobertaTokenizer has its own
  /// post-processor.
  private mutating func byteLevel(_ node: JSONNode) throws -> Tokenizer {
    if root["normalizer"].isPresent { settings.warn(unread(root["normalizer"], "it has none")) }
    let preTokenizer = root["pre_tokenizer"]
    warnUnless(preTokenizer["type"], is: "ByteLevel", fallback: nil)
    if preTokenizer["type"].value == "ByteLevel" {
      warnUnless(preTokenizer["use_regex"], is: true, fallback: true)
      warnUnless(preTokenizer["add_prefix_space"], is: .bool(try settings.flag("add_prefix_space")), fallback: true)
    }
    for key in ["ignore_merges", "byte_fallback"] { warnUnless(node[key], is: false, fallback: false) }
    for key in ["continuing_subword_prefix", "end_of_word_suffix"] { warnUnless(node[key], is: "", fallback: "") }
    if node["dropout"].isPresent { warnUnless(node["dropout"], is: 0, fallback: nil) }
    let vocabulary = try VocabularyFiles.vocabulary(node["vocab"])
    let merges = try VocabularyFiles.merges(node["merges"], vocabulary)
    if tokenizerClass.kind == .roberta {
      return warned(
        try robertaTokenizer(vocabulary, merges: merges, settings, tokenizerClass, files: ["tokenizer.json"]))
    }
    return try gpt2Tokenizer(
      vocabulary, merges: merges, settings, tokenizerClass, files: ["tokenizer.json"],
      processing: try PostProcessing(root["post_processor"]))
  }

  /// Warns of what the class ignores in the file, unless it has no effect.
  private mutating func warnUnless(_ node: JSONNode, is value: JSON, fallback: JSON?) {
    let found = node.isPresent ? node.value : fallback
    guard found != value else { return }
    settings.warn(unread(node, "\(value.serialized()) holds"))
  }

  private func unread(_ node: JSONNode, _ instead: String) -> String {
    let found = node.value?.kind ?? "nothing"
    return "\(node.path) (\(node.location)): \(found) is not read by \(tokenizerClass.name); \(instead)"
  }
}
