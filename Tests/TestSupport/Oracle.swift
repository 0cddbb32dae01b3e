import Checkpoints
import Files
import Foundation

/// A second forward pass, slow and in Double, written from the papers and Hugging Face's definitions alone: it reads the
/// stored tensors by their own names and shares no code with the library's blocks.
public struct Oracle {
  /// The values of one text. Keys of `sites` are "residMid.3": site and block.
  public struct Trace {
    public var sites: [String: [Double]] = [:]
    /// [L + 1][T d]
    public var hidden: [[Double]] = []
    /// [L][H T T]
    public var attention: [[Double]] = []
    /// [T V]; nil where the checkpoint has no such head.
    public var logits: [Double]?
    /// [C]
    public var classifierLogits: [Double]?
  }

  let config: JSONNode
  let isBERT: Bool
  let prefix: String
  private let files: [SafetensorsFile]
  private var change: Change
  private var tensors: [String: (shape: [Int], values: [Double])] = [:]

  /// Opens config.json and the weights of a directory: model.safetensors, else the shards of the index.
  public init(directory: String) throws {
    change = { _, _, _ in }
    config = try JSONNode.read(directory + "/config.json")
    isBERT = try config["model_type"].string() == "bert"
    var shards = ["model.safetensors"]
    if !FileManager.default.fileExists(atPath: directory + "/model.safetensors") {
      let map = try JSONNode.read(directory + "/model.safetensors.index.json")["weight_map"]
      shards = Set(try map.members().map { try map[$0.key].string() }).sorted()
    }
    files = try shards.map { try SafetensorsFile(directory + "/" + $0) }
    let anchor = isBERT ? "embeddings.word_embeddings.weight" : "wte.weight"
    let names = files.flatMap(\.names)
    prefix = ["", "bert.", "transformer.", "model."].first { names.contains($0 + anchor) } ?? ""
  }

  /// The same model with every tensor in memory, for many passes.
  public func loaded() throws -> Oracle {
    var copy = self
    for name in files.flatMap(\.names) {
      copy.tensors[name] = try files.first { $0.entry(named: name) != nil }?.doubles(name)
    }
    return copy
  }

  /// The same model with `change` added to one number of a stored tensor.
  public func changing(_ name: String, at index: Int, by change: Double) throws -> Oracle {
    var copy = self
    var (shape, values) = try stored(name)
    values[index] += change
    copy.tensors[name] = (shape, values)
    return copy
  }

  /// The same text with hidden state 0, [T d], in place of the embeddings' own.
  public func forward(_ ids: [Int], startingFrom start: [Double]) throws -> Trace {
    try forward(ids) { site, layer, h in
      if site == "residPre", layer == 0 { h = rows(start, of: h[0].count) }
    }
  }

  /// Writes to the rows of a site of a block before they are read.
  public typealias Change = (_ site: String, _ layer: Int, _ rows: inout [[Double]]) -> Void

  /// The same text with some values changed during the pass.
  public func forward(_ ids: [Int], tokenTypes: [Int]? = nil, changing change: @escaping Change) throws -> Trace {
    var changed = self
    changed.change = change
    return try changed.forward(ids, tokenTypes: tokenTypes)
  }

  public func forward(_ ids: [Int], tokenTypes: [Int]? = nil) throws -> Trace {
    isBERT ? try bert(ids, tokenTypes ?? ids.map { _ in 0 }) : try gpt2(ids)
  }

  func has(_ name: String) -> Bool { files.contains { $0.entry(named: name) != nil } }

  /// The tensor of this name, or of its name in Google's checkpoints.
  private func stored(_ name: String) throws -> (shape: [Int], values: [Double]) {
    let old = name.replacingOccurrences(of: "LayerNorm.weight", with: "LayerNorm.gamma")
      .replacingOccurrences(of: "LayerNorm.bias", with: "LayerNorm.beta")
    let found = has(name) ? name : old
    if let tensor = tensors[found] { return tensor }
    return try (files.first { $0.entry(named: found) != nil } ?? files[0]).doubles(found)
  }

  func matrix(_ name: String, bare: Bool = false) throws -> Rows {
    let (shape, values) = try stored(bare ? name : prefix + name)
    return (0..<shape[0]).map { Array(values[$0 * shape[1]..<($0 + 1) * shape[1]]) }
  }

  func vector(_ name: String, bare: Bool = false) throws -> [Double] {
    try stored(bare ? name : prefix + name).values
  }

  /// x Wᵀ + b, PyTorch's Linear.
  private func linear(_ x: Rows, _ name: String, bare: Bool = false) throws -> Rows {
    adding(
      product(x, transposed(try matrix(name + ".weight", bare: bare))), bias: try vector(name + ".bias", bare: bare))
  }

  /// x W + b, GPT-2's Conv1D.
  private func convolution(_ x: Rows, _ name: String) throws -> Rows {
    adding(product(x, try matrix(name + ".weight")), bias: try vector(name + ".bias"))
  }

  private func norm(_ x: Rows, _ name: String, epsilon: Double, bare: Bool = false) throws -> Rows {
    layerNorm(
      x, gain: try vector(name + ".weight", bare: bare), shift: try vector(name + ".bias", bare: bare), epsilon: epsilon
    )
  }

  private func attend(
    _ q: Rows, _ k: Rows, _ v: Rows, heads: Int, scale: Double, causal: Bool, layer: Int, _ trace: inout Trace
  ) -> Rows {
    let (q, k, v) = (
      changed(q, "queries", layer, &trace), changed(k, "keys", layer, &trace), changed(v, "values", layer, &trace)
    )
    let size = q[0].count / heads
    var z = q.map { _ in [Double]() }
    var weights: [Double] = []
    for head in 0..<heads {
      func slice(_ row: [Double]) -> ArraySlice<Double> { row[head * size..<(head + 1) * size] }
      for i in q.indices {
        let seen = causal ? i + 1 : k.count
        let scores = (0..<seen).map { j in zip(slice(q[i]), slice(k[j])).reduce(0) { $0 + $1.0 * $1.1 } * scale }
        let row = softmax(scores) + [Double](repeating: 0, count: k.count - seen)
        weights += row
        z[i] += (head * size..<(head + 1) * size).map { column in k.indices.reduce(0) { $0 + row[$1] * v[$1][column] } }
      }
    }
    trace.attention.append(weights)
    trace.sites["attentionWeights.\(layer)"] = weights
    return changed(z, "headOutputs", layer, &trace)
  }

  /// The rows of a site after its change, recorded in the trace.
  private func changed(_ rows: Rows, _ site: String, _ layer: Int, _ trace: inout Trace) -> Rows {
    var rows = rows
    change(site, layer, &rows)
    trace.sites["\(site).\(layer)"] = rows.flatMap { $0 }
    return rows
  }

  private func bert(_ ids: [Int], _ types: [Int]) throws -> Trace {
    var trace = Trace()
    let epsilon = config["layer_norm_eps"].isPresent ? try config["layer_norm_eps"].double() : 1e-12
    let act = activation(config["hidden_act"].isPresent ? try config["hidden_act"].string() : "gelu")
    let heads = try config["num_attention_heads"].int()
    let words = try matrix("embeddings.word_embeddings.weight")
    let positions = try matrix("embeddings.position_embeddings.weight")
    let typeRows = try matrix("embeddings.token_type_embeddings.weight")
    var h: Rows = ids.indices.map { t in
      words[ids[t]].indices.map { words[ids[t]][$0] + positions[t][$0] + typeRows[types[t]][$0] }
    }
    h = try norm(h, "embeddings.LayerNorm", epsilon: epsilon)
    trace.hidden.append(h.flatMap { $0 })
    for layer in 0..<(try config["num_hidden_layers"].int()) {
      let name = "encoder.layer.\(layer)"
      func keep(_ site: String, _ rows: Rows) -> Rows { changed(rows, site, layer, &trace) }
      h = keep("residPre", h)
      _ = keep("attentionInput", h)
      let z = attend(
        try linear(h, name + ".attention.self.query"), try linear(h, name + ".attention.self.key"),
        try linear(h, name + ".attention.self.value"), heads: heads,
        scale: 1 / Double(h[0].count / heads).squareRoot(), causal: false, layer: layer, &trace)
      let attnOut = keep("attnOut", try linear(z, name + ".attention.output.dense"))
      h = keep(
        "residMid", try norm(adding(attnOut, h), name + ".attention.output.LayerNorm", epsilon: epsilon))
      _ = keep("mlpInput", h)
      let inner = keep("mlpPreActivation", try linear(h, name + ".intermediate.dense"))
      let hidden = keep("mlpHidden", inner.map { $0.map(act) })
      let mlpOut = keep("mlpOut", try linear(hidden, name + ".output.dense"))
      h = keep("residPost", try norm(adding(mlpOut, h), name + ".output.LayerNorm", epsilon: epsilon))
      trace.hidden.append(h.flatMap { $0 })
    }
    if has("cls.predictions.bias") {
      var x = try linear(h, "cls.predictions.transform.dense", bare: true).map { $0.map(act) }
      x = try norm(x, "cls.predictions.transform.LayerNorm", epsilon: epsilon, bare: true)
      let untied = config["tie_word_embeddings"].value == .bool(false)
      let decoder = untied ? try matrix("cls.predictions.decoder.weight", bare: true) : words
      let bias = untied && has("cls.predictions.decoder.bias") ? "cls.predictions.decoder.bias" : "cls.predictions.bias"
      trace.logits = adding(product(x, transposed(decoder)), bias: try vector(bias, bare: true)).flatMap { $0 }
    }
    if has("classifier.weight") {
      let pooled = try linear([h[0]], "pooler.dense").map { $0.map { tanh($0) } }
      trace.classifierLogits = try linear(pooled, "classifier", bare: true)[0]
    }
    return trace
  }

  private func gpt2(_ ids: [Int]) throws -> Trace {
    var trace = Trace()
    let epsilon = config["layer_norm_epsilon"].isPresent ? try config["layer_norm_epsilon"].double() : 1e-5
    let act = activation(
      config["activation_function"].isPresent ? try config["activation_function"].string() : "gelu_new")
    let heads = try config["n_head"].int()
    let (words, positions) = (try matrix("wte.weight"), try matrix("wpe.weight"))
    var h: Rows = ids.indices.map { t in zip(words[ids[t]], positions[t]).map { $0 + $1 } }
    trace.hidden.append(h.flatMap { $0 })
    for layer in 0..<(try config["n_layer"].int()) {
      let name = "h.\(layer)"
      func keep(_ site: String, _ rows: Rows) -> Rows { changed(rows, site, layer, &trace) }
      h = keep("residPre", h)
      let x = keep("attentionInput", try norm(h, name + ".ln_1", epsilon: epsilon))
      let qkv = try convolution(x, name + ".attn.c_attn")
      let d = h[0].count
      var scale = config["scale_attn_weights"].value == .bool(false) ? 1 : 1 / Double(d / heads).squareRoot()
      if config["scale_attn_by_inverse_layer_idx"].value == .bool(true) { scale /= Double(layer + 1) }
      let z = attend(
        qkv.map { Array($0[0..<d]) }, qkv.map { Array($0[d..<2 * d]) }, qkv.map { Array($0[2 * d..<3 * d]) },
        heads: heads, scale: scale, causal: true, layer: layer, &trace)
      let attnOut = keep("attnOut", try convolution(z, name + ".attn.c_proj"))
      h = keep("residMid", adding(attnOut, h))
      let y = keep("mlpInput", try norm(h, name + ".ln_2", epsilon: epsilon))
      let inner = keep("mlpPreActivation", try convolution(y, name + ".mlp.c_fc"))
      let hidden = keep("mlpHidden", inner.map { $0.map(act) })
      let mlpOut = keep("mlpOut", try convolution(hidden, name + ".mlp.c_proj"))
      h = keep("residPost", adding(mlpOut, h))
      trace.hidden.append(h.flatMap { $0 })
    }
    let final = try norm(h, "ln_f", epsilon: epsilon)
    let tied = config["tie_word_embeddings"].value != .bool(false)
    if tied || has("lm_head.weight") {
      let output = tied ? words : try matrix("lm_head.weight", bare: true)
      trace.logits = product(final, transposed(output)).flatMap { $0 }
    }
    if has("score.weight") {
      let padding = config["pad_token_id"].isPresent ? try config["pad_token_id"].int() : nil
      let last = ids.lastIndex { $0 != padding } ?? 0
      trace.classifierLogits = product([final[last]], transposed(try matrix("score.weight", bare: true)))[0]
    } else if has("classifier.weight") {
      let source = config["graft"]["final_norm"].value == .bool(false) ? h : final
      let scores = try linear(source, "classifier", bare: true)
      trace.classifierLogits = scores[0].indices.map { c in scores.reduce(0) { $0 + $1[c] } / Double(scores.count) }
    }
    return trace
  }
}
