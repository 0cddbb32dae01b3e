import Checkpoints
import DenseMath
import Files
import TestSupport
import Tokenization
import Transformer

extension FuzzReader {
  /// The readers of config.json, generation_config.json and the indices of shards, in directories with weights.
  static func configurations(in folder: TemporaryFolder) throws -> [FuzzReader] {
    let shards = "Tests/CheckpointsTests/Fixtures/torch-shards/"
    for name in ["pytorch_model-00001-of-00002.bin", "pytorch_model-00002-of-00002.bin"] {
      try folder.write(seed(shards + name), to: "shards/" + name)
    }
    try folder.write("{}", to: "shards/config.json")
    return try TinyCheckpoint.Kind.allCases.map { try configuration($0, in: folder) } + [
      try generation(in: folder),
      FuzzReader(name: "shard-index", seeds: [try seed(shards + "pytorch_model.bin.index.json")]) {
        try folder.write($0, to: "shards/pytorch_model.bin.index.json")
        let checkpoint = try Checkpoint(directory: folder.path("shards"))
        for entry in checkpoint.entries { try attempt { _ = try checkpoint.floats(entry.name) } }
      },
    ]
  }

  private static func configuration(_ kind: TinyCheckpoint.Kind, in folder: TemporaryFolder) throws -> FuzzReader {
    let name = "config-\(kind.rawValue)"
    let seed = try checkpoint(kind, in: folder, to: name)
    return FuzzReader(name: name, seeds: [seed]) {
      try folder.write($0, to: name + "/config.json")
      try run(folder.path(name))
    }
  }

  private static func generation(in folder: TemporaryFolder) throws -> FuzzReader {
    _ = try checkpoint(.gpt2, in: folder, to: "generation")
    let model = try Model(directory: folder.path("generation"))
    return FuzzReader(
      name: "generation_config.json",
      seeds: [try seed("Tests/TransformerTests/Fixtures/tiny/gpt2/generation_config.json")]
    ) {
      try folder.write($0, to: "generation/generation_config.json")
      for sampling in [true, false] { _ = try model.generationSettings(sampling: sampling) }
    }
  }

  /// Writes a model of some kilobytes and gives its config.json.
  private static func checkpoint(
    _ kind: TinyCheckpoint.Kind, in folder: TemporaryFolder, to name: String
  ) throws -> [UInt8] {
    var checkpoint = TinyCheckpoint.make(kind, positions: 4, layers: 1)
    if kind == .gpt2 {
      checkpoint.addLinear("classifier", [2, 12], outputs: 2)
      checkpoint.config["graft"] = ["pooling": "mean", "final_norm": false]
    } else {
      checkpoint.addClassifier(kind, classes: 2)
    }
    try folder.write(checkpoint.configText, to: name + "/config.json")
    try checkpoint.write(to: folder.path(name))
    return Array(checkpoint.configText.utf8)
  }

  /// Opens a model and runs a text through it.
  private static func run(_ directory: String) throws {
    let model = try Model(directory: directory)
    _ = try model.labels()
    let trace = try model.trace([1, 0, 2], workspace: Workspace(threads: Threads(1)))
    guard trace.segments[0].hidden.count == model.dimensions.layers + 1 else {
      throw FuzzError.wrongResult("\(trace.segments[0].hidden.count) states of \(model.dimensions.layers) blocks")
    }
  }

  /// The readers of each file of a tokenizer.
  static func tokenizers(in folder: TemporaryFolder) throws -> [FuzzReader] {
    let small = "Tests/TokenizationTests/Fixtures/small/"
    let pairs = ["vocab.json": try seed(small + "vocab.json"), "merges.txt": try seed(small + "merges.txt")]
    let words = [
      "vocab.txt": Array("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nfilm\n##s\ncafé\ncafe\nx\n##y\n".utf8),
      "tokenizer_config.json": Array(
        """
        {"do_lower_case": true, "strip_accents": null, "mask_token": {"content": "[MASK]", "lstrip": true}, \
        "added_tokens_decoder": {"4": {"content": "[MASK]", "special": true}}, "model_max_length": 512, \
        "truncation_side": "right", "tokenizer_class": "BertTokenizer", "additional_special_tokens": ["film"]}
        """.utf8),
      "special_tokens_map.json": Array(
        #"{"unk_token": "[UNK]", "pad_token": {"content": "[PAD]", "normalized": true}}"#.utf8),
      "added_tokens.json": Array(#"{"movie": 11, "newword": 12}"#.utf8),
    ]
    func wordReader(_ file: String) throws -> FuzzReader { try tokenizer(file, file, words, in: folder) }
    let models = "evaluation/fuzz/seeds/"
    func model(_ name: String, _ file: String, _ seed: String) throws -> FuzzReader {
      try tokenizer(name, file, [file: try Self.seed(seed)], in: folder)
    }
    return [
      try wordReader("vocab.txt"), try wordReader("tokenizer_config.json"), try wordReader("special_tokens_map.json"),
      try wordReader("added_tokens.json"), try tokenizer("vocab.json", "vocab.json", pairs, in: folder),
      try tokenizer("merges.txt", "merges.txt", pairs, in: folder),
      try model("tokenizer.json-wordpiece", "tokenizer.json", models + "wordpiece.json"),
      try model("tokenizer.json-bpe", "tokenizer.json", small + "tokenizer-gpt2.json"),
      try model("sentencepiece-unigram", "spiece.model", models + "unigram.model"),
      try model("sentencepiece-bpe", "spiece.model", models + "bpe.model"),
    ]
  }

  private static func tokenizer(
    _ name: String, _ file: String, _ files: [String: [UInt8]], in folder: TemporaryFolder
  ) throws -> FuzzReader {
    for (file, content) in files { try folder.write(content, to: "tokenizer-\(name)/\(file)") }
    return FuzzReader(name: name, seeds: [files[file] ?? []]) {
      try folder.write($0, to: "tokenizer-\(name)/\(file)")
      try attempt {
        try tokenize(Tokenizer.loadVocabulary(directory: folder.path("tokenizer-\(name)"), modelType: "bert"))
      }
      try tokenize(Tokenizer.load(directory: folder.path("tokenizer-\(name)"), modelType: nil))
    }
  }

  /// Tokenizes texts, and checks that ids and places are within their bounds.
  private static func tokenize(_ tokenizer: Tokenizer) throws {
    let texts = [
      "Films and café [MASK] <|endoftext|> 中文 e\u{301}\u{316} don't\n\n 12", "\u{0}\u{FFFD} \u{1F600} newword<b> xy",
      "a good film and a bad film Ａ",
    ]
    for text in texts {
      let encoding = try tokenizer.encode(text)
      guard encoding.ids.allSatisfy({ tokenizer.token($0) != nil }) else {
        throw FuzzError.wrongResult("an id that has no token")
      }
      guard encoding.offsets.allSatisfy({ $0.lowerBound >= 0 && $0.upperBound <= text.utf8.count }) else {
        throw FuzzError.wrongResult("a token outside of the text")
      }
      _ = tokenizer.decode(encoding.ids)
    }
  }
}
