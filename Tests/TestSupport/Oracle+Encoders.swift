import Files
import Foundation

extension Oracle {
  /// What distinguishes the three families with BERT's forward pass.
  struct Encoder {
    /// config.json's keys for the number of layers and heads, and for the activation.
    let keys: (layers: String, heads: String, activation: String)
    /// nil where every model has 1e-12.
    let epsilon: String?
    let hasTypes: Bool
    let countsPadding: Bool
    let blocks: String
    /// Query, key, value, attention's output, its norm, the two feed-forward layers, their norm.
    let names: [String]
    /// Dense, norm, decoder; the bias of all items.
    let vocabulary: (dense: String, norm: String, decoder: String, bias: String)
    /// "gelu" for RoBERTa, whose head has its own.
    let headActivation: String?
    /// The dense layer, whether it stands beside the body, its activation, and the output.
    let classifier: (dense: String, isBare: Bool, activation: String, output: String)

    private static let bertNames = [
      "attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense",
      "attention.output.LayerNorm", "intermediate.dense", "output.dense", "output.LayerNorm",
    ]
    private static let bertKeys = (
      layers: "num_hidden_layers", heads: "num_attention_heads", activation: "hidden_act"
    )

    /// By `model_type`.
    static let all: [String: Encoder] = [
      "bert": Encoder(
        keys: bertKeys, epsilon: "layer_norm_eps", hasTypes: true, countsPadding: true, blocks: "encoder.layer",
        names: bertNames,
        vocabulary: (
          "cls.predictions.transform.dense", "cls.predictions.transform.LayerNorm", "cls.predictions.decoder",
          "cls.predictions.bias"
        ), headActivation: nil, classifier: ("pooler.dense", false, "tanh", "classifier")),
      "distilbert": Encoder(
        keys: ("n_layers", "n_heads", "activation"), epsilon: nil, hasTypes: false, countsPadding: true,
        blocks: "transformer.layer",
        names: [
          "attention.q_lin", "attention.k_lin", "attention.v_lin", "attention.out_lin", "sa_layer_norm", "ffn.lin1",
          "ffn.lin2", "output_layer_norm",
        ], vocabulary: ("vocab_transform", "vocab_layer_norm", "vocab_projector", "vocab_projector.bias"),
        headActivation: nil, classifier: ("pre_classifier", true, "relu", "classifier")),
      "roberta": Encoder(
        keys: bertKeys, epsilon: "layer_norm_eps", hasTypes: true, countsPadding: false, blocks: "encoder.layer",
        names: bertNames, vocabulary: ("lm_head.dense", "lm_head.layer_norm", "lm_head.decoder", "lm_head.bias"),
        headActivation: "gelu", classifier: ("classifier.dense", true, "tanh", "classifier.out_proj")),
    ]
  }

  /// The rows of the position embedding: RoBERTa counts the tokens that are not padding, from the id of padding + 1.
  private func positionRows(_ encoder: Encoder, _ ids: [Int]) throws -> [Int] {
    if encoder.countsPadding { return Array(ids.indices) }
    let padding = config["pad_token_id"].isPresent ? try config["pad_token_id"].int() : 1
    return ids.indices.map { t in
      padding + (ids[t] == padding ? 0 : ids[...t].filter { $0 != padding }.count)
    }
  }

  /// BERT's forward pass.
  func forward(_ encoder: Encoder, _ ids: [Int], _ types: [Int]) throws -> Trace {
    var trace = Trace()
    let stored = encoder.epsilon.map { config[$0] }
    let epsilon = try stored.map { $0.isPresent ? try $0.double() : 1e-12 } ?? 1e-12
    let named = config[encoder.keys.activation]
    let act = activation(named.isPresent ? try named.string() : "gelu")
    let heads = try config[encoder.keys.heads].int()
    let words = try matrix("embeddings.word_embeddings.weight")
    let positions = try matrix("embeddings.position_embeddings.weight")
    let places = try positionRows(encoder, ids)
    var h: Rows = ids.indices.map { t in zip(words[ids[t]], positions[places[t]]).map { $0 + $1 } }
    if encoder.hasTypes {
      let typeRows = try matrix("embeddings.token_type_embeddings.weight")
      h = adding(h, types.map { typeRows[$0] })
    }
    h = try norm(h, "embeddings.LayerNorm", epsilon: epsilon)
    trace.hidden.append(h.flatMap { $0 })
    for layer in 0..<(try config[encoder.keys.layers].int()) {
      let names = encoder.names.map { "\(encoder.blocks).\(layer).\($0)" }
      func keep(_ site: String, _ rows: Rows) -> Rows { changed(rows, site, layer, &trace) }
      h = keep("residPre", h)
      _ = keep("attentionInput", h)
      let z = attend(
        try linear(h, names[0]), try linear(h, names[1]), try linear(h, names[2]), heads: heads,
        scale: 1 / Double(h[0].count / heads).squareRoot(), causal: false, layer: layer, &trace)
      let attnOut = keep("attnOut", try linear(z, names[3]))
      h = keep("residMid", try norm(adding(attnOut, h), names[4], epsilon: epsilon))
      _ = keep("mlpInput", h)
      let inner = keep("mlpPreActivation", try linear(h, names[5]))
      let hidden = keep("mlpHidden", inner.map { $0.map(act) })
      let mlpOut = keep("mlpOut", try linear(hidden, names[6]))
      h = keep("residPost", try norm(adding(mlpOut, h), names[7], epsilon: epsilon))
      trace.hidden.append(h.flatMap { $0 })
    }
    if has(encoder.vocabulary.bias) {
      let (dense, normName, decoderName, biasName) = encoder.vocabulary
      let headAct = encoder.headActivation.map(activation) ?? act
      var x = try linear(h, dense, bare: true).map { $0.map(headAct) }
      x = try norm(x, normName, epsilon: epsilon, bare: true)
      let untied = config["tie_word_embeddings"].value == .bool(false)
      let decoder = untied ? try matrix(decoderName + ".weight", bare: true) : words
      let bias = untied && has(decoderName + ".bias") ? decoderName + ".bias" : biasName
      trace.logits = adding(product(x, transposed(decoder)), bias: try vector(bias, bare: true)).flatMap { $0 }
    }
    let (dense, isBare, name, output) = encoder.classifier
    if has(output + ".weight") {
      let features = try linear([h[0]], dense, bare: isBare).map { $0.map(activation(name)) }
      trace.classifierLogits = try linear(features, output, bare: true)[0]
    }
    return trace
  }
}
