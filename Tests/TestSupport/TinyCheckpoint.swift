import Checkpoints
import DenseMath
import Files
import Foundation
import Transformer

/// A checkpoint in memory, to be changed and written: a few kilobytes, with large weights so that errors show.
public struct TinyCheckpoint {
  public enum Kind: String, CaseIterable, Sendable {
    case bert, gpt2, distilbert, roberta

    /// What the names of the head over the vocabulary begin with.
    public var vocabularyHead: String {
      switch self {
      case .bert: return "cls.predictions."
      case .gpt2: return "lm_head."
      case .distilbert: return "vocab_"
      case .roberta: return "lm_head."
      }
    }
    /// The name of the token embedding.
    public var wE: String {
      switch self {
      case .bert, .distilbert, .roberta: return "\(rawValue).embeddings.word_embeddings.weight"
      case .gpt2: return "transformer.wte.weight"
      }
    }
    /// The key of config.json for the activation.
    public var activationKey: String {
      switch self {
      case .bert, .roberta: return "hidden_act"
      case .gpt2: return "activation_function"
      case .distilbert: return "activation"
      }
    }
  }

  public var config: [String: JSON]
  public var tensors: [String: Tensor] = [:]
  private var numbers: SeededNumbers

  /// Text of config.json, keys sorted.
  public var configText: String { JSON.object(config.map { JSON.Member($0.key, $0.value) }).serialized(.pretty) }

  /// Writes config.json and model.safetensors into an existing directory.
  public func write(to directory: String) throws {
    try Data(configText.utf8).write(to: URL(fileURLWithPath: directory + "/config.json"))
    var writer = SafetensorsWriter()
    for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) { writer.add(name, tensor) }
    try writer.write(to: directory + "/model.safetensors")
  }

  public static func make(_ kind: Kind, positions: Int = 16, layers: Int = 2) -> TinyCheckpoint {
    switch kind {
    case .bert: return bert(positions: positions, layers: layers)
    case .gpt2: return gpt2(positions: positions, layers: layers)
    case .distilbert: return distilbert(positions: positions, layers: layers)
    case .roberta: return roberta(positions: positions, layers: layers)
    }
  }

  /// BertModel with the masked-LM head.
  public static func bert(positions: Int = 16, layers: Int = 2, seed: UInt64 = 1) -> TinyCheckpoint {
    let (V, d, dFF) = (23, 12, 10)
    var made = TinyCheckpoint(
      config: [
        "model_type": "bert", "architectures": ["BertForMaskedLM"], "vocab_size": .integer(V),
        "hidden_size": .integer(d), "num_hidden_layers": .integer(layers), "num_attention_heads": 3,
        "intermediate_size": .integer(dFF), "max_position_embeddings": .integer(positions), "type_vocab_size": 2,
        "hidden_act": "gelu", "layer_norm_eps": 1e-12, "tie_word_embeddings": true,
      ], numbers: SeededNumbers(seed: seed))
    made.addEncoder("bert", [V, d, dFF], positions: positions, types: 2, layers: layers)
    made.addLinear("cls.predictions.transform.dense", [d, d], outputs: d)
    made.addNorm("cls.predictions.transform.LayerNorm", d)
    made.add("cls.predictions.bias", [V])
    return made
  }

  /// GPT2Model with the tied head.
  public static func gpt2(positions: Int = 16, layers: Int = 2, seed: UInt64 = 2) -> TinyCheckpoint {
    let (V, d) = (21, 12)
    var made = TinyCheckpoint(
      config: [
        "model_type": "gpt2", "architectures": ["GPT2LMHeadModel"], "vocab_size": .integer(V), "n_embd": .integer(d),
        "n_layer": .integer(layers), "n_head": 3, "n_inner": 10, "n_positions": .integer(positions),
        "activation_function": "gelu_new", "layer_norm_epsilon": 1e-5, "tie_word_embeddings": true,
      ], numbers: SeededNumbers(seed: seed))
    made.add("transformer.wte.weight", [V, d])
    made.add("transformer.wpe.weight", [positions, d])
    for layer in 0..<layers {
      let name = "transformer.h.\(layer)."
      made.addNorm(name + "ln_1", d)
      made.addLinear(name + "attn.c_attn", [d, 3 * d], outputs: 3 * d)
      made.addLinear(name + "attn.c_proj", [d, d], outputs: d)
      made.addNorm(name + "ln_2", d)
      made.addLinear(name + "mlp.c_fc", [d, 10], outputs: 10)
      made.addLinear(name + "mlp.c_proj", [10, d], outputs: d)
    }
    made.addNorm("transformer.ln_f", d)
    return made
  }

  /// DistilBertModel with the masked-LM head.
  public static func distilbert(positions: Int = 16, layers: Int = 2, seed: UInt64 = 3) -> TinyCheckpoint {
    let (V, d, dFF) = (23, 12, 10)
    var made = TinyCheckpoint(
      config: [
        "model_type": "distilbert", "architectures": ["DistilBertForMaskedLM"], "vocab_size": .integer(V),
        "dim": .integer(d), "n_layers": .integer(layers), "n_heads": 3, "hidden_dim": .integer(dFF),
        "max_position_embeddings": .integer(positions), "activation": "gelu", "tie_word_embeddings": true,
      ], numbers: SeededNumbers(seed: seed))
    made.addEncoder(
      "distilbert", [V, d, dFF], positions: positions, types: nil, layers: layers, blocks: "transformer.layer",
      names: [
        "attention.q_lin", "attention.k_lin", "attention.v_lin", "attention.out_lin", "sa_layer_norm", "ffn.lin1",
        "ffn.lin2", "output_layer_norm",
      ])
    made.addLinear("vocab_transform", [d, d], outputs: d)
    made.addNorm("vocab_layer_norm", d)
    made.add("vocab_projector.bias", [V])
    return made
  }

  /// RobertaModel with the masked-LM head; 1 is the id of padding.
  public static func roberta(positions: Int = 16, layers: Int = 2, seed: UInt64 = 4) -> TinyCheckpoint {
    let (V, d, dFF) = (25, 12, 10)
    var made = TinyCheckpoint(
      config: [
        "model_type": "roberta", "architectures": ["RobertaForMaskedLM"], "vocab_size": .integer(V),
        "hidden_size": .integer(d), "num_hidden_layers": .integer(layers), "num_attention_heads": 3,
        "intermediate_size": .integer(dFF), "max_position_embeddings": .integer(positions + 2), "type_vocab_size": 1,
        "hidden_act": "gelu", "layer_norm_eps": 1e-5, "pad_token_id": 1, "tie_word_embeddings": true,
      ], numbers: SeededNumbers(seed: seed))
    made.addEncoder("roberta", [V, d, dFF], positions: positions + 2, types: 1, layers: layers)
    made.addLinear("lm_head.dense", [d, d], outputs: d)
    made.addNorm("lm_head.layer_norm", d)
    made.add("lm_head.bias", [V])
    return made
  }

  /// Adds the classifier of sequences of the family's class; GPT-2's reads the last token.
  public mutating func addClassifier(_ kind: Kind, classes: Int) {
    switch kind {
    case .bert:
      addLinear("bert.pooler.dense", [12, 12], outputs: 12)
      addLinear("classifier", [classes, 12], outputs: classes)
    case .gpt2: add("score.weight", [classes, 12])
    case .distilbert:
      addLinear("pre_classifier", [12, 12], outputs: 12)
      addLinear("classifier", [classes, 12], outputs: classes)
    case .roberta:
      addLinear("classifier.dense", [12, 12], outputs: 12)
      addLinear("classifier.out_proj", [classes, 12], outputs: classes)
    }
  }

  /// Adds numbers around `mean`.
  public mutating func add(_ name: String, _ shape: [Int], mean: Double = 0) {
    let count = shape.reduce(1, *)
    tensors[name] = Tensor(shape: shape, numbers.normal(mean: mean, deviation: 0.4, count: count))
  }

  public mutating func addLinear(_ name: String, _ shape: [Int], outputs: Int) {
    add(name + ".weight", shape)
    add(name + ".bias", [outputs])
  }

  private mutating func addNorm(_ name: String, _ width: Int) {
    add(name + ".weight", [width], mean: 1)
    add(name + ".bias", [width])
  }

  /// Adds embeddings and blocks of BERT's forward pass, under BERT's names unless others are given.
  private mutating func addEncoder(
    _ prefix: String, _ sizes: [Int], positions: Int, types: Int?, layers: Int, blocks: String = "encoder.layer",
    names: [String] = [
      "attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense",
      "attention.output.LayerNorm", "intermediate.dense", "output.dense", "output.LayerNorm",
    ]
  ) {
    let (V, d, dFF) = (sizes[0], sizes[1], sizes[2])
    add("\(prefix).embeddings.word_embeddings.weight", [V, d])
    add("\(prefix).embeddings.position_embeddings.weight", [positions, d])
    if let types { add("\(prefix).embeddings.token_type_embeddings.weight", [types, d]) }
    addNorm("\(prefix).embeddings.LayerNorm", d)
    for layer in 0..<layers {
      let names = names.map { "\(prefix).\(blocks).\(layer).\($0)" }
      for name in names[0..<4] { addLinear(name, [d, d], outputs: d) }
      addNorm(names[4], d)
      addLinear(names[5], [dFF, d], outputs: dFF)
      addLinear(names[6], [d, dFF], outputs: d)
      addNorm(names[7], d)
    }
  }
}
