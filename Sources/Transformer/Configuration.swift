import Files

/// The options of config.json that decide BERT's forward pass. Absent ones have Hugging Face's defaults; a family's
/// `SettingsKeys` refuse those that are not supported.
struct EncoderConfiguration {
  let dimensions: Dimensions
  /// Rows of the token type embedding; nil where there is none.
  let tokenTypes: Int?
  let activation: Activation
  let normEpsilon: Float
  let tiesEmbeddings: Bool
  let positionRows: PositionRows
}

extension EncoderConfiguration {
  /// config.json of a BERT model.
  /// - Throws: `TransformerError` for a size or an activation that is not supported, `FileError`.
  init(bert config: JSONNode) throws {
    let reader = ConfigReader(config)
    dimensions = try reader.dimensions(
      vocabulary: ("vocab_size", 30522), hidden: ("hidden_size", 768), layers: ("num_hidden_layers", 12),
      heads: ("num_attention_heads", 12), feedForward: ("intermediate_size", nil),
      positions: ("max_position_embeddings", 512), defaultFeedForward: { _ in 3072 })
    tokenTypes = try reader.size("type_vocab_size", default: 2)
    activation = try reader.activation("hidden_act", default: "gelu")
    normEpsilon = try reader.epsilon("layer_norm_eps", default: 1e-12)
    tiesEmbeddings = try reader.flag("tie_word_embeddings", default: true)
    positionRows = .fromZero
  }
}

struct GPT2Configuration {
  let dimensions: Dimensions
  let activation: Activation
  let normEpsilon: Float
  let tiesEmbeddings: Bool
  let scalesAttention: Bool
  let scalesAttentionByInverseLayer: Bool
  /// `pad_token_id`
  let padding: Int?

  init(_ config: JSONNode) throws {
    let reader = ConfigReader(
      config,
      aliases: [
        "n_embd": "hidden_size", "n_layer": "num_hidden_layers", "n_head": "num_attention_heads",
        "n_positions": "max_position_embeddings",
      ])
    dimensions = try reader.dimensions(
      vocabulary: ("vocab_size", 50257), hidden: ("n_embd", 768), layers: ("n_layer", 12), heads: ("n_head", 12),
      feedForward: ("n_inner", nil), positions: ("n_positions", 1024), defaultFeedForward: { 4 * $0 })
    activation = try reader.activation("activation_function", default: "gelu_new")
    normEpsilon = try reader.epsilon("layer_norm_epsilon", default: 1e-5)
    tiesEmbeddings = try reader.flag("tie_word_embeddings", default: true)
    scalesAttention = try reader.flag("scale_attn_weights", default: true)
    scalesAttentionByInverseLayer = try reader.flag("scale_attn_by_inverse_layer_idx", default: false)
    padding = config["pad_token_id"].isPresent ? try config["pad_token_id"].int() : nil
  }
}

/// Reads config.json with Hugging Face's defaults and Graft's limits.
struct ConfigReader {
  private static let largest = 1 << 31

  let config: JSONNode
  /// The general names that Hugging Face accepts for an architecture's own.
  let aliases: [String: String]

  init(_ config: JSONNode, aliases: [String: String] = [:]) {
    self.config = config
    self.aliases = aliases
  }

  func size(_ key: String, default value: Int) throws -> Int {
    let alias = aliases[key].map { config[$0] }
    var node = config[key]
    if let alias, alias.isPresent {
      guard !node.isPresent || node.value == alias.value else {
        throw TransformerError.impossibleSize(
          path: config.path, option: alias.location, found: alias.value?.kind ?? "absent",
          expected: "what \(key) is, \(node.value?.kind ?? "absent")")
      }
      node = alias
    }
    let found = node.isPresent ? try node.int() : value
    guard found > 0, found < Self.largest else {
      throw TransformerError.impossibleSize(
        path: config.path, option: key, found: "\(found)", expected: "a whole number from 1 to \(Self.largest - 1)")
    }
    return found
  }

  func dimensions(
    vocabulary: (String, Int), hidden: (String, Int), layers: (String, Int), heads: (String, Int),
    feedForward: (String, Int?), positions: (String, Int), defaultFeedForward: (Int) -> Int
  ) throws -> Dimensions {
    let d = try size(hidden.0, default: hidden.1)
    let H = try size(heads.0, default: heads.1)
    guard d % H == 0 else {
      throw TransformerError.impossibleSize(
        path: config.path, option: heads.0, found: "\(H)", expected: "a divisor of \(hidden.0), \(d)")
    }
    return Dimensions(
      vocabulary: try size(vocabulary.0, default: vocabulary.1), hidden: d,
      layers: try size(layers.0, default: layers.1), heads: H,
      feedForward: try size(feedForward.0, default: defaultFeedForward(d)),
      positions: try size(positions.0, default: positions.1))
  }

  func flag(_ key: String, default value: Bool) throws -> Bool {
    config[key].isPresent ? try config[key].bool() : value
  }

  func epsilon(_ key: String, default value: Double) throws -> Float {
    let found = config[key].isPresent ? try config[key].double() : value
    guard found >= 0, found < 1 else {
      throw TransformerError.impossibleSize(
        path: config.path, option: key, found: "\(found)", expected: "a number from 0 to 1")
    }
    return Float(found)
  }

  func activation(_ key: String, default name: String) throws -> Activation {
    let found = config[key].isPresent ? try config[key].string() : name
    guard let activation = Activation(named: found) else {
      throw TransformerError.unsupportedOption(
        path: config.path, option: key, found: "\"\(found)\"", supported: Activation.names.joined(separator: ", "))
    }
    return activation
  }

  /// Refuses the options of the mean classifier where the checkpoint has another.
  func refusePooling() throws {
    for key in ["pooling", "final_norm"] where config["graft"][key].isPresent {
      throw TransformerError.unsupportedOption(
        path: config.path, option: "graft." + key, found: config["graft"][key].value?.kind ?? "absent",
        supported: "none for this architecture's classifier")
    }
  }
}
