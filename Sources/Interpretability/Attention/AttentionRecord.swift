import Files
import Tokenization
import Transformer

/// Effective attention of one text: numbers per head, and the correlation of raw and effective weights by length.
package struct AttentionRecord: Sendable, Equatable, Encodable {
  package struct Head: Sendable, Equatable {
    package let layer: Int
    package let head: Int
    package let rank: Int
    package let nullDimension: Int
    package let simplexNullDimension: Int
    /// `EffectiveAttention.Head.nullShare`
    package let nullShare: Double
    /// `EffectiveAttention.Head.correlation`; NaN where undefined.
    package let correlation: Double
    package let outputError: Double
    /// One per target of the study.
    package let shares: AttentionShares
  }

  /// The text's name.
  package let id: String
  /// T
  package let tokens: Int
  /// `AttentionShares.uniform`, one per target.
  package let uniform: [Double]
  /// In order of layer and head.
  package let heads: [Head]
  /// For each length of the study that the text reaches: the correlation of raw and effective weights in the text
  /// truncated to that many tokens, [layers], each the mean over the layer's heads; NaN where a layer has none.
  package let correlations: [Correlation]

  package struct Correlation: Sendable, Equatable, Encodable {
    package let length: Int
    package let layers: [Double]
  }
}

/// Measures effective attention text by text.
package struct AttentionStudy: Sendable {
  package let model: any TransformerModel
  package let method: EffectiveAttention
  /// The targets of shares.
  package let targets: [AttentionTarget]
  /// In tokens, special ones included; ascending.
  package let lengths: [Int]
  private let tokenizer: Tokenizer
  private let isCausal: Bool

  /// - Parameter lengths: to which each text is truncated, in addition to the whole text.
  package init(_ model: any TransformerModel, _ method: EffectiveAttention, tokenizer: Tokenizer, lengths: [Int] = []) {
    isCausal = method.blocks.contains { $0.isCausal }
    self.model = model
    self.method = method
    self.tokenizer = tokenizer
    self.lengths = Set(lengths).sorted()
    targets = AttentionTarget.all(isCausal: isCausal)
  }

  /// - Parameter keep: gets each head with its weights, [layer][head], before they are released.
  /// - Throws: what `EffectiveAttention.read` and `keep` throw.
  package func record(
    id: String, _ ids: [Int32], workspace: Workspace, keep: (EffectiveAttention.Head) throws -> Void = { _ in }
  ) throws -> AttentionRecord {
    let kinds = AttentionTarget.kinds(of: ids, tokenizer, isCausal: isCausal)
    var heads: [AttentionRecord.Head] = []
    try method.read(model, PackedBatch([ids]), workspace: workspace) { _, found in
      var records = [AttentionRecord.Head?](repeating: nil, count: found.count)
      records.withUnsafeMutableBufferPointer { records in
        nonisolated(unsafe) let records = records
        workspace.threads.run(found.count) { index, _ in records[index] = record(found[index], kinds: kinds) }
      }
      heads += records.compactMap { $0 }
      try found.forEach(keep)
    }
    return AttentionRecord(
      id: id, tokens: ids.count,
      uniform: AttentionShares.uniform(targets: targets, kinds: kinds, isCausal: isCausal), heads: heads,
      correlations: try lengths.filter { $0 <= ids.count }.map { length in
        AttentionRecord.Correlation(
          length: length, layers: try correlations(head(of: ids, length), workspace: workspace))
      })
  }

  private func record(_ head: EffectiveAttention.Head, kinds: [AttentionTarget]) -> AttentionRecord.Head {
    AttentionRecord.Head(
      layer: head.layer, head: head.head, rank: head.rank, nullDimension: head.nullDimension,
      simplexNullDimension: head.simplexNullDimension, nullShare: head.nullShare,
      correlation: head.correlation(isCausal: isCausal), outputError: head.outputError,
      shares: AttentionShares(head, targets: targets, kinds: kinds, isCausal: isCausal))
  }

  /// The first tokens of a text, with the tokenizer's last one, such as [SEP] or </s>, at the end.
  private func head(of ids: [Int32], _ length: Int) -> [Int32] {
    let suffix = tokenizer.template.suffix
    let closing = ids.suffix(suffix.count).elementsEqual(suffix) && suffix.count < length ? suffix : []
    return ids.prefix(length - closing.count) + closing
  }

  /// For each layer, the mean over its heads.
  private func correlations(_ ids: [Int32], workspace: Workspace) throws -> [Double] {
    var layers: [Double] = []
    try method.read(model, PackedBatch([ids]), workspace: workspace) { _, heads in
      let all = heads.map { $0.correlation(isCausal: isCausal) }.filter(\.isFinite)
      layers.append(all.isEmpty ? .nan : all.reduce(0, +) / Double(all.count))
    }
    return layers
  }
}

extension AttentionRecord.Head: Encodable {
  package func encode(to encoder: any Encoder) throws {
    try shares.encode(to: encoder)
    try encoder.encode([
      "correlation": correlation, "head": head, "layer": layer, "null_dimension": nullDimension,
      "null_share": nullShare, "output_error": outputError, "rank": rank,
      "simplex_null_dimension": simplexNullDimension,
    ])
  }
}

extension AttentionRecord {
  /// Reads what was encoded.
  /// - Throws: `FileError` that names what is not as expected.
  package init(_ node: JSONNode) throws {
    func numbers(_ node: JSONNode) throws -> [Double] { try node.array().map { try Self.number($0) } }
    id = try node["id"].string()
    tokens = try node["tokens"].int()
    uniform = try numbers(node["uniform"])
    heads = try node["heads"].array().map { head in
      Head(
        layer: try head["layer"].int(), head: try head["head"].int(), rank: try head["rank"].int(),
        nullDimension: try head["null_dimension"].int(),
        simplexNullDimension: try head["simplex_null_dimension"].int(), nullShare: try Self.number(head["null_share"]),
        correlation: try Self.number(head["correlation"]), outputError: try Self.number(head["output_error"]),
        shares: AttentionShares(
          raw: try numbers(head["raw"]), effective: try numbers(head["effective"]),
          magnitude: try numbers(head["magnitude"])))
    }
    correlations = try node["correlations"].array().map { entry in
      Correlation(length: try entry["length"].int(), layers: try numbers(entry["layers"]))
    }
  }

  /// NaN for null.
  private static func number(_ node: JSONNode) throws -> Double {
    if case .null? = node.value { return .nan }
    return try node.double()
  }
}
