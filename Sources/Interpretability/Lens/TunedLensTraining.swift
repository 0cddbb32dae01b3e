import DenseMath
import Training
import Transformer

/// Gradient steps with Adam on KL(final ‖ lens), starting from the regression (Belrose et al. 2023, equation 4).
///
/// Adam trains the difference from the regression's map between standardised features, so that one rate fits dimensions
/// that differ a hundredfold.
package struct TunedLensTraining {
  /// The most positions of a batch in one step.
  package static let placesAStep = 256

  private let regression: TunedLensRegression
  private let gradient: TranslatorGradient
  private let levels: [LensLevel]
  private let workspace: Workspace
  private let start: TunedLens
  private let scales: [(mean: [Double], deviation: [Double], lastDeviation: [Double])]
  /// A level's change of weight and of bias, between standardised numbers.
  private let parameters: [(weight: Parameter, bias: Parameter)]
  private var optimizer: AdamW
  private let schedule: LinearSchedule
  private var generator: SplitMix64

  /// - Parameters:
  ///   - start: the regression's own lens.
  ///   - rate: that of the first step; it falls linearly to 0 after the last of `steps`.
  ///   - seed: of the positions of a batch that a step uses.
  package init(
    _ regression: TunedLensRegression, from start: TunedLens, steps: Int, rate: Double, seed: UInt64,
    workspace: Workspace
  ) {
    self.regression = regression
    self.start = start
    self.workspace = workspace
    gradient = TranslatorGradient(regression.head, workspace: workspace)
    levels = LensLevel.all(blocks: start.translators.count)
    scales = regression.scales
    parameters = start.translators.indices.map { level in
      let d = start.translators[level].bias.count
      func zeros(_ name: String, _ shape: [Int]) -> Parameter {
        Parameter(
          name: "\(name).\(level)", Tensor(shape: shape, [Float](repeating: 0, count: shape.reduce(1, *))),
          decays: false)
      }
      return (zeros("weight", [d, d]), zeros("bias", [d]))
    }
    optimizer = AdamW(parameters.flatMap { [$0.weight, $0.bias] })
    schedule = LinearSchedule(peak: rate, steps: steps)
    generator = SplitMix64(seed: seed)
  }

  /// The present translators.
  package var lens: TunedLens {
    TunedLens(translators: parameters.indices.map(translator), unembeddingDigest: start.unembeddingDigest)
  }

  /// W₀ + diag(1 / σ) D diag(σ_L) and b₀ + (b - (μ / σ) D) σ_L.
  private func translator(_ level: Int) -> TunedLens.Translator {
    let (from, scale) = (start.translators[level], scales[level])
    let d = from.bias.count
    let (change, shift) = (parameters[level].weight.values, parameters[level].bias.values)
    var (weight, bias) = (from.weight.values, from.bias.values.map(Double.init))
    for column in 0..<d { bias[column] += Double(shift.pointer[column]) * scale.lastDeviation[column] }
    for row in 0..<d {
      let (inverse, ratio) = (1 / scale.deviation[row], scale.mean[row] / scale.deviation[row])
      for column in 0..<d {
        let value = Double(change.pointer[row * d + column]) * scale.lastDeviation[column]
        weight[row * d + column] += Float(value * inverse)
        bias[column] -= ratio * value
      }
    }
    return TunedLens.Translator(
      weight: Tensor(shape: [d, d], weight), bias: Tensor(shape: [d], bias.map { Float($0) }))
  }

  /// One step on some positions of a batch.
  /// - Returns: each level's mean KL(final ‖ lens) there before the step; nil for a batch without positions.
  /// - Throws: `TransformerError` for a batch that the model does not support.
  package mutating func step(_ texts: [LensCorpusText]) throws -> [Double]? {
    let states = try LensStates(levels: levels, of: texts, regression.model, workspace: workspace)
    let all = texts.reduce(0) { $0 + $1.places.count }
    let rows = generator.permutation(of: all).prefix(Self.placesAStep).sorted()
    guard !rows.isEmpty, let last = levels.last else { return nil }
    let (V, d) = (regression.head.vocabulary, regression.head.matrix.columns)
    func chosen(_ level: LensLevel) -> FloatBuffer {
      let (state, buffer) = (states[level], FloatBuffer(uninitializedCount: rows.count * d))
      for (place, row) in rows.enumerated() {
        (buffer.pointer + place * d).update(from: state.pointer + row * d, count: d)
      }
      return buffer
    }
    let final = FloatBuffer(uninitializedCount: rows.count * V)
    let lastState = chosen(last)
    regression.head.apply(lastState.pointer, rows: rows.count, into: final.pointer, workspace: workspace)
    workspace.threads.run(rows.count) { row, _ in VectorMath.softmax(final.pointer + row * V, scale: 1, count: V) }

    let (weight, bias) = (FloatBuffer(count: d * d), FloatBuffer(count: d))
    let divergences = parameters.indices.map { level in
      let h = chosen(levels[level])
      let mean = gradient.mean(
        translator(level), h.pointer, final: final.pointer, rows: rows.count, weight: weight.pointer,
        bias: bias.pointer)
      standardize(weight.pointer, bias.pointer, level)
      return mean
    }
    optimizer.step(rate: schedule.rate(step: optimizer.steps), threads: workspace.threads)
    return divergences
  }

  /// The derivatives of a translator as those of the level's parameters.
  private func standardize(
    _ weight: UnsafePointer<Float>, _ bias: UnsafePointer<Float>, _ level: Int
  ) {
    let (scale, d) = (scales[level], scales[level].mean.count)
    let (own, shift) = (parameters[level].weight.gradient, parameters[level].bias.gradient)
    for column in 0..<d { shift.pointer[column] = Float(Double(bias[column]) * scale.lastDeviation[column]) }
    for row in 0..<d {
      for column in 0..<d {
        let centred = Double(weight[row * d + column]) - scale.mean[row] * Double(bias[column])
        own.pointer[row * d + column] = Float(centred / scale.deviation[row] * scale.lastDeviation[column])
      }
    }
  }
}
