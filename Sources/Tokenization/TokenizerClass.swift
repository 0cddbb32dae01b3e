import Files

/// Which Hugging Face tokenizer class reads a folder; each uses other files and keys.
struct TokenizerClass {
  enum Kind {
    /// BertTokenizer and the classes that are the same.
    case bert
    /// GPT2Tokenizer.
    case gpt2
    /// RobertaTokenizer.
    case roberta
    /// PreTrainedTokenizerFast: tokenizer.json alone.
    case backend
    /// T5Tokenizer, which reads a SentencePiece model.
    case t5
  }

  let kind: Kind
  /// The name in a file, or the default of the model type.
  let name: String

  init(_ kind: Kind, name: String) {
    self.kind = kind
    self.name = name
  }

  /// Names without the suffix "Fast", which has no effect.
  private static let kinds: [String: Kind] = [
    "BertTokenizer": .bert, "DistilBertTokenizer": .bert, "ElectraTokenizer": .bert, "MobileBertTokenizer": .bert,
    "SqueezeBertTokenizer": .bert, "LxmertTokenizer": .bert, "LayoutLMTokenizer": .bert, "ConvBertTokenizer": .bert,
    "GPT2Tokenizer": .gpt2, "RobertaTokenizer": .roberta,
    "PreTrainedTokenizer": .backend, "TokenizersBackend": .backend, "PythonBackend": .backend,
    "T5Tokenizer": .t5,
  ]

  /// The class that a file names; nil when none does.
  /// - Parameter files: tokenizer_config.json and config.json, in order of precedence.
  /// - Throws: `TokenizationError.unsupported` for a class that is not supported.
  static func named(in files: [JSONNode]) throws -> TokenizerClass? {
    guard let node = files.map({ $0["tokenizer_class"] }).first(where: \.isPresent) else { return nil }
    let name = try node.string()
    let plain = name.hasSuffix("Fast") ? String(name.dropLast(4)) : name
    guard let kind = kinds[plain] else {
      throw TokenizationError.unsupported(
        path: node.path, location: "tokenizer_class", found: name,
        supported: kinds.keys.sorted().joined(separator: ", ") + " and the same names with Fast")
    }
    return TokenizerClass(kind, name: name)
  }

  /// The default class of a model type.
  static func usual(modelType: String?) -> TokenizerClass? {
    switch modelType {
    case "bert", "distilbert": return TokenizerClass(.bert, name: "BertTokenizer")
    case "gpt2": return TokenizerClass(.gpt2, name: "GPT2Tokenizer")
    case "roberta": return TokenizerClass(.roberta, name: "RobertaTokenizer")
    default: return nil
    }
  }

  /// Whether a tokenizer.json with this algorithm is one of the class.
  func fits(_ model: TokenizerJSON.Model) -> Bool {
    switch kind {
    case .bert: return model == .wordPiece
    case .gpt2, .roberta: return model == .bytePairEncoding
    case .backend, .t5: return false
    }
  }

  /// The default token of a role, which is matched in text.
  func content(_ role: TokenizerSettings.Role) -> String? {
    switch (kind, role) {
    case (.bert, .unk): return "[UNK]"
    case (.bert, .pad): return "[PAD]"
    case (.bert, .sep): return "[SEP]"
    case (.bert, .cls): return "[CLS]"
    case (.bert, .mask): return "[MASK]"
    case (.roberta, .bos), (.roberta, .cls): return "<s>"
    case (.roberta, .eos), (.roberta, .sep): return "</s>"
    case (.roberta, .unk): return "<unk>"
    case (.roberta, .pad): return "<pad>"
    case (.roberta, .mask): return "<mask>"
    case (.gpt2, .bos), (.gpt2, .eos), (.gpt2, .unk): return "<|endoftext|>"
    default: return nil
    }
  }
}
