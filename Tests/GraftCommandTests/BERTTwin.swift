import DenseMath
import Files
import TestSupport

/// A BERT with the numbers of a small DistilBERT or RoBERTa: every command must say the same about both.
enum BERTTwin {
  private static let names: [String: [(String, String)]] = [
    "distilbert": [
      ("distilbert.transformer.layer.", "bert.encoder.layer."), ("distilbert.", "bert."),
      ("attention.q_lin", "attention.self.query"), ("attention.k_lin", "attention.self.key"),
      ("attention.v_lin", "attention.self.value"), ("attention.out_lin", "attention.output.dense"),
      ("sa_layer_norm", "attention.output.LayerNorm"), ("output_layer_norm", "output.LayerNorm"),
      ("ffn.lin1", "intermediate.dense"), ("ffn.lin2", "output.dense"),
      ("vocab_transform", "cls.predictions.transform.dense"),
      ("vocab_layer_norm", "cls.predictions.transform.LayerNorm"), ("vocab_projector", "cls.predictions"),
    ],
    "roberta": [
      ("roberta.", "bert."), ("lm_head.dense", "cls.predictions.transform.dense"),
      ("lm_head.layer_norm", "cls.predictions.transform.LayerNorm"), ("lm_head.", "cls.predictions."),
    ],
  ]
  private static let options = [
    "dim": "hidden_size", "n_layers": "num_hidden_layers", "n_heads": "num_attention_heads",
    "hidden_dim": "intermediate_size",
  ]
  private static let kept = [
    "vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "layer_norm_eps",
  ]

  /// Writes the twin of a model with a head over the vocabulary, and gives its path.
  static func write(of name: String, to folder: TemporaryFolder) throws -> String {
    let isRoBERTa = name == "roberta"
    // DistilBERT adds no token type.
    let types = [
      "bert.embeddings.token_type_embeddings.weight": Tensor(shape: [1, 16], [Float](repeating: 0, count: 16))
    ]
    return try Families.write(
      name, to: folder, config: { config($0) }, adding: isRoBERTa ? [:] : types
    ) { stored, tensor in
      let twin = (names[name] ?? []).reduce(stored) { $0.replacing($1.0, with: $1.1) }
      // A RoBERTa's text begins at row 2.
      let isShifted = isRoBERTa && twin.hasSuffix("position_embeddings.weight")
      return (twin, isShifted ? Tensor(shape: [40, 16], Array(tensor.values[32...])) : tensor)
    }
  }

  private static func config(_ members: [JSON.Member]) -> [JSON.Member] {
    members.map { JSON.Member(options[$0.key] ?? $0.key, $0.value) }.filter { kept.contains($0.key) } + [
      JSON.Member("model_type", "bert"), JSON.Member("architectures", ["BertForMaskedLM"]),
      JSON.Member("max_position_embeddings", 40), JSON.Member("type_vocab_size", 1),
    ]
  }

  /// What a command printed, without digests of weights.
  static func withoutDigests(_ value: JSON) -> JSON {
    switch value {
    case .object(let members):
      .object(
        members.filter { !$0.key.hasSuffix("sha256") }.map { JSON.Member($0.key, withoutDigests($0.value)) })
    case .array(let items): .array(items.map(withoutDigests))
    default: value
    }
  }
}
