import DenseMath
import Files
import Foundation
import Interpretability
import TestSupport
import Testing
import Training
import Transformer

@Suite struct TokenMapTests {
  /// The perceptron's loss in plain Double loops.
  private static func loss(
    _ parameters: [[Double]], x: [Double], targets: [Double], d: Int, hidden: Int, q: Int, loss: TokenMap.Loss
  ) -> Double {
    let rows = x.count / d
    var total = 0.0
    for row in 0..<rows {
      let after = (0..<hidden).map { unit -> Double in
        let sum = (0..<d).reduce(parameters[1][unit]) { $0 + x[row * d + $1] * parameters[0][$1 * hidden + unit] }
        return sum * (1 + erf(sum / 2.0.squareRoot())) / 2
      }
      let y = (0..<q).map { column in
        (0..<hidden).reduce(parameters[3][column]) { $0 + after[$1] * parameters[2][$1 * q + column] }
      }
      let t = Array(targets[row * q..<(row + 1) * q])
      switch loss {
      case .l2: total += zip(y, t).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } / Double(q)
      case .cosine:
        let yt = zip(y, t).reduce(0) { $0 + $1.0 * $1.1 }
        let (yy, tt) = (y.reduce(0) { $0 + $1 * $1 }, t.reduce(0) { $0 + $1 * $1 })
        total += 1 - yt / (yy * tt).squareRoot()
      }
    }
    return total / Double(rows)
  }

  /// Every parameter's gradient against central differences of the loss in Double. Largest error measured: 1.8e-7 of the
  /// largest element.
  @Test(arguments: TokenMap.Loss.allCases) func gradientIsThatOfCentralDifferences(_ loss: TokenMap.Loss) throws {
    let (rows, d, hidden, q) = (7, 5, 9, 6)
    var numbers = SeededNumbers(seed: 11)
    let x = FloatBuffer(count: rows * d)
    let t = FloatBuffer(count: rows * q)
    for index in 0..<rows * d { x.pointer[index] = Float(numbers.uniform(-2, 2)) }
    for index in 0..<rows * q { t.pointer[index] = Float(numbers.uniform(-2, 2)) }
    let perceptron = TokenPerceptron(inputs: d, hidden: hidden, outputs: q, seed: 5)
    for parameter in perceptron.parameters {
      for index in 0..<parameter.count { parameter.values.pointer[index] += Float(numbers.uniform(-0.3, 0.3)) }
    }
    let found = perceptron.loss(
      x.pointer, targets: t.pointer, rows: rows, loss: loss, addsGradient: true, threads: Threads(2))
    func doubles(_ buffer: FloatBuffer) -> [Double] { (0..<buffer.count).map { Double(buffer.pointer[$0]) } }
    var values = perceptron.parameters.map { doubles($0.values) }
    func oracle() -> Double {
      Self.loss(values, x: doubles(x), targets: doubles(t), d: d, hidden: hidden, q: q, loss: loss)
    }
    expectClose([found], [oracle()], absolute: 0, relative: 1e-5, "loss")
    for (index, parameter) in perceptron.parameters.enumerated() {
      let differences = values[index].indices.map { place -> Double in
        let (step, old) = (1e-5, values[index][place])
        values[index][place] = old + step
        let above = oracle()
        values[index][place] = old - step
        let below = oracle()
        values[index][place] = old
        return (above - below) / (2 * step)
      }
      expectCloseToLargest(doubles(parameter.gradient), differences, fraction: 2e-6, parameter.name)
    }
  }

  /// The gradient of the ridge loss vanishes at the closed form.
  @Test func linearMapSolvesItsRegression() throws {
    let (rows, p, q) = (40, 6, 4)
    var numbers = SeededNumbers(seed: 2)
    let x = FloatBuffer(count: rows * p)
    let y = FloatBuffer(count: rows * q)
    for row in 0..<rows {
      for column in 0..<p { x.pointer[row * p + column] = Float(numbers.uniform(-1, 1) + Double(column)) }
      for column in 0..<q {
        y.pointer[row * q + column] = Float(
          2 * Double(x.pointer[row * p + column]) - Double(x.pointer[row * p + column + 1]) + 3)
      }
    }
    var moments = PairedMoments(p: p, q: q)
    moments.add(x: x.pointer, y: y.pointer, rows: rows, threads: Threads(1))
    let exact = try TokenMap.linear(moments, ridge: 0).apply(x.pointer, rows: rows, width: p, threads: Threads(1))
    expectClose(
      (0..<rows * q).map { exact.pointer[$0] }, (0..<rows * q).map { Double(y.pointer[$0]) }, absolute: 1e-4,
      relative: 0, "an exact relation is found")
    // With a ridge, (C + λ I) W = C_xy: the residual correlates with x as λ W.
    let ridged = try TokenMap.linear(moments, ridge: 0.3).apply(x.pointer, rows: rows, width: p, threads: Threads(1))
    let shrunk = (0..<rows * q).map { Double(ridged.pointer[$0]) }
    let (meanY, meanFit) = (moments.meanY[0], (0..<rows).reduce(0) { $0 + shrunk[$1 * q] } / Double(rows))
    expectClose([meanFit], [meanY], absolute: 1e-4, relative: 0, "means agree")
    let spread = (0..<rows).reduce(0) { $0 + pow(shrunk[$1 * q] - meanFit, 2) }
    let all = (0..<rows).reduce(0) { $0 + pow(Double(y.pointer[$1 * q]) - meanY, 2) }
    #expect(spread < 0.95 * all && spread > 0.2 * all)
  }

  /// Texts of few words, so that maps can learn each of them.
  static func texts(_ count: Int, seed: UInt64) -> [TokenTexts.Text] {
    var numbers = SeededNumbers(seed: seed)
    return (0..<count).map { index in
      let words = (0..<Int(8 + numbers.next() % 20)).map { _ in Int32(300 + numbers.next() % 40) }
      return TokenTexts.Text(id: "\(index)", ids: [2] + words + [3])
    }
  }

  @Test func textsAreSplitOnce() throws {
    let texts = Self.texts(40, seed: 1)
    let parts = try TokenTexts(texts, seed: 3)
    let names = [parts.training, parts.validation, parts.test].map { $0.map(\.id) }
    #expect(names.map(\.count) == [28, 6, 6])
    #expect(Set(names.joined()).count == 40)
    #expect(try TokenTexts(texts, seed: 3).test.map(\.id) == names[2])
    #expect(try TokenTexts(texts, seed: 4).test.map(\.id) != names[2])
    #expect(throws: InterpretabilityError.tooFewTexts(found: 2, needed: 3)) {
      try TokenTexts(Array(texts[..<2]), seed: 1)
    }
  }

  /// Neighbours by plain loops in Double over the states of a trace; the identity knows every token of hidden state 0.
  @Test func identityFindsTheNearestInput() throws {
    let model = try Golden.model("trained/imdb-bert-1")
    let parts = try TokenTexts(Self.texts(6, seed: 9), seed: 1)
    let study = TokenIdentifiability(model, parts, kinds: [.identity], training: TokenMapTraining(seed: 1))
    #expect(study.parts.count == 1)
    let record = try study.runner(workspace: Workspace()).record(part: 0)
    #expect(record.tokens == parts.test.map(\.ids.count))
    for metric in [NeighbourMetric.cosine, .l2] {
      #expect(record.accuracy(0, metric, seed: 1)?.value == 1)
    }
    for (place, text) in parts.test.enumerated() {
      let trace = try model.trace(text.ids, tokenTypes: nil, workspace: Workspace())
      let d = model.dimensions.hidden
      let states = trace.segments[0].hidden
      func row(_ level: Int, _ token: Int) -> [Double] {
        (0..<d).map { Double(states[level][token * d + $0]) }
      }
      func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
      for level in states.indices {
        var expected = [0, 0, 0]
        for token in text.ids.indices {
          let own = row(level, token)
          func nearest(_ distance: ([Double]) -> Double) -> Int {
            text.ids.indices.min { distance(row(0, $0)) < distance(row(0, $1)) } ?? -1
          }
          if nearest({ -dot(own, $0) / (dot(own, own) * dot($0, $0)).squareRoot() }) == token { expected[0] += 1 }
          if nearest({ zip(own, $0).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } }) == token { expected[1] += 1 }
          if nearest({ abs(dot(own, own).squareRoot() - dot($0, $0).squareRoot()) }) == token { expected[2] += 1 }
        }
        // Lengths are all alike after BERT's norm, and Float32 may order two of them differently.
        #expect(record.hits[level][0][place] == expected[0] && record.hits[level][1][place] == expected[1])
        #expect(abs(record.hits[level][2][place] - expected[2]) <= 1)
      }
    }
  }

  /// The linear map of the last layer by its definition, from states of traces: for the cosine to normalised inputs.
  @Test func linearMapsAreThoseOfTheirLoss() throws {
    let model = try Golden.model("trained/imdb-gpt2-narrow")
    let parts = try TokenTexts(Self.texts(40, seed: 31), seed: 2)
    let d = model.dimensions.hidden
    func rows(_ text: TokenTexts.Text, _ level: Int) throws -> [[Float]] {
      let values = try model.trace(text.ids, tokenTypes: nil, workspace: Workspace()).segments[0].hidden[level]
      return text.ids.indices.map { row in (0..<d).map { values[row * d + $0] } }
    }
    func length(_ row: [Float]) -> Double { row.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot() }
    /// Tokens of each test text whose own input is the nearest to the map fitted to inputs, unscaled or of length 1.
    func hits(ofLengthOne: Bool, byCosine: Bool) throws -> [Int] {
      var moments = PairedMoments(p: d, q: d)
      for text in parts.training {
        let inputs = try rows(text, 0).map { row in ofLengthOne ? row.map { $0 / Float(length(row)) } : row }
        moments.add(
          x: try rows(text, 4).flatMap { $0 }, y: inputs.flatMap { $0 }, rows: inputs.count, threads: Threads(1))
      }
      let map = try TokenMap.linear(moments, ridge: 1e-4)
      return try parts.test.map { text in
        let (inputs, count) = (try rows(text, 0), text.ids.count)
        let found = map.apply(try rows(text, 4).flatMap { $0 }, rows: count, width: d, threads: Threads(1))
        return (0..<count).count { token in
          let distances = inputs.map { input -> Double in
            let own = (0..<d).map { found.pointer[token * d + $0] }
            let product = zip(own, input).reduce(0) { $0 + Double($1.0) * Double($1.1) }
            return byCosine ? -product / length(input) : length(input) * length(input) - 2 * product
          }
          return distances.indices.min { distances[$0] < distances[$1] } == token
        }
      }
    }
    func record(_ loss: TokenMap.Loss) throws -> TokenIdentifiability.Record {
      try TokenIdentifiability(
        model, parts, kinds: [.linear], training: TokenMapTraining(loss: loss, ridge: 1e-4, seed: 7)
      ).runner(workspace: Workspace(threads: Threads(2))).record(part: 4)
    }
    let cosine = try hits(ofLengthOne: true, byCosine: true)
    #expect(try record(.cosine).hits[4][0] == cosine)
    #expect(try record(.l2).hits[4][1] == hits(ofLengthOne: false, byCosine: false))
    #expect(try cosine != hits(ofLengthOne: false, byCosine: true), "or the lengths of inputs would not matter")
  }

  /// An MLP that memorises its few texts is stopped by others, which it maps ever worse.
  @Test func trainingStopsWhenOtherTextsGetWorse() throws {
    let model = try Golden.model("trained/imdb-bert-1")
    let parts = try TokenTexts(Self.texts(10, seed: 41), seed: 1)
    func record(patience: Int) throws -> TokenIdentifiability.Record {
      let training = TokenMapTraining(hidden: 256, epochs: 60, patience: patience, batch: 16, rate: 1e-2, seed: 3)
      return try TokenIdentifiability(model, parts, kinds: [.mlp], training: training)
        .runner(workspace: Workspace(threads: Threads(2))).record(part: 4)
    }
    let (stopped, whole) = (try record(patience: 6), try record(patience: 60))
    #expect(stopped.epochs < 60 && whole.epochs == 60)
    #expect(whole.validationLoss <= stopped.validationLoss, "the best of more passes")
  }

  /// A map fitted by distances gives unscaled inputs, though it is trained in units of their size: GPT-2's differ in
  /// length, by which it finds some tokens.
  @Test func distancesAreInUnitsOfTheInputs() throws {
    let model = try Golden.model("trained/imdb-gpt2-narrow")
    let parts = try TokenTexts(Self.texts(60, seed: 51), seed: 1)
    let training = TokenMapTraining(loss: .l2, hidden: 128, epochs: 20, batch: 32, seed: 5)
    let record = try TokenIdentifiability(model, parts, kinds: [.mlp], training: training)
      .runner(workspace: Workspace(threads: Threads(2))).record(part: 0)
    #expect(record.layer == 0 && record.kind == .mlp)
    let chance = Double(parts.test.count) / Double(parts.test.reduce(0) { $0 + $1.ids.count })
    let byLength = try #require(record.hits[0].last).reduce(0, +)
    #expect(Double(byLength) / Double(parts.test.reduce(0) { $0 + $1.ids.count }) > 4 * chance, "chance \(chance)")
    #expect(try #require(record.accuracy(0, .l2, seed: 1)).value > 0.8)
  }

  /// Fitted maps beat the identity deep in the model, and are the same for the same seed.
  @Test(arguments: TokenMap.Loss.allCases) func mapsAreFittedAndRepeatable(_ loss: TokenMap.Loss) throws {
    let model = try Golden.model("trained/imdb-bert-1")
    let parts = try TokenTexts(Self.texts(60, seed: 21), seed: 1)
    let training = TokenMapTraining(loss: loss, hidden: 96, epochs: 30, batch: 32, seed: 7)
    let study = TokenIdentifiability(model, parts, kinds: [.mlp, .identity, .linear], training: training)
    #expect(
      study.parts.map(\.kind.rawValue) == ["identity"] + Array(repeating: "linear", count: 5)
        + Array(repeating: "mlp", count: 5))
    let runner = study.runner(workspace: Workspace(threads: Threads(2)))
    let metric: NeighbourMetric = loss == .cosine ? .cosine : .l2
    let identity = try runner.record(part: 0)
    let linear = try runner.record(part: 5)
    let mlp = try runner.record(part: 10)
    #expect(linear.layer == 4 && linear.kind == .linear && mlp.layer == 4 && mlp.kind == .mlp)
    let (base, fitted, trained) = (
      try #require(identity.accuracy(4, metric, seed: 1)), try #require(linear.accuracy(4, metric, seed: 1)),
      try #require(mlp.accuracy(4, metric, seed: 1))
    )
    #expect(fitted.value > base.value + 0.05, "\(base), \(fitted)")
    #expect(trained.value > 0.6, "\(trained)")
    #expect(fitted.interval.low <= fitted.value && fitted.value <= fitted.interval.high)
    #expect(mlp.epochs > 0 && mlp.epochs <= 30 && mlp.validationLoss.isFinite)
    let again = study.runner(workspace: Workspace(threads: Threads(1)))
    #expect(try again.record(part: 10) == mlp)
    let back = try TokenIdentifiability.Record(
      JSONNode(JSON.parse(JSON(encoding: mlp).serialized(), path: "a"), path: "a"))
    #expect(back == mlp)
  }
}
