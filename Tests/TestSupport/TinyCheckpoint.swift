import Checkpoints
import DenseMath
import Files
import Foundation
import Transformer

/// A checkpoint in memory, to be changed and written: a few kilobytes, with large weights so that errors show.
public struct TinyCheckpoint {
  public enum Kind: String, CaseIterable, Sendable { case bert, gpt2 }

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
    kind == .bert ? bert(positions: positions, layers: layers) : gpt2(positions: positions, layers: layers)
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
    made.add("bert.embeddings.word_embeddings.weight", [V, d])
    made.add("bert.embeddings.position_embeddings.weight", [positions, d])
    made.add("bert.embeddings.token_type_embeddings.weight", [2, d])
    made.addNorm("bert.embeddings.LayerNorm", d)
    for layer in 0..<layers {
      let name = "bert.encoder.layer.\(layer)."
      for part in ["query", "key", "value"] { made.addLinear(name + "attention.self." + part, [d, d], outputs: d) }
      made.addLinear(name + "attention.output.dense", [d, d], outputs: d)
      made.addNorm(name + "attention.output.LayerNorm", d)
      made.addLinear(name + "intermediate.dense", [dFF, d], outputs: dFF)
      made.addLinear(name + "output.dense", [d, dFF], outputs: d)
      made.addNorm(name + "output.LayerNorm", d)
    }
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
}
