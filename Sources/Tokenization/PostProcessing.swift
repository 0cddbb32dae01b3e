import Files

/// What the post-processor of a tokenizer.json does.
struct PostProcessing {
  private(set) var template = Tokenizer.Template()
  private(set) var offsetTrim: OffsetTrim?

  /// - Parameter node: does nothing if absent.
  /// - Throws: `TokenizationError`, `FileError`.
  init(_ node: JSONNode) throws { try read(node) }

  private mutating func read(_ node: JSONNode) throws {
    guard node.isPresent else { return }
    func flag(_ node: JSONNode) throws -> Bool { node.isPresent ? try node.bool() : true }
    func readTrim() throws {
      guard try flag(node["trim_offsets"]) else { return }
      offsetTrim = OffsetTrim(addsPrefixSpace: try flag(node["add_prefix_space"]))
    }
    switch try node["type"].string() {
    case "ByteLevel": try readTrim()
    case "RobertaProcessing":
      try TokenizerJSON.check(node, keys: ["type", "sep", "cls", "trim_offsets", "add_prefix_space"])
      template = Tokenizer.Template(prefix: [try pairID(node["cls"])], suffix: [try pairID(node["sep"])])
      try readTrim()
    case "BertProcessing":
      try TokenizerJSON.check(node, keys: ["type", "sep", "cls"])
      template = Tokenizer.Template(prefix: [try pairID(node["cls"])], suffix: [try pairID(node["sep"])])
    case "TemplateProcessing":
      try TokenizerJSON.check(node, keys: ["type", "single", "pair", "special_tokens"])
      template = try template(node)
    case "Sequence":
      for part in try node["processors"].array() { try read(part) }
    case let type:
      throw TokenizerJSON.unsupported(
        node, type, "ByteLevel, BertProcessing, RobertaProcessing, TemplateProcessing and a Sequence of them")
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
          throw TokenizerJSON.unsupported(piece, "a template with the text more than once", "$A once")
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
}

extension Tokenizer.Template {
  /// The keys of tokenizer_config.json that would give this template.
  func settings(_ tokens: Tokenizer.SpecialTokens) -> [String: JSON] {
    [
      "add_bos_token": .bool(tokens.bos.map { prefix.contains($0) } ?? false),
      "add_eos_token": .bool(tokens.eos.map { suffix.contains($0) } ?? false),
    ]
  }
}
