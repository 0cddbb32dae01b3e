/// A place in the forward pass whose value can be observed. Blocks count from 0.
///
/// BERT normalises after adding to the residual stream, GPT-2 before reading from it; what that means for each site:
///
/// | site | shape | BERT (post-norm) | GPT-2 (pre-norm) |
/// |---|---|---|---|
/// | residPre | [T, d] | after the norm of the block before (or of the embeddings) | never normalised |
/// | attentionInput | [T, d] | the same numbers as residPre | ln_1 of residPre |
/// | queries, keys, values | [T, d], head h in columns h dHead ..< (h + 1) dHead | bias added | bias added |
/// | attentionWeights | [H, T, T] per sequence | softmax weights | softmax weights, 0 for later positions |
/// | headOutputs | [T, d] | weights times values, before wO | same |
/// | attnOut | [T, d] | bias added, before residual and norm | bias added, before residual |
/// | residMid | [T, d] | after attentionNorm | residPre + attnOut, not normalised |
/// | mlpInput | [T, d] | the same numbers as residMid | ln_2 of residMid |
/// | mlpPreActivation | [T, dFF] | bias added, before the activation | the same |
/// | mlpHidden | [T, dFF] | after the activation | after the activation |
/// | mlpOut | [T, d] | bias added, before residual and norm | bias added, before residual |
/// | residPost | [T, d] | after mlpNorm | residMid + mlpOut, not normalised; ln_f is not applied |
public enum Site: String, Sendable, CaseIterable {
  case residPre, attentionInput, queries, keys, values, attentionWeights, headOutputs, attnOut, residMid, mlpInput
  case mlpPreActivation, mlpHidden, mlpOut, residPost
}

/// A value announced by the forward pass, after interventions. Valid during the call only: copy what you keep.
public struct Observation {
  /// Which value of the block.
  public let site: Site
  /// The block, from 0.
  public let layer: Int
  /// The sequence it belongs to, for `attentionWeights`; nil where the rows are those of the whole batch.
  public let sequence: Int?
  /// `rows` rows of `columns` numbers, each row `stride` after the one before. Attention weights: H x T rows of T.
  public let pointer: UnsafePointer<Float>
  /// How many rows.
  public let rows: Int
  /// Numbers per row.
  public let columns: Int
  /// From one row to the next, in numbers.
  public let stride: Int

  /// The same value under another block number, for stitched models.
  public func inLayer(_ layer: Int) -> Observation {
    Observation(
      site: site, layer: layer, sequence: sequence, pointer: pointer, rows: rows, columns: columns, stride: stride)
  }

  /// A copy, row after row.
  public func copy() -> [Float] {
    var values: [Float] = []
    values.reserveCapacity(rows * columns)
    for row in 0..<rows { values += UnsafeBufferPointer(start: pointer + row * stride, count: columns) }
    return values
  }
}

/// Sees values of the forward pass as they are computed.
public protocol Observer: AnyObject {
  /// Whether `observe` is to be called for this site. Values are computed only when an observer asks for them.
  func wants(_ site: Site, layer: Int) -> Bool
  /// Whether sites after attention of the last block may come with the rows alone that are read afterwards, in order,
  /// where the caller of the pass names them. Not so by default: then all rows are computed.
  var acceptsRowsRead: Bool { get }
  /// Called on the thread of the pass, in the order of computation. Throwing ends the pass.
  func observe(_ observation: Observation) throws
}

extension Observer {
  public var acceptsRowsRead: Bool { false }
}
