import Files

/// A tokenizer.json of the `tokenizers` package: WordPiece with BERT's normaliser and pre-tokenizer, or byte-level BPE.
/// What would change ids and is not done here is refused by name. `truncation` and `padding` are the defaults of a
/// call, which Hugging Face's tokenizers set anew for each, and `decoder` does not change ids.
struct TokenizerJSON {
  private let root: JSONNode
  private let settings: TokenizerSettings

  init(path: String, settings: TokenizerSettings) throws {
    root = try JSONNode.read(path)
    self.settings = settings
  }

  func tokenizer() throws -> Tokenizer {
    try check(
      root,
      keys: [
        "version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer", "post_processor", "decoder",
        "model",
      ])
    let model = root["model"]
    let type = model["type"].isPresent ? try model["type"].string() : model["merges"].isPresent ? "BPE" : "WordPiece"
    switch type {
    case "WordPiece": return try wordPiece(model)
    case "BPE": return try bytePairs(model)
    default: throw unsupported(model["type"], "the model \(type)", "WordPiece and BPE")
    }
  }

  private func wordPiece(_ node: JSONNode) throws -> Tokenizer {
    try check(node, keys: ["type", "unk_token", "continuing_subword_prefix", "max_input_chars_per_word", "vocab"])
    let vocabulary = try VocabularyFiles.vocabulary(node["vocab"])
    let unknown = node["unk_token"].isPresent ? try node["unk_token"].string() : "[UNK]"
    guard let unknownID = vocabulary.id(of: unknown) else {
      throw VocabularyFiles.malformed(
        root.path, "model.unk_token", "a token of the vocabulary",
        "\(VocabularyFiles.quoted(unknown.utf8)), which is not in it")
    }
    let prefix = node["continuing_subword_prefix"].isPresent ? try node["continuing_subword_prefix"].string() : "##"
    let longest = node["max_input_chars_per_word"].isPresent ? try node["max_input_chars_per_word"].int() : 100
    try expect(root["pre_tokenizer"], type: "BertPreTokenizer")
    try check(root["pre_tokenizer"], keys: ["type"])
    let model = try WordPiece(
      vocabulary: vocabulary, normalizer: BertNormalizer(settings.config, fallback: bertNormalizer()),
      unknown: unknownID, continuingPrefix: Array(prefix.utf8), longestWord: longest)
    return try assemble(.wordPiece(model), fallbacks: .bert)
  }

  private func bertNormalizer() throws -> BertNormalizer {
    let node = root["normalizer"]
    try expect(node, type: "BertNormalizer")
    try check(node, keys: ["type", "clean_text", "handle_chinese_chars", "strip_accents", "lowercase"])
    let lowercases = try flag(node["lowercase"], fallback: true)
    return BertNormalizer(
      cleansText: try flag(node["clean_text"], fallback: true),
      spacesIdeographs: try flag(node["handle_chinese_chars"], fallback: true),
      stripsAccents: try flag(node["strip_accents"], fallback: lowercases), lowercases: lowercases)
  }

  private func bytePairs(_ node: JSONNode) throws -> Tokenizer {
    try check(
      node,
      keys: [
        "type", "dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix", "fuse_unk", "byte_fallback",
        "ignore_merges", "vocab", "merges",
      ])
    if node["dropout"].isPresent, try node["dropout"].double() != 0 {
      throw unsupported(node["dropout"], "dropout", "null")
    }
    for key in ["continuing_subword_prefix", "end_of_word_suffix"] where node[key].isPresent {
      guard try node[key].string().isEmpty else { throw unsupported(node[key], "a \(key)", "none") }
    }
    for key in ["byte_fallback", "ignore_merges"] where try flag(node[key], fallback: false) {
      throw unsupported(node[key], key, "false")
    }
    if root["normalizer"].isPresent { throw unsupported(root["normalizer"], "a normalizer before BPE", "none") }
    let preTokenizer = root["pre_tokenizer"]
    try expect(preTokenizer, type: "ByteLevel")
    try check(preTokenizer, keys: ["type", "add_prefix_space", "trim_offsets", "use_regex"])
    guard try flag(preTokenizer["use_regex"], fallback: true) else {
      throw unsupported(preTokenizer["use_regex"], "a pre-tokenizer without GPT-2's pattern", "true")
    }
    let vocabulary = try VocabularyFiles.vocabulary(node["vocab"])
    let model = try BytePairEncoding(
      vocabulary: vocabulary, path: root.path, merges: try VocabularyFiles.merges(node["merges"], vocabulary),
      addsPrefixSpace: try flag(preTokenizer["add_prefix_space"], fallback: true))
    return try assemble(.bytePairEncoding(model), fallbacks: .gpt2)
  }

  private func assemble(_ model: Tokenizer.Model, fallbacks: TokenizerParts.Fallbacks) throws -> Tokenizer {
    var listed: [AddedToken] = []
    for node in root["added_tokens"].isPresent ? try root["added_tokens"].array() : [] {
      try check(node, keys: ["id", "content", "single_word", "lstrip", "rstrip", "normalized", "special"])
      guard let id = Int32(exactly: try node["id"].int()), id >= 0 else { throw node["id"].wrong("an id") }
      listed.append(try TokenizerSettings.flags(node, content: try node["content"].string(), id: id))
    }
    let parts = try TokenizerParts(
      vocabulary: model.vocabulary, path: root.path, settings: settings, fallbacks: fallbacks, listed: listed,
      looksForFallbacks: false)
    var processing = PostProcessing()
    try read(root["post_processor"], into: &processing)
    let tokenizer = Tokenizer(
      model: model, added: parts.added, specialTokens: parts.specialTokens, template: processing.template,
      files: ["tokenizer.json"] + settings.files, offsetTrim: processing.offsetTrim)
    for id in processing.template.prefix + processing.template.suffix where tokenizer.token(id) == nil {
      throw VocabularyFiles.malformed(root.path, "post_processor", "ids of the vocabulary", "\(id)")
    }
    return tokenizer
  }
}

// MARK: - The post-processor

extension TokenizerJSON {
  private struct PostProcessing {
    var template = Tokenizer.Template()
    var offsetTrim: OffsetTrim?
  }

  private func read(_ node: JSONNode, into result: inout PostProcessing) throws {
    guard node.isPresent else { return }
    switch try node["type"].string() {
    case "ByteLevel":
      if try flag(node["trim_offsets"], fallback: true) {
        result.offsetTrim = OffsetTrim(addsPrefixSpace: try flag(node["add_prefix_space"], fallback: true))
      }
    case "BertProcessing":
      try check(node, keys: ["type", "sep", "cls"])
      result.template = Tokenizer.Template(prefix: [try pairID(node["cls"])], suffix: [try pairID(node["sep"])])
    case "TemplateProcessing":
      try check(node, keys: ["type", "single", "pair", "special_tokens"])
      result.template = try template(node)
    case "Sequence":
      for part in try node["processors"].array() { try read(part, into: &result) }
    case let type:
      throw unsupported(node, type, "ByteLevel, BertProcessing, TemplateProcessing and a Sequence of them")
    }
  }

  /// The id of `["[SEP]", 102]`.
  private func pairID(_ node: JSONNode) throws -> Int32 {
    let pair = try node.array()
    guard pair.count == 2, let id = Int32(exactly: try pair[1].int()), id >= 0 else {
      throw node.wrong("a token and its id")
    }
    return id
  }

  private func template(_ node: JSONNode) throws -> Tokenizer.Template {
    var template = Tokenizer.Template()
    var hasText = false
    for piece in try node["single"].array() {
      if piece["Sequence"].isPresent {
        guard !hasText, try piece["Sequence"]["id"].string() == "A" else {
          throw unsupported(piece, "a template with the text more than once", "$A once")
        }
        hasText = true
        continue
      }
      let name = try piece["SpecialToken"]["id"].string()
      let ids = try node["special_tokens"][name]["ids"].array().map { node in
        guard let id = Int32(exactly: try node.int()), id >= 0 else { throw node.wrong("an id") }
        return id
      }
      if hasText { template.suffix += ids } else { template.prefix += ids }
    }
    guard hasText else { throw node["single"].wrong("a template with $A") }
    return template
  }

  // MARK: - Checks

  private func flag(_ node: JSONNode, fallback: Bool) throws -> Bool {
    node.isPresent ? try node.bool() : fallback
  }

  private func expect(_ node: JSONNode, type: String) throws {
    guard node.isPresent else { throw unsupported(node, "no \(node.location)", type) }
    let found = try node["type"].string()
    guard found == type else { throw unsupported(node, found, type) }
  }

  private func check(_ node: JSONNode, keys: [String]) throws {
    for member in try node.members() where !keys.contains(member.key) {
      throw unsupported(node, "the key \(VocabularyFiles.quoted(member.key.utf8))", keys.joined(separator: ", "))
    }
  }

  private func unsupported(_ node: JSONNode, _ found: String, _ supported: String) -> TokenizationError {
    .unsupported(
      path: root.path, location: node.location.isEmpty ? "top level" : node.location, found: found,
      supported: supported)
  }
}
