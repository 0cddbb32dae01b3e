import DenseMath
import Training
import Transformer

/// The contribution of each token of a text to a classifier's score of a class, differentiated at the embedding output.
package struct DecisionAttribution: Sendable {
  /// The state without information, at every token that is not special; special tokens keep theirs.
  package enum Baseline: String, CaseIterable, Sendable {
    /// The embedding output with the mask token in place of each token, where the tokenizer has one.
    case mask
    /// Zeros.
    case zero
    /// The mean of the text's own embedding outputs.
    case mean
  }

  /// The class.
  package let label: Int
  /// Its score for the text.
  package let score: Double
  /// [T]: the contribution of each token.
  package let tokens: [Double]
  /// The score of the baseline; nil for input x gradient, which has none.
  package let baselineScore: Double?

  /// The difference of the scores minus the sum of `tokens`; nil for input x gradient. Integrated gradients are
  /// complete in the limit of many steps.
  package var completenessError: Double? { baselineScore.map { score - $0 - tokens.reduce(0, +) } }

  /// Input x gradient: x · ∂score/∂x of each token.
  /// - Parameter label: the class; nil for the one with the largest score.
  /// - Throws: `TransformerError`.
  package static func inputTimesGradient(
    of model: Model, _ batch: PackedBatch, label: Int? = nil, workspace: Workspace, derivatives: DerivativeWorkspace
  ) throws -> DecisionAttribution {
    let h = try model.embed(batch, workspace: workspace)
    let scores = try model.classify(batch, workspace: workspace)[0]
    let label = label ?? largest(scores)
    let gradient = try gradients(of: model, at: h, batch, label: label, workspace, derivatives)
    return DecisionAttribution(
      label: label, score: Double(scores[label]),
      tokens: (0..<batch.tokens).map { row in
        VectorMath.dot(h.pointer + row * h.width, gradient.pointer + row * h.width, count: h.width)
      }, baselineScore: nil)
  }

  /// Integrated gradients (Sundararajan, Taly, Yan, ICML 2017): the gradients along the straight line from the baseline
  /// to the text, by the midpoint rule.
  /// - Parameters:
  ///   - keeping: rows that the baseline leaves unchanged: special tokens.
  ///   - mask: the id of the mask token, for that baseline.
  ///   - memory: bytes for the points computed together, at least one.
  ///   - progress: counts the steps.
  /// - Throws: `TransformerError`.
  package static func integratedGradients(
    of model: Model, _ ids: [Int32], label: Int? = nil, baseline: Baseline, keeping special: [Bool], mask: Int32?,
    steps: Int, memory: Int = 256 << 20, workspace: Workspace, derivatives: DerivativeWorkspace,
    progress: ProgressHandler = .none
  ) throws -> DecisionAttribution {
    precondition(steps > 0 && special.count == ids.count, "\(steps) steps, \(special.count) marks")
    let size = model.dimensions
    let (T, d) = (ids.count, size.hidden)
    let batch = try PackedBatch([ids])
    let h = try model.embed(batch, workspace: workspace)
    let start = try self.baseline(
      baseline, of: model, ids, at: h, keeping: special, mask: mask, workspace: workspace)
    let head = try model.requireClassifier()
    func scores(_ state: HiddenState) throws -> [Float] {
      var state = state
      try model.advance(
        &state, through: 0..<size.layers, batch, rows: head.rowsRead(of: batch), workspace: workspace)
      return head.apply(state, batch, workspace: workspace)[0]
    }
    let ends = (try scores(start), try scores(h))
    let label = label ?? largest(ends.1)

    let bytes = T * size.layers * (12 * d + 3 * size.feedForward + size.heads * T) * MemoryLayout<Float>.stride
    let chunk = max(1, memory / bytes)
    var sums = [Double](repeating: 0, count: T)
    try progress.during(.init("attribute", unit: "steps", total: steps)) { update in
      for first in stride(from: 0, to: steps, by: chunk) {
        let count = min(chunk, steps - first)
        let several = try PackedBatch([[Int32]](repeating: ids, count: count))
        let points = HiddenState(tokens: count * T, width: d)
        for item in 0..<count {
          let share = (Float(first + item) + 0.5) / Float(steps)
          for index in 0..<T * d {
            let (from, to) = (start.pointer[index], h.pointer[index])
            points.pointer[item * T * d + index] = from + share * (to - from)
          }
        }
        let gradient = try gradients(of: model, at: points, several, label: label, workspace, derivatives)
        for row in 0..<count * T {
          let place = row % T * d
          let whole = VectorMath.dot(h.pointer + place, gradient.pointer + row * d, count: d)
          sums[row % T] += whole - VectorMath.dot(start.pointer + place, gradient.pointer + row * d, count: d)
        }
        try update(first + count)
      }
    }
    return DecisionAttribution(
      label: label, score: Double(ends.1[label]), tokens: sums.map { $0 / Double(steps) },
      baselineScore: Double(ends.0[label]))
  }

  /// ∂score/∂x of each text's own score, [T, d].
  private static func gradients(
    of model: Model, at x: HiddenState, _ batch: PackedBatch, label: Int, _ workspace: Workspace,
    _ derivatives: DerivativeWorkspace
  ) throws -> FloatBuffer {
    var h = x
    let map = try Linearization(
      advancing: &h, of: model, through: 0..<model.dimensions.layers, batch, workspace: workspace,
      derivatives: derivatives)
    let head = try ClassifierDerivative(model.requireClassifier(), at: h, batch, workspace: workspace)
    let chosen = (0..<head.head.classes).map { Float($0 == label ? 1 : 0) }
    let dh = head.pullBack([[Float]](repeating: chosen, count: batch.sequences.count), workspace: derivatives)
    map.pullBack(dh.pointer, workspace: derivatives)
    return dh
  }

  private static func baseline(
    _ baseline: Baseline, of model: Model, _ ids: [Int32], at h: HiddenState, keeping special: [Bool], mask: Int32?,
    workspace: Workspace
  ) throws -> HiddenState {
    let (T, d) = (h.tokens, h.width)
    var source = HiddenState(tokens: T, width: d)
    switch baseline {
    case .zero: break
    case .mean:
      var sums = [Double](repeating: 0, count: d)
      for index in 0..<T * d { sums[index % d] += Double(h.pointer[index]) }
      for index in 0..<T * d { source.pointer[index] = Float(sums[index % d] / Double(T)) }
    case .mask:
      guard let mask else {
        throw InterpretabilityError.noMaskForBaseline(model: model.name)
      }
      source = try model.embed(PackedBatch([[Int32](repeating: mask, count: T)]), workspace: workspace)
    }
    for (row, isSpecial) in special.enumerated() where isSpecial {
      (source.pointer + row * d).update(from: h.pointer + row * d, count: d)
    }
    return source
  }

  private static func largest(_ scores: [Float]) -> Int {
    VectorMath.argmax(scores, count: scores.count) ?? 0
  }
}
