import DenseMath
import Training

/// Hidden states of one layer and their inputs, row by row.
struct TokenPairs {
  /// [rows, d]
  let states: FloatBuffer
  /// [rows, q]
  let inputs: FloatBuffer
  /// The rows to fit to, then those for early stopping.
  let training: Range<Int>
  let validation: Range<Int>
  /// d, q
  let width: Int
  let inputWidth: Int
}

/// The settings of maps from hidden states to inputs.
package struct TokenMapTraining: Sendable, Equatable {
  package var loss: TokenMap.Loss
  /// The MLP's hidden width; nil for twice that of a hidden state.
  package var hidden: Int?
  /// The most passes over the training rows. Training stops after `patience` passes without a lower validation loss,
  /// and the weights with the lowest are kept.
  package var epochs: Int
  package var patience: Int
  /// Rows per step.
  package var batch: Int
  /// The learning rate after a tenth of the steps, from where it falls to 0.
  package var rate: Double
  package var weightDecay: Double
  /// Of the linear map: λ over the mean variance of the features.
  package var ridge: Double
  package var seed: UInt64

  package init(
    loss: TokenMap.Loss = .cosine, hidden: Int? = nil, epochs: Int = 20, patience: Int = 4, batch: Int = 256,
    rate: Double = 2e-3, weightDecay: Double = 0.01, ridge: Double = 1e-4, seed: UInt64
  ) {
    (self.loss, self.hidden, self.epochs, self.patience) = (loss, hidden, epochs, patience)
    (self.batch, self.rate, self.weightDecay, self.ridge, self.seed) = (batch, rate, weightDecay, ridge, seed)
  }

  struct Fit {
    let map: TokenMap
    /// Passes over the training rows; 0 for a map that is not trained.
    let epochs: Int
    /// Of the map on the validation rows; NaN for a map that is not trained.
    let validationLoss: Double
  }

  /// - Throws: `LinearAlgebraError` when a state is not finite.
  func fit(_ kind: TokenMap.Kind, _ pairs: TokenPairs, threads: Threads) throws -> Fit {
    switch kind {
    case .identity: return Fit(map: .identity, epochs: 0, validationLoss: .nan)
    case .linear:
      var moments = PairedMoments(p: pairs.width, q: pairs.inputWidth)
      let inputs = loss == .cosine ? Self.alike(pairs.inputs, width: pairs.inputWidth) : pairs.inputs
      moments.add(
        x: pairs.states.pointer + pairs.training.lowerBound * pairs.width,
        y: inputs.pointer + pairs.training.lowerBound * pairs.inputWidth, rows: pairs.training.count, threads: threads)
      return Fit(map: try .linear(moments, ridge: ridge), epochs: 0, validationLoss: .nan)
    case .mlp: return train(pairs, threads: threads)
    }
  }

  private func train(_ pairs: TokenPairs, threads: Threads) -> Fit {
    let (d, q) = (pairs.width, pairs.inputWidth)
    let scale = Standardization(pairs.states, rows: pairs.training, width: d)
    // The squared distance is relative to the inputs' own size, so that one rate fits every model.
    let unit = loss == .l2 ? Self.size(pairs.inputs, rows: pairs.training, width: q) : 1
    let states = scale.apply(pairs.states, width: d, threads: threads)
    let targets = FloatBuffer(uninitializedCount: pairs.inputs.count)
    for index in 0..<pairs.inputs.count { targets.pointer[index] = pairs.inputs.pointer[index] / Float(unit) }

    let perceptron = TokenPerceptron(inputs: d, hidden: hidden ?? 2 * d, outputs: q, seed: seed)
    var optimizer = AdamW(perceptron.parameters, settings: .init(weightDecay: weightDecay))
    let stepsAPass = (pairs.training.count + batch - 1) / batch
    let schedule = LinearSchedule(peak: rate, warmup: epochs * stepsAPass / 10, steps: epochs * stepsAPass)
    var generator = SplitMix64(seed: seed)
    var best: (loss: Double, map: TokenMap)?
    var (made, worse) = (0, 0)
    let x = FloatBuffer(uninitializedCount: batch * d)
    let t = FloatBuffer(uninitializedCount: batch * q)
    while made < epochs, worse < patience {
      let order = generator.permutation(of: pairs.training.count)
      for start in stride(from: 0, to: order.count, by: batch) {
        let rows = order[start..<min(start + batch, order.count)]
        for (place, row) in rows.enumerated() {
          let from = pairs.training.lowerBound + row
          (x.pointer + place * d).update(from: states.pointer + from * d, count: d)
          (t.pointer + place * q).update(from: targets.pointer + from * q, count: q)
        }
        perceptron.parameters.forEach { $0.zeroGradient() }
        _ = perceptron.loss(
          x.pointer, targets: t.pointer, rows: rows.count, loss: loss, addsGradient: true, threads: threads)
        optimizer.step(rate: schedule.rate(step: optimizer.steps), clip: 1, threads: threads)
      }
      made += 1
      let rows = pairs.validation
      let found = perceptron.loss(
        states.pointer + rows.lowerBound * d, targets: targets.pointer + rows.lowerBound * q, rows: rows.count,
        loss: loss, addsGradient: false, threads: threads)
      if found < best?.loss ?? .infinity {
        best = (found, scale.folded(into: perceptron, unit: unit))
        worse = 0
      } else {
        worse += 1
      }
    }
    return Fit(
      map: best?.map ?? scale.folded(into: perceptron, unit: unit), epochs: made, validationLoss: best?.loss ?? .nan)
  }

  /// The root mean square.
  private static func size(_ buffer: FloatBuffer, rows: Range<Int>, width: Int) -> Double {
    let count = rows.count * width
    let start = buffer.pointer + rows.lowerBound * width
    let mean = VectorMath.dot(start, start, count: count) / Double(max(count, 1))
    return mean > 0 ? mean.squareRoot() : 1
  }

  /// Each row scaled to the mean length of all; a row of zeros stays.
  private static func alike(_ buffer: FloatBuffer, width: Int) -> FloatBuffer {
    let result = FloatBuffer(uninitializedCount: buffer.count)
    let rows = buffer.count / max(width, 1)
    let lengths = (0..<rows).map { row in
      let start = buffer.pointer + row * width
      return VectorMath.dot(start, start, count: width).squareRoot()
    }
    let mean = lengths.reduce(0, +) / Double(max(rows, 1))
    for row in 0..<rows {
      let scale = lengths[row] > 0 ? mean / lengths[row] : 0
      for index in row * width..<(row + 1) * width {
        result.pointer[index] = Float(Double(buffer.pointer[index]) * scale)
      }
    }
    return result
  }
}

/// (h - mean) / deviation of each feature: the input of an MLP's training, so that one learning rate fits all features
/// of all models.
private struct Standardization {
  let mean: [Double]
  /// 1 / deviation; 0 for a constant feature.
  let scale: [Double]

  init(_ states: FloatBuffer, rows: Range<Int>, width: Int) {
    var mean = [Double](repeating: 0, count: width)
    var square = mean
    for row in rows {
      for column in 0..<width { mean[column] += Double(states.pointer[row * width + column]) }
    }
    for column in 0..<width { mean[column] /= Double(max(rows.count, 1)) }
    for row in rows {
      for column in 0..<width {
        let difference = Double(states.pointer[row * width + column]) - mean[column]
        square[column] += difference * difference
      }
    }
    self.mean = mean
    scale = square.map { $0 > 0 ? 1 / ($0 / Double(max(rows.count, 1))).squareRoot() : 0 }
  }

  func apply(_ states: FloatBuffer, width: Int, threads: Threads) -> FloatBuffer {
    let result = FloatBuffer(uninitializedCount: states.count)
    threads.runRows(states.count / max(width, 1)) { row in
      for column in 0..<width {
        let index = row * width + column
        result.pointer[index] = Float((Double(states.pointer[index]) - mean[column]) * scale[column])
      }
    }
    return result
  }

  /// The trained map for unscaled states and inputs.
  func folded(into perceptron: TokenPerceptron, unit: Double) -> TokenMap {
    let (w1, b1, w2, b2) = (
      perceptron.parameters[0], perceptron.parameters[1], perceptron.parameters[2], perceptron.parameters[3]
    )
    let hidden = b1.count
    var weight = [Float](repeating: 0, count: w1.count)
    var bias = (0..<hidden).map { Double(b1.values.pointer[$0]) }
    for row in mean.indices {
      for column in 0..<hidden {
        let value = Double(w1.values.pointer[row * hidden + column]) * scale[row]
        weight[row * hidden + column] = Float(value)
        bias[column] -= value * mean[row]
      }
    }
    func scaled(_ parameter: Parameter) -> Tensor {
      Tensor(
        shape: parameter.shape, (0..<parameter.count).map { Float(Double(parameter.values.pointer[$0]) * unit) })
    }
    return TokenMap(
      kind: .mlp,
      steps: [
        .init(
          weight: Tensor(shape: w1.shape, weight), bias: Tensor(shape: [hidden], bias.map { Float($0) }),
          hasActivation: true), .init(weight: scaled(w2), bias: scaled(b2), hasActivation: false),
      ])
  }
}
