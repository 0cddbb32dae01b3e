/// Names of the files in a model's directory, as Hugging Face gives them.
package enum ModelFileName {
  package static let config = "config.json"
  /// The configuration beside BERT's first releases, TensorFlow checkpoints.
  package static let originalConfig = "bert_config.json"
  package static let generation = "generation_config.json"

  /// Files that hold a SentencePiece model, in the order they are looked for.
  package static let sentencePiece = [
    "spiece.model", "sentencepiece.bpe.model", "tokenizer.model", "spm.model", "sentencepiece.model",
  ]

  /// Files of which any one set is a vocabulary.
  package static let vocabularies =
    [["tokenizer.json"], ["vocab.txt"], ["vocab.json", "merges.txt"]] + sentencePiece.map { [$0] }

  package static let tokenizerConfig = "tokenizer_config.json"

  /// Every file that a tokenizer is read from.
  package static let tokenizer =
    vocabularies.flatMap { $0 } + [tokenizerConfig, "special_tokens_map.json", "added_tokens.json"]
}

/// The file that a model's weights are in, or the index that names their shards.
package struct WeightFileName: Equatable, Sendable {
  package enum Format: Sendable {
    case safetensors, torch
  }

  package let format: Format
  package let isIndex: Bool

  /// In the order of choice: safetensors hold the same numbers as PyTorch's files where there are both, and no code;
  /// `transformers` chooses likewise.
  package static let choices: [WeightFileName] = [
    .init(format: .safetensors, isIndex: false), .init(format: .safetensors, isIndex: true),
    .init(format: .torch, isIndex: false), .init(format: .torch, isIndex: true),
  ]

  /// The first that is there; nil where none is.
  package static func first(where isThere: (String) -> Bool) -> WeightFileName? {
    choices.first { isThere($0.name) }
  }

  package var name: String {
    let file = (format == .safetensors ? "model" : "pytorch_model") + shardSuffix
    return isIndex ? file + ".index.json" : file
  }

  /// What the names of shards end with.
  package var shardSuffix: String { format == .safetensors ? ".safetensors" : ".bin" }
}
