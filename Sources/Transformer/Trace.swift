import DenseMath

/// Everything `graft forward` writes about one text.
package struct Trace: Sendable {
  /// Hidden states of consecutive blocks of one width.
  package struct Segment: Sendable {
    package let dimensions: Dimensions
    /// The input of the first block, then the state after each: [blocks + 1][T d].
    package var hidden: [[Float]]
    /// Softmax weights of each block, [blocks][H T T].
    package var attention: [[Float]] = []
  }

  package let ids: [Int32]
  /// One for a checkpoint, two for a stitched model: A's blocks, then B's from the mapped state on.
  package var segments: [Segment]
  /// [T V]; nil where there is no head over the vocabulary.
  package var logits: [Float]?
  /// [C]; nil where this is no classifier.
  package var classifierLogits: [Float]?

  /// T
  package var tokens: Int { ids.count }

  /// The suffixes of the tensors of a stitched model's two parts.
  static let partSuffixes = ["_pretrained", "_finetuned"]

  /// Whether all blocks have states of one width and equally many heads.
  var partsAgree: Bool {
    guard let first = segments.first?.dimensions else { return false }
    return segments.allSatisfy { $0.dimensions.hidden == first.hidden && $0.dimensions.heads == first.heads }
  }

  /// All blocks as one segment, without the state before a map; nil where their sizes differ.
  var joined: Segment? {
    guard partsAgree, let first = segments.first else { return nil }
    let hidden = segments.dropLast().flatMap { $0.hidden.dropLast() } + (segments.last?.hidden ?? [])
    return Segment(dimensions: first.dimensions, hidden: hidden, attention: segments.flatMap(\.attention))
  }
}

extension TransformerModel {
  /// Runs one text and records every hidden state and attention weight, and the scores of all heads.
  /// - Throws: `TransformerError`.
  package func trace(_ ids: [Int32], tokenTypes: [Int32]? = nil, workspace: Workspace) throws -> Trace {
    let batch = try PackedBatch([ids], tokenTypes: tokenTypes.map { [$0] })
    let recorder = Recorder(blocks: blockDimensions, segmentStarts: segmentStarts)
    let h = try forward(batch, workspace: workspace, observer: recorder)
    var trace = Trace(ids: ids, segments: recorder.segments)
    if let unembedding {
      let count = ids.count * unembedding.vocabulary
      let logits = FloatBuffer(count: count)
      unembedding.apply(h.pointer, rows: ids.count, into: logits.pointer, workspace: workspace)
      trace.logits = Array(UnsafeBufferPointer(start: logits.pointer, count: count))
    }
    trace.classifierLogits = classifier?.apply(h, batch, workspace: workspace).first
    return trace
  }
}

/// Keeps hidden states and attention weights.
private final class Recorder: Observer {
  private let blocks: [Dimensions]
  private let segmentStarts: [Int]
  private(set) var segments: [Trace.Segment] = []

  init(blocks: [Dimensions], segmentStarts: [Int]) {
    self.blocks = blocks
    self.segmentStarts = segmentStarts
  }

  func wants(_ site: Site, layer: Int) -> Bool {
    site == .residPre || site == .residPost || site == .attentionWeights
  }

  func observe(_ observation: Observation) throws {
    let (values, last) = (observation.copy(), segments.count - 1)
    switch observation.site {
    case .residPre:
      if segmentStarts.contains(observation.layer) {
        segments.append(Trace.Segment(dimensions: blocks[observation.layer], hidden: [values]))
      }
    case .attentionWeights: segments[last].attention.append(values)
    default: segments[last].hidden.append(values)
    }
  }
}
