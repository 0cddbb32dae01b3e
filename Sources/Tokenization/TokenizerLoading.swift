import Files
import Foundation

extension Tokenizer {
  /// The tokenizer of a checkpoint's directory, read as Hugging Face's class reads it: the class that
  /// tokenizer_config.json or config.json names, else the default of the model type. tokenizer.json is used where it
  /// exists; BERT's, GPT-2's and RoBERTa's classes take its vocabulary and build the rest themselves. Else vocab.txt, or
  /// vocab.json with merges.txt, suffices, else a SentencePiece model. docs/settings.md lists every key of
  /// tokenizer_config.json, special_tokens_map.json and added_tokens.json.
  ///
  /// A SentencePiece model adds `[CLS]` and `[SEP]` for a BERT whose vocabulary has them, `</s>` when
  /// tokenizer_config.json names T5's class, else nothing. Only special tokens that a settings file names are matched
  /// in text: without one, ids are those of the `sentencepiece` package.
  ///
  /// A directory of BERT's first releases (bert_config.json, no config.json) says nowhere whether text is lower-cased:
  /// it is, unless one token in a hundred or more has capital letters.
  /// - Parameters:
  ///   - directory: where the files are.
  ///   - modelType: `model_type` of config.json, if known.
  /// - Throws: `TokenizationError`, `SettingsError`, `FileError`.
  public static func load(directory: String, modelType: String?) throws -> Tokenizer {
    let folder = try TokenizerFolder(directory: directory, modelType: modelType)
    if let refusal = folder.refusal { throw refusal }
    return try folder.tokenizer()
  }

  /// The tokenizer of a checkpoint's directory for its vocabulary: settings that are not supported throw only when it
  /// tokenizes a text.
  /// - Throws: as `load`.
  public static func loadVocabulary(directory: String, modelType: String?) throws -> Tokenizer {
    let folder = try TokenizerFolder(directory: directory, modelType: modelType)
    var tokenizer = try folder.tokenizer()
    tokenizer.refusal = folder.refusal
    return tokenizer
  }
}

/// A directory with the files of a tokenizer.
struct TokenizerFolder {
  private let directory: String
  private let modelType: String?
  private let config: JSONNode
  /// nil if no file names a supported class.
  private let namedClass: TokenizerClass?
  /// Why the files are not supported; nil if they are.
  let refusal: (any Error)?

  init(directory: String, modelType: String?) throws {
    self.directory = directory
    self.modelType = modelType
    func read(_ name: String) throws -> JSONNode {
      let path = directory + "/" + name
      guard FileManager.default.fileExists(atPath: path) else { return JSONNode(nil, path: path) }
      let node = try JSONNode.read(path)
      _ = try node.members()
      return node
    }
    config = try read("tokenizer_config.json")
    let map = try read("special_tokens_map.json")
    var refusal: (any Error)?
    var namedClass: TokenizerClass?
    do {
      namedClass = try TokenizerClass.named(in: [config, read("config.json")])
      for node in config["added_tokens_decoder"].isPresent ? [config] : [config, map] where node.value != nil {
        _ = try TokenizerKeys.config.check(node)
      }
    } catch let error as TokenizationError where error.isRefusal {
      refusal = error
    } catch let error as SettingsError {
      refusal = error
    }
    self.namedClass = namedClass
    self.refusal = refusal
  }

  private func path(_ name: String) -> String? {
    let path = directory + "/" + name
    return FileManager.default.fileExists(atPath: path) ? path : nil
  }

  func tokenizer() throws -> Tokenizer {
    let usual = TokenizerClass.usual(modelType: modelType)
    if let path = path("tokenizer.json") {
      let root = try JSONNode.read(path)
      // A model type says little about a file of another kind, which can only be followed.
      let model = try TokenizerJSON.model(root)
      let tokenizerClass =
        namedClass ?? usual.flatMap { $0.fits(model) ? $0 : nil }
        ?? TokenizerClass(.backend, name: "PreTrainedTokenizerFast")
      let settings = try TokenizerSettings(
        directory: directory, config: config, tokenizerClass, ownTokens: try TokenizerJSON.addedTokens(root))
      var file = TokenizerJSON(root, settings, tokenizerClass)
      return try file.tokenizer()
    }
    // A class that is named reads its own files; else the model type decides the order.
    let kinds: [TokenizerClass.Kind]
    switch namedClass?.kind {
    case .bert?: kinds = [.bert]
    case .gpt2?: kinds = [.gpt2]
    case .roberta?: kinds = [.roberta]
    case .backend?, .t5?: kinds = []
    case nil:
      switch usual?.kind {
      case .gpt2?: kinds = [.gpt2, .bert]
      case .roberta?: kinds = [.roberta, .bert]
      default: kinds = [.bert, .gpt2]
      }
    }
    for kind in kinds {
      if let tokenizer = try plainFiles(kind) { return tokenizer }
    }
    for name in ModelFileName.sentencePiece {
      if let path = path(name) { return try sentencePiece(path, name) }
    }
    let plain = kinds.map { $0 == .bert ? "vocab.txt" : "vocab.json with merges.txt" }
    throw TokenizationError.noTokenizer(
      directory: directory, lookedFor: ["tokenizer.json"] + plain + ModelFileName.sentencePiece)
  }

  private func plainFiles(_ kind: TokenizerClass.Kind) throws -> Tokenizer? {
    let names: [TokenizerClass.Kind: String] = [
      .bert: "BertTokenizer", .gpt2: "GPT2Tokenizer", .roberta: "RobertaTokenizer",
    ]
    let tokenizerClass = namedClass ?? TokenizerClass(kind, name: names[kind] ?? "PreTrainedTokenizerFast")
    if kind == .bert, let path = path("vocab.txt") {
      var settings = try settings(tokenizerClass)
      if let release = FirstRelease(directory: directory) { settings.setCase(try release.letterCase(), path: path) }
      return try bertTokenizer(
        VocabularyFiles.readLines(path), path: path, settings, tokenizerClass, files: ["vocab.txt"])
    }
    if kind != .bert, let path = path("vocab.json"), let merges = self.path("merges.txt") {
      let settings = try settings(tokenizerClass)
      let vocabulary = try VocabularyFiles.vocabulary(try JSONNode.read(path))
      let table = try VocabularyFiles.readMerges(merges, vocabulary)
      let files = ["vocab.json", "merges.txt"]
      return kind == .roberta
        ? try robertaTokenizer(vocabulary, merges: table, settings, tokenizerClass, files: files)
        : try gpt2Tokenizer(vocabulary, merges: table, settings, tokenizerClass, files: files)
    }
    return nil
  }

  private func settings(_ tokenizerClass: TokenizerClass) throws -> TokenizerSettings {
    try TokenizerSettings(directory: directory, config: config, tokenizerClass, ownTokens: nil)
  }

  private func sentencePiece(_ path: String, _ name: String) throws -> Tokenizer {
    let usual = TokenizerClass.usual(modelType: modelType)
    if namedClass == nil, let usual, usual.kind == .roberta {
      throw TokenizationError.unsupported(
        path: path, location: "SentencePiece model", found: "a model for \(usual.name), whose ids it does not tell",
        supported: "tokenizer.json, or vocab.json with merges.txt")
    }
    let tokenizerClass = namedClass ?? TokenizerClass(.backend, name: "SentencePiece")
    var settings = try settings(tokenizerClass)
    settings.warnOfClassKeys(read: [], inForce: [:], tokenizerClass.name)
    let model = try SentencePiece(path: path)
    let parts = try TokenizerParts(
      model.vocabulary, path: path, settings, tokenizerClass, hints: TokenizerParts.sentencePieceHints)
    var template = Tokenizer.Template()
    var tokens = parts.specialTokens
    if usual?.kind == .bert, let cls = tokens.cls, let sep = tokens.sep {
      template = Tokenizer.Template(prefix: [cls], suffix: [sep])
    } else if tokenizerClass.kind == .t5, let eos = tokens.eos {
      template.suffix = [eos]
    }
    tokens.unk = model.unknown
    return Tokenizer(
      model: .sentencePiece(model), added: parts.added, specialTokens: tokens, template: template,
      files: [name] + settings.files, options: try settings.options(namedClass),
      warnings: settings.warnings + parts.warnings)
  }
}

/// BertTokenizer with a vocabulary from any file.
func bertTokenizer(
  _ vocabulary: Vocabulary, path: String, _ settings: TokenizerSettings, _ tokenizerClass: TokenizerClass,
  files: [String]
) throws -> Tokenizer {
  var settings = settings
  settings.warnOfClassKeys(
    read: ["do_lower_case", "strip_accents", "tokenize_chinese_chars"], inForce: [:], tokenizerClass.name)
  let parts = try TokenizerParts(vocabulary, path: path, settings, tokenizerClass)
  let template = Tokenizer.Template(prefix: [try parts.require(.cls)], suffix: [try parts.require(.sep)])
  let model = try WordPiece(
    vocabulary: vocabulary, normalizer: BertNormalizer(settings), unknown: try parts.requireInVocabulary(.unk),
    continuingPrefix: Array("##".utf8), longestWord: 100)
  return Tokenizer(
    model: .wordPiece(model), added: parts.added, specialTokens: parts.specialTokens, template: template,
    files: files + settings.files, options: try settings.options(tokenizerClass),
    warnings: settings.warnings + parts.warnings)
}

/// GPT2Tokenizer with a vocabulary and merges from any files.
/// - Parameter processing: tokenizer.json's post-processor; nil without that file.
func gpt2Tokenizer(
  _ vocabulary: Vocabulary, merges: MergeTable, _ settings: TokenizerSettings, _ tokenizerClass: TokenizerClass,
  files: [String], processing: PostProcessing? = nil
) throws -> Tokenizer {
  var settings = settings
  let addsBOS = try settings.flag("add_bos_token")
  let addsEOS = try settings.flag("add_eos_token")
  let addsPrefixSpace = try settings.flag("add_prefix_space")
  let parts = try TokenizerParts(vocabulary, path: settings.path, settings, tokenizerClass)
  settings.warnOfClassKeys(
    read: processing == nil ? ["add_prefix_space", "add_bos_token", "add_eos_token"] : ["add_prefix_space"],
    inForce: processing?.template.settings(parts.specialTokens) ?? [:], tokenizerClass.name)
  let template =
    processing?.template
    ?? Tokenizer.Template(
      prefix: addsBOS ? parts.specialTokens.bos.map { [$0] } ?? [] : [],
      suffix: addsEOS ? parts.specialTokens.eos.map { [$0] } ?? [] : [])
  let model = BytePairEncoding(
    vocabulary: vocabulary, merges: merges, addsPrefixSpace: addsPrefixSpace, unknown: nil)
  return Tokenizer(
    model: .bytePairEncoding(model), added: parts.added, specialTokens: parts.specialTokens, template: template,
    files: files + settings.files, options: try settings.options(tokenizerClass),
    warnings: settings.warnings + parts.warnings, offsetTrim: processing?.offsetTrim)
}

/// RobertaTokenizer with a vocabulary and merges from any files.
func robertaTokenizer(
  _ vocabulary: Vocabulary, merges: MergeTable, _ settings: TokenizerSettings, _ tokenizerClass: TokenizerClass,
  files: [String]
) throws -> Tokenizer {
  var settings = settings
  let addsPrefixSpace = try settings.flag("add_prefix_space")
  let trimsOffsets = try settings.flag("trim_offsets", fallback: true)
  let parts = try TokenizerParts(vocabulary, path: settings.path, settings, tokenizerClass)
  settings.warnOfClassKeys(read: ["add_prefix_space"], inForce: [:], tokenizerClass.name)
  let model = BytePairEncoding(
    vocabulary: vocabulary, merges: merges, addsPrefixSpace: addsPrefixSpace, unknown: nil)
  return Tokenizer(
    model: .bytePairEncoding(model), added: parts.added, specialTokens: parts.specialTokens,
    template: Tokenizer.Template(prefix: [try parts.require(.cls)], suffix: [try parts.require(.sep)]),
    files: files + settings.files, options: try settings.options(tokenizerClass),
    warnings: settings.warnings + parts.warnings,
    offsetTrim: trimsOffsets ? OffsetTrim(addsPrefixSpace: addsPrefixSpace) : nil)
}

extension BertNormalizer {
  /// BertTokenizer's settings. Accents are dropped when text is lower-cased, unless `strip_accents` says otherwise.
  init(_ settings: TokenizerSettings) throws {
    let lowercases = try settings.flag("do_lower_case", fallback: settings.lowercases)
    self.init(
      cleansText: true, spacesIdeographs: try settings.flag("tokenize_chinese_chars", fallback: true),
      stripsAccents: try settings.flag("strip_accents", fallback: lowercases), lowercases: lowercases)
  }
}

extension TokenizerSettings {
  /// tokenizer_config.json.
  var path: String { self["tokenizer_class"].path }

  func flag(_ key: String, fallback: Bool = false) throws -> Bool {
    self[key].isPresent ? try self[key].bool() : fallback
  }

  func options(_ tokenizerClass: TokenizerClass?) throws -> Tokenizer.Options {
    var options = Tokenizer.Options()
    options.className = tokenizerClass?.name
    options.splitsSpecialTokens = try flag("split_special_tokens")
    let side = self["truncation_side"]
    if side.isPresent {
      guard let value = Tokenizer.Options.Side(rawValue: try side.string()) else { throw side.wrong("left or right") }
      options.truncationSide = value
    }
    let length = self["model_max_length"].isPresent ? self["model_max_length"] : self["max_len"]
    // "No bound" is saved as a number with 30 digits.
    if length.isPresent, try length.double() < Double(Int32.max) { options.maxLength = Int(try length.double()) }
    return options
  }

  /// Warns of keys that the class does not read, where their value differs from the setting in force.
  /// - Parameters:
  ///   - read: the keys that the class reads.
  ///   - inForce: the settings in force instead of others.
  mutating func warnOfClassKeys(read: Set<String>, inForce: [String: JSON], _ className: String) {
    let keys = [
      "do_lower_case", "strip_accents", "tokenize_chinese_chars", "add_prefix_space", "add_bos_token", "add_eos_token",
    ]
    for key in keys where !read.contains(key) && self[key].isPresent {
      let node = self[key]
      guard let value = node.value, value != inForce[key] ?? (key.hasPrefix("add_") ? false : nil) else { continue }
      let instead = inForce[key].map { "; tokenizer.json has \($0.serialized())" } ?? " here and changes nothing"
      warn("\(node.path) (\(key)): \(value.serialized()) is not read by \(className)\(instead)")
    }
  }
}
