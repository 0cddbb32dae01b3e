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
  let prefix: String
  /// nil for GPT-2.
  private let encoder: Encoder?
  private let files: [SafetensorsFile]
  private var change: Change
  private var tensors: [String: (shape: [Int], values: [Double])] = [:]

  /// Opens config.json and the weights of a directory: model.safetensors, else the shards of the index.
  public init(directory: String) throws {
    change = { _, _, _ in }
    config = try JSONNode.read(directory + "/config.json")
    encoder = Encoder.all[try config["model_type"].string()]
    var shards = ["model.safetensors"]
    if !FileManager.default.fileExists(atPath: directory + "/model.safetensors") {
      let map = try JSONNode.read(directory + "/model.safetensors.index.json")["weight_map"]
      shards = Set(try map.members().map { try map[$0.key].string() }).sorted()
    }
    files = try shards.map { try SafetensorsFile(directory + "/" + $0) }
    let anchor = encoder == nil ? "wte.weight" : "embeddings.word_embeddings.weight"
    let names = files.flatMap(\.names)
    prefix =
      ["", "bert.", "distilbert.", "roberta.", "transformer.", "model."].first { names.contains($0 + anchor) } ?? ""
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
    if let encoder { return try forward(encoder, ids, tokenTypes ?? ids.map { _ in 0 }) }
    return try gpt2(ids)
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
  func linear(_ x: Rows, _ name: String, bare: Bool = false) throws -> Rows {
    adding(
      product(x, transposed(try matrix(name + ".weight", bare: bare))), bias: try vector(name + ".bias", bare: bare))
  }

  /// x W + b, GPT-2's Conv1D.
  func convolution(_ x: Rows, _ name: String) throws -> Rows {
    adding(product(x, try matrix(name + ".weight")), bias: try vector(name + ".bias"))
  }

  func norm(_ x: Rows, _ name: String, epsilon: Double, bare: Bool = false) throws -> Rows {
    layerNorm(
      x, gain: try vector(name + ".weight", bare: bare), shift: try vector(name + ".bias", bare: bare), epsilon: epsilon
    )
  }

  func attend(
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
  func changed(_ rows: Rows, _ site: String, _ layer: Int, _ trace: inout Trace) -> Rows {
    var rows = rows
    change(site, layer, &rows)
    trace.sites["\(site).\(layer)"] = rows.flatMap { $0 }
    return rows
  }
}
