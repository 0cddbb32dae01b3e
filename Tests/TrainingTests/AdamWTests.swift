import DenseMath
import Foundation
import TestSupport
import Testing
import Training

/// AdamW against the paper's formulas in Double, and a schedule by hand.
@Suite struct AdamWTests {
  /// Clipping never, always and at every second step or so. Measured: at most 7.8e-7 after 30 steps, of numbers up to 2.3.
  @Test(arguments: [nil, 0.5, 2.2], [1, 3]) func followsThePaper(clip: Double?, threads: Int) {
    var numbers = SeededNumbers(seed: 5)
    let shapes = [[17, 3], [5]]
    let parameters = shapes.enumerated().map { index, shape in
      Parameter(
        name: "p\(index)", Tensor(shape: shape, numbers.normal(count: shape.reduce(1, *))), decays: index == 0)
    }
    var expected = parameters.map { Self.values($0).map(Double.init) }
    var means = expected.map { $0.map { _ in 0.0 } }
    var squares = means
    let settings = AdamW.Settings(meanDecay: 0.9, squareDecay: 0.99, epsilon: 1e-6, weightDecay: 0.1)
    var optimizer = AdamW(parameters, settings: settings)
    let schedule = LinearSchedule(peak: 0.01, warmup: 4, steps: 30)
    for step in 0..<30 {
      let gradients = parameters.map { parameter -> [Double] in
        let gradient = numbers.normal(deviation: 0.3, count: parameter.count)
        for index in 0..<parameter.count { parameter.gradient.pointer[index] = gradient[index] }
        return gradient.map(Double.init)
      }
      let rate = schedule.rate(step: step)
      let norm = optimizer.step(rate: rate, clip: clip, threads: Threads(threads))
      let exact = gradients.flatMap { $0 }.reduce(0) { $0 + $1 * $1 }.squareRoot()
      expectClose([norm], [exact], absolute: 0, relative: 1e-6, "the norm of step \(step)")
      let scale = clip.map { min(1, $0 / (exact + 1e-6)) } ?? 1
      for (p, gradient) in gradients.enumerated() {
        for (i, raw) in gradient.enumerated() {
          let g = raw * scale
          means[p][i] = 0.9 * means[p][i] + 0.1 * g
          squares[p][i] = 0.99 * squares[p][i] + 0.01 * g * g
          let mean = means[p][i] / (1 - pow(0.9, Double(step + 1)))
          let square = squares[p][i] / (1 - pow(0.99, Double(step + 1)))
          if p == 0 { expected[p][i] -= rate * 0.1 * expected[p][i] }
          expected[p][i] -= rate * mean / (square.squareRoot() + 1e-6)
        }
      }
    }
    #expect(optimizer.steps == 30)
    expectClose(
      parameters.flatMap { Self.values($0) }, expected.flatMap { $0 }, absolute: 2e-6, relative: 0, "after 30 steps")
  }

  /// Stopped, stored and resumed: the same bits as never stopped.
  @Test func goesOnFromItsState() {
    func run(stopAfter: Int?) -> [Float] {
      var numbers = SeededNumbers(seed: 6)
      var parameter = Parameter(name: "p", Tensor(shape: [40], numbers.normal(count: 40)), decays: true)
      var optimizer = AdamW([parameter])
      for step in 0..<10 {
        if step == stopAfter {
          let state = optimizer.state
          let (steps, copy) = (optimizer.steps, Parameter(name: "p", parameter.tensor, decays: true))
          optimizer = AdamW([copy])
          optimizer.restore(state, steps: steps)
          parameter = copy
        }
        for (index, value) in numbers.normal(count: 40).enumerated() { parameter.gradient.pointer[index] = value }
        optimizer.step(rate: 0.1, threads: Threads(1))
      }
      return Self.values(parameter)
    }
    #expect(run(stopAfter: 5) == run(stopAfter: nil))
    #expect(run(stopAfter: nil) != [Float](repeating: 0, count: 40))
  }

  @Test func schedule() {
    let schedule = LinearSchedule(peak: 2, warmup: 2, steps: 6)
    #expect((0..<8).map { schedule.rate(step: $0) } == [0, 1, 2, 1.5, 1, 0.5, 0, 0])
    #expect((0..<3).map { LinearSchedule(peak: 1, steps: 2).rate(step: $0) } == [1, 0.5, 0])
  }

  @Test func gradientsAreFoundByMemory() {
    let parameter = Parameter(name: "p", Tensor(shape: [2], [1, 2]), decays: false)
    #expect(Gradients([parameter])[parameter.tensor] == parameter.gradient.pointer)
    #expect(Gradients([parameter])[Tensor(shape: [2], [1, 2])] == nil)
    #expect(Gradients.none[parameter.tensor] == nil)
  }

  static func values(_ parameter: Parameter) -> [Float] { parameter.tensor.values }
}
