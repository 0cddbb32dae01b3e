import Checkpoints
import DenseMath
import Foundation
import TestSupport
import Testing
import Training
import Transformer

/// The backward pass against central differences of the oracle's forward pass, which is in Double.
@Suite struct GradientTests {
  static let texts: [[Int32]] = [[4, 7, 4, 0], [20]]
  static let labels = [2, 0]

  /// The oracle's mean cross entropy.
  private func loss(_ oracle: Oracle) throws -> Double {
    try zip(Self.texts, Self.labels).reduce(0) { sum, pair in
      let logits = try #require(try oracle.forward(pair.0.map(Int.init)).classifierLogits)
      let largest = logits.max() ?? 0
      return sum + largest + log(logits.reduce(0) { $0 + exp($1 - largest) }) - logits[pair.1]
    } / Double(Self.texts.count)
  }

  /// Every number of every tensor of a tiny classifier. Measured: at most 2.5e-6 of the tensor's largest gradient, and
  /// 2.8e-8 for the biases of keys, whose gradient is 0.
  @Test(arguments: TinyClassifier.allCases) func everyParameter(_ kind: TinyClassifier) throws {
    let folder = try TemporaryFolder()
    try kind.checkpoint.write(to: folder.path)
    let oracle = try Oracle(directory: folder.path).loaded()
    let trained = try Trainable(Checkpoint(directory: folder.path)) { !$0.hasPrefix(kind.kind.vocabularyHead) }
    #expect(trained.firstTrainedLayer == 0)
    let (batch, workspace) = (try PackedBatch(Self.texts), Workspace(threads: Threads(2)))
    // A second time: the earlier gradient is overwritten.
    var loss = 0.0
    for _ in 0..<2 {
      loss = try trained.gradient(
        from: trained.frozenState(of: batch, workspace: workspace), batch, labels: Self.labels, workspace: workspace,
        derivatives: DerivativeWorkspace(threads: Threads(2))
      ).loss
    }
    expectClose([loss], [try self.loss(oracle)], absolute: 0, relative: 1e-6, "loss")

    for parameter in trained.parameters {
      let expected = try (0..<parameter.count).map { index in
        let step = 1e-4
        let high = try self.loss(oracle.changing(parameter.name, at: index, by: step))
        let low = try self.loss(oracle.changing(parameter.name, at: index, by: -step))
        return (high - low) / (2 * step)
      }
      let largest = expected.reduce(0) { max($0, $1.magnitude) }
      expectClose(
        parameter.gradient.values, expected, absolute: max(5e-6 * largest, 2e-7), relative: 0, parameter.name)
    }
    // The heads over the vocabulary are not trained by a classifier; all else is.
    let trainedNames = Set(trained.parameters.map(\.name))
    let stored = kind.checkpoint.tensors.keys.filter { !$0.hasPrefix(kind.kind.vocabularyHead) }
    #expect(trainedNames == Set(stored))
  }

  /// The whole Jacobian of two blocks, by columns and by rows. Measured: at most 1.7e-6 of its largest number.
  @Test(arguments: TinyCheckpoint.Kind.allCases) func everyInput(_ kind: TinyCheckpoint.Kind) throws {
    let folder = try TemporaryFolder()
    try TinyCheckpoint.make(kind, positions: 6).write(to: folder.path)
    let model = try Model(directory: folder.path)
    let oracle = try Oracle(directory: folder.path).loaded()
    let ids: [Int32] = [4, 7, 1, 4]
    let batch = try PackedBatch([ids])
    let workspace = Workspace(threads: Threads(2))
    var h = try model.embed(batch, workspace: workspace)
    let start = h.values.doubles
    let derivatives = DerivativeWorkspace(threads: Threads(2))
    let map = try Linearization(
      advancing: &h, of: model, through: 0..<2, batch, workspace: workspace, derivatives: derivatives)
    let size = start.count
    let expected: [[Double]] = try (0..<size).map { input in
      func end(_ step: Double) throws -> [Double] {
        var changed = start
        changed[input] += step
        return try oracle.forward(ids.map(Int.init), startingFrom: changed).hidden[2]
      }
      return zip(try end(1e-5), try end(-1e-5)).map { ($0 - $1) / 2e-5 }
    }
    expectCloseToLargest(h.values, try oracle.forward(ids.map(Int.init)).hidden[2], fraction: 2e-6, "h")

    let identity = (0..<size * size).map { Float($0 / size == $0 % size ? 1 : 0) }
    let columns = FloatBuffer(identity)
    map.pushForward(columns.pointer, count: size, workspace: derivatives)
    expectCloseToLargest(columns.values, expected.flatMap { $0 }, fraction: 5e-6, "tangents")
    let rows = FloatBuffer(identity)
    map.pullBack(rows.pointer, count: size, workspace: derivatives)
    let transposed = (0..<size * size).map { expected[$0 % size][$0 / size] }
    expectCloseToLargest(rows.values, transposed, fraction: 5e-6, "cotangents")

    // Block by block is the same as all at once.
    let parts = FloatBuffer(identity)
    map.pullBack(parts.pointer, count: size, through: 1..<2, workspace: derivatives)
    map.pullBack(parts.pointer, count: size, through: 0..<1, workspace: derivatives)
    #expect(parts.values == rows.values)
  }

  /// Real sizes, several texts, several threads: y · J x from either side, as a part of Σ |y (J x)|. Measured: at most
  /// 1.6e-9.
  @Test(arguments: ["imdb-bert-1", "imdb-gpt2-narrow"]) func bothDirectionsAgree(_ name: String) throws {
    let model = try Model(directory: Places.model(name))
    var numbers = SeededNumbers(seed: 9)
    let texts = [70, 1, 33].map { count in (0..<count).map { _ in Int32(numbers.next() % 8000) } }
    let batch = try PackedBatch(texts)
    let workspace = Workspace(threads: Threads(3))
    var h = try model.embed(batch, workspace: workspace)
    let map = try Linearization(
      advancing: &h, of: model, through: 0..<4, batch, workspace: workspace,
      derivatives: DerivativeWorkspace(threads: Threads(3)))
    #expect(h.values == (try model.forward(batch, workspace: workspace).values), "looking on changes nothing")
    let (x, y) = (numbers.normal(count: h.tokens * h.width), numbers.normal(count: h.tokens * h.width))
    func results(_ threads: Int) -> (forward: [Float], back: [Float]) {
      let (tangent, cotangent) = (FloatBuffer(x), FloatBuffer(y))
      let derivatives = DerivativeWorkspace(threads: Threads(threads))
      map.pushForward(tangent.pointer, workspace: derivatives)
      map.pullBack(cotangent.pointer, workspace: derivatives)
      return (tangent.values, cotangent.values)
    }
    let (forward, back) = results(1)
    let left = zip(y.doubles, forward.doubles).map(*)
    let right = zip(back.doubles, x.doubles).map(*)
    let size = left.reduce(0) { $0 + $1.magnitude }
    expectClose([left.reduce(0, +) / size], [right.reduce(0, +) / size], absolute: 2e-8, relative: 0, name)
    let again = results(3)
    #expect(again.forward == forward && again.back == back, "the same bits on any number of threads")
  }

  /// Where some rows are read after the last block, its derivative is computed for these: the same as of all, with 0 for the
  /// others.
  @Test(arguments: ["imdb-bert-1", "imdb-gpt2-narrow"]) func ofTheRowsThatAreRead(_ name: String) throws {
    let model = try Model(directory: Places.model(name))
    var numbers = SeededNumbers(seed: 12)
    let batch = try PackedBatch([40, 1, 33].map { count in (0..<count).map { _ in Int32(numbers.next() % 8000) } })
    let (workspace, layers) = (Workspace(threads: Threads(2)), 1..<model.dimensions.layers)
    let start = try model.embed(batch, workspace: workspace)
    for rows in [[0, 40, 41], [39, 40, 73], [2, 3, 4, 70]] {
      func ends(_ read: [Int]?) throws -> (h: [Float], dh: [Float]) {
        var h = start
        let derivatives = DerivativeWorkspace(threads: Threads(2))
        let map = try Linearization(
          advancing: &h, of: model, through: layers, batch, rows: read, workspace: workspace, derivatives: derivatives)
        var cotangents = SeededNumbers(seed: 13)
        let dh = FloatBuffer(count: h.tokens * h.width)
        for row in rows {
          let values = cotangents.normal(count: h.width)
          for column in 0..<h.width { dh.pointer[row * h.width + column] = values[column] }
        }
        map.pullBack(dh.pointer, workspace: derivatives)
        return (rows.flatMap { Array(h.values[$0 * h.width..<($0 + 1) * h.width]) }, dh.values)
      }
      let (all, some) = (try ends(nil), try ends(rows))
      #expect(some.h == all.h)
      #expect(some.dh == all.dh && all.dh.contains { $0 != 0 })
    }
  }

  /// Linearizations held at the same time are separate, and reused memory leaves no trace.
  @Test(arguments: ["imdb-bert-1", "imdb-gpt2-narrow"]) func memoryIsUsedAgain(_ name: String) throws {
    let model = try Model(directory: Places.model(name))
    let workspace = Workspace(threads: Threads(2))
    func map(_ count: Int, _ derivatives: DerivativeWorkspace) throws -> Linearization {
      var numbers = SeededNumbers(seed: UInt64(count))
      let batch = try PackedBatch([(0..<count).map { _ in Int32(numbers.next() % 8000) }, [5, 6]])
      var h = try model.embed(batch, workspace: workspace)
      return try Linearization(
        advancing: &h, of: model, through: 1..<3, batch, workspace: workspace, derivatives: derivatives)
    }
    func cotangent(_ map: Linearization, _ derivatives: DerivativeWorkspace) -> [Float] {
      var numbers = SeededNumbers(seed: 4)
      let dh = FloatBuffer(numbers.normal(count: map.tokens * map.width))
      map.pullBack(dh.pointer, workspace: derivatives)
      return dh.values
    }
    let counts = [30, 21, 60, 3, 30]
    let expected = try counts.map { count in
      let fresh = DerivativeWorkspace(threads: Threads(2))
      return cotangent(try map(count, fresh), fresh)
    }
    let derivatives = DerivativeWorkspace(threads: Threads(2))
    for (count, values) in zip(counts, expected) {
      #expect(cotangent(try map(count, derivatives), derivatives) == values)
    }
    let both = try (map(30, derivatives), map(21, derivatives))
    #expect(cotangent(both.0, derivatives) == expected[0] && cotangent(both.1, derivatives) == expected[1])
  }

  @Test func crossEntropyOfLargeScores() {
    let entropy = CrossEntropy([[1000, 0], [-1000, -1000]], labels: [0, 1])
    expectClose([entropy.loss], [log(2) / 2], absolute: 1e-12, relative: 0, "loss")
    #expect(entropy.gradient == [[0, 0], [0.25, -0.25]])
  }
}
