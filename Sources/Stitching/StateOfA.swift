import DenseMath
import Transformer

/// What a map reads of A for each token.
public enum StateOfA: Hashable, Comparable, Sendable {
  /// The hidden state after this many blocks; 0 is the embeddings.
  case hidden(Int)
  /// The mean of hidden state 0 over the tokens that this one may read: those up to it in a causal model, the whole text in
  /// others. What a head that attends to all of them alike would write, which no map of single tokens can make up for.
  case mean

  /// As an address: `embed`, `L0`, `L1`..., or `mean`.
  public var name: String {
    switch self {
    case .hidden(0): "embed"
    case .hidden(let depth): Address(layer: depth - 1).description
    case .mean: "mean"
    }
  }
}

extension Model {
  /// States of a batch by one pass, in the order given.
  /// - Parameters:
  ///   - wanted: ascending, as `MapLevels.states` has them.
  ///   - observer, interventions: see the blocks up to the last state.
  /// - Throws: `TransformerError`; what the observer throws.
  func states(
    _ wanted: [StateOfA], _ batch: PackedBatch, workspace: Workspace, observer: (any Observer)? = nil,
    interventions: [Intervention] = []
  ) throws -> [HiddenState] {
    var h = try embed(batch, workspace: workspace)
    // Before a block changes h.
    let mean = wanted.contains(.mean) ? means(of: h, batch, threads: workspace.threads) : nil
    var depth = 0
    return try wanted.compactMap { state in
      guard case .hidden(let next) = state else { return mean }
      try advance(
        &h, through: depth..<next, batch, workspace: workspace, observer: observer, interventions: interventions)
      depth = next
      return h
    }
  }

  /// `StateOfA.mean` of each token of a batch, summed in Double, [T, d].
  /// - Parameter h: hidden state 0, [T, d].
  func means(of h: HiddenState, _ batch: PackedBatch, threads: Threads) -> HiddenState {
    let means = HiddenState(tokens: h.tokens, width: h.width)
    nonisolated(unsafe) let (source, out) = (h, means)
    let width = h.width
    let isCausal = traits.isCausal
    threads.run(batch.sequences.count) { index, _ in
      var sums = [Double](repeating: 0, count: width)
      let rows = batch.sequences[index]
      func write(_ row: Int, count: Int) {
        for column in 0..<width { out.pointer[row * width + column] = Float(sums[column] / Double(count)) }
      }
      for (place, row) in rows.enumerated() {
        for column in 0..<width { sums[column] += Double(source.pointer[row * width + column]) }
        if isCausal { write(row, count: place + 1) }
      }
      if !isCausal { for row in rows { write(row, count: rows.count) } }
    }
    return means
  }
}
