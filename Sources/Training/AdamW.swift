import DenseMath
import Foundation

/// AdamW (Loshchilov and Hutter, "Decoupled Weight Decay Regularization", ICLR 2019) as torch.optim.AdamW computes it,
/// in Float32, on named buffers.
package struct AdamW {
  package struct Settings: Sendable, Equatable {
    /// β₁ and β₂
    package var meanDecay: Double
    package var squareDecay: Double
    package var epsilon: Double
    /// For parameters that decay; 0 for the others.
    package var weightDecay: Double

    package init(
      meanDecay: Double = 0.9, squareDecay: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0
    ) {
      self.meanDecay = meanDecay
      self.squareDecay = squareDecay
      self.epsilon = epsilon
      self.weightDecay = weightDecay
    }
  }

  package let parameters: [Parameter]
  package let settings: Settings
  /// Steps taken.
  package private(set) var steps = 0
  /// Running means of the gradients and of their squares, one buffer per parameter.
  private let means: [FloatBuffer]
  private let squares: [FloatBuffer]

  package init(_ parameters: [Parameter], settings: Settings = Settings()) {
    self.parameters = parameters
    self.settings = settings
    means = parameters.map { FloatBuffer(count: $0.count) }
    squares = parameters.map { FloatBuffer(count: $0.count) }
  }

  /// The Euclidean norm of all gradients together. One thread sums each parameter, so their number changes no bit.
  package func gradientNorm(threads: Threads) -> Double {
    var squares = [Double](repeating: 0, count: parameters.count)
    squares.withUnsafeMutableBufferPointer { squares in
      nonisolated(unsafe) let squares = squares
      threads.run(parameters.count) { index, _ in
        let gradient = parameters[index].gradient.pointer
        squares[index] = VectorMath.dot(gradient, gradient, count: parameters[index].count)
      }
    }
    return squares.reduce(0, +).squareRoot()
  }

  /// Updates every parameter by its gradient, which does not change.
  /// - Parameters:
  ///   - rate: the learning rate of this step.
  ///   - clip: gradients whose joint norm is larger are scaled down to it, as `torch.nn.utils.clip_grad_norm_` does.
  /// - Returns: the norm before clipping.
  @discardableResult
  package mutating func step(rate: Double, clip: Double? = nil, threads: Threads) -> Double {
    steps += 1
    let norm = gradientNorm(threads: threads)
    let scale = clip.map { min(1, $0 / (norm + 1e-6)) } ?? 1
    var numbers = VectorMath.AdamWStep(
      gradientScale: Float(scale), meanRate: Float(1 - settings.meanDecay), squareDecay: Float(settings.squareDecay),
      squareRate: Float(1 - settings.squareDecay), keep: 1,
      step: Float(rate / (1 - pow(settings.meanDecay, Double(steps)))),
      rootScale: Float(1 / (1 - pow(settings.squareDecay, Double(steps))).squareRoot()),
      epsilon: Float(settings.epsilon))
    for (index, parameter) in parameters.enumerated() {
      numbers.keep = parameter.decays ? Float(1 - rate * settings.weightDecay) : 1
      let (mean, square, step) = (means[index], squares[index], numbers)
      let parts = threads.ranges(of: parameter.count, granularity: 1024)
      threads.run(parts.count) { part, _ in
        let start = parts[part].lowerBound
        VectorMath.adamW(
          parameter.values.pointer + start, mean: mean.pointer + start, square: square.pointer + start,
          gradient: parameter.gradient.pointer + start, step, count: parts[part].count)
      }
    }
    return norm
  }

  /// The running means, in the order of `parameters`: what a checkpoint keeps beside the parameters and `steps`.
  package var state: [(mean: Tensor, square: Tensor)] {
    parameters.indices.map { index in
      func tensor(_ buffer: FloatBuffer) -> Tensor {
        Tensor(shape: parameters[index].shape, pointer: UnsafePointer(buffer.pointer), owner: buffer)
      }
      return (tensor(means[index]), tensor(squares[index]))
    }
  }

  /// Continues from the state of another optimizer of the same parameters after `steps` steps.
  package mutating func restore(_ state: [(mean: Tensor, square: Tensor)], steps: Int) {
    precondition(
      state.map(\.mean.shape) == parameters.map(\.shape) && state.map(\.square.shape) == parameters.map(\.shape),
      "the state of other parameters")
    for (index, moments) in state.enumerated() {
      means[index].pointer.update(from: moments.mean.pointer, count: moments.mean.count)
      squares[index].pointer.update(from: moments.square.pointer, count: moments.square.count)
    }
    self.steps = steps
  }
}

/// A learning rate that rises for some steps and then falls linearly to 0 after the last, as Hugging Face's
/// `get_linear_schedule_with_warmup` has it.
package struct LinearSchedule: Sendable, Equatable {
  package let peak: Double
  package let warmup: Int
  package let steps: Int

  package init(peak: Double, warmup: Int = 0, steps: Int) {
    self.peak = peak
    self.warmup = warmup
    self.steps = steps
  }

  /// The rate of a step, counted from 0.
  package func rate(step: Int) -> Double {
    if step < warmup { return peak * Double(step) / Double(max(1, warmup)) }
    return peak * max(0, Double(steps - step) / Double(max(1, steps - warmup)))
  }
}
