import Files

/// What is done with each key of the three files with tokenizer settings. Hugging Face's classes read different keys:
/// one that the class does not read changes nothing, and a warning says so.
package enum TokenizerKeys {
  /// The keys that name one special token each.
  private static let roles: [SettingsKeys.Entry] = TokenizerSettings.Role.allCases.map { .init($0.rawValue, .honoured) }

  /// The keys that name special tokens; `*_token` is any other key with that suffix.
  private static let specialTokens: [SettingsKeys.Entry] =
    roles + [
      .init("additional_special_tokens", .honoured), .init("extra_special_tokens", .honoured),
      .init("model_specific_special_tokens", .honoured), .init("*_token", .honoured),
    ]

  package static let config =
    SettingsKeys(
      file: "tokenizer_config.json",
      [
        .init("tokenizer_class", .honoured), .init("added_tokens_decoder", .honoured),
        .init("split_special_tokens", .honoured), .init("truncation_side", .honoured),
        .init("model_max_length", .honoured), .init("max_len", .honoured),
        .init("do_lower_case", .honoured), .init("strip_accents", .honoured),
        .init("tokenize_chinese_chars", .honoured),
        .init("add_prefix_space", .honoured), .init("trim_offsets", .honoured), .init("add_bos_token", .honoured),
        .init("add_eos_token", .honoured),
      ]) + specialTokens + harmless + refused

  package static let specialTokensMap = SettingsKeys(file: "special_tokens_map.json", specialTokens)

  /// Every key is a token and its value the id.
  package static let addedTokens = SettingsKeys(file: "added_tokens.json", [.init("*", .honoured)])

  private static let harmless: [SettingsKeys.Entry] = [
    "padding_side", "pad_token_type_id", "pad_to_multiple_of", "max_length", "stride", "truncation_strategy",
    "model_input_names", "clean_up_tokenization_spaces", "errors", "chat_template", "chat_control_tokens",
    "response_template", "response_schema", "processor_class", "name_or_path", "verbose", "backend", "files_loaded",
    "is_local", "local_files_only", "vocab_file", "merges_file", "tokenizer_file", "special_tokens_map_file",
    "added_tokens_file", "from_slow", "use_fast",
  ].map { .init($0, .harmless) }

  private static let refused: [SettingsKeys.Entry] = [
    .init("auto_map", .refused(unless: [[:]])), .init("init_inputs", .refused(unless: [[]])),
    .init("fast_tokenizer_files", .refused(unless: [[], ["tokenizer.json"]])),
    .init("vocab", .refused(unless: [])), .init("merges", .refused(unless: [])),
    .init("tokenizer_object", .refused(unless: [])), .init("gguf_file", .refused(unless: [])),
    .init("post_processor", .refused(unless: [])), .init("fix_mistral_regex", .refused(unless: [false])),
    .init("clean_up_tokenization_spaces_for_bpe_even_though_it_will_corrupt_output", .refused(unless: [false])),
    .init("word_tokenizer_type", .refused(unless: ["basic"])),
    .init("subword_tokenizer_type", .refused(unless: ["wordpiece"])),
    .init("sp_model_kwargs", .refused(unless: [[:]])),
  ]

  /// Keys of earlier versions that Hugging Face no longer reads, with the values that had no effect.
  private static let quiet: [String: [JSON]] = [
    "do_basic_tokenize": [true], "never_split": [[]], "tokenizer_type": [],
    "special_tokens": [],
  ]

  /// The keys of a file that are not read and whose value would have an effect.
  /// - Throws: `FileError` when the file holds no object.
  static func unread(_ node: JSONNode, _ keys: SettingsKeys) throws -> [String] {
    try keys.check(node, except: Set(keys.entries.map(\.key))).filter { key in
      guard let value = node[key].value, value != .null, !isSpecialToken(key, value) else { return false }
      return !quiet[key, default: []].contains(value)
    }
  }

  /// Whether a key without a role names a special token of the model's own.
  static func isSpecialToken(_ key: String, _ value: JSON) -> Bool {
    guard key.hasSuffix("_token"), TokenizerSettings.Role(rawValue: key) == nil else { return false }
    switch value {
    case .string: return true
    case .object: return value["content"] != nil
    default: return false
    }
  }
}
