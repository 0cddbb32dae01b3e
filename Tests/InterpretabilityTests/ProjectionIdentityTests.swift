import DenseMath
import Interpretability
import TestSupport
import Testing
import Transformer

/// Identities of projections for any weights: plain sums in Double, without the library's products.
@Suite struct ProjectionIdentityTests {
  private static let threads = Threads(2)

  /// [n, d] in Double.
  private func rows(_ tensor: Tensor) -> [[Double]] {
    (0..<tensor.rows).map { row in (0..<tensor.columns).map { Double(tensor.pointer[row * tensor.columns + $0]) } }
  }

  private func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }

  /// Every head of small models, both matrices, for every k: against the whole wE W wEᵀ.
  @Test(arguments: ["tiny/bert", "tiny/gpt2", "tiny/gpt2-wide"], [1, 7, 50, 0, -1])
  func everyHeadEqualsTheWholeProduct(_ name: String, _ count: Int) throws {
    let model = try Golden.model(name)
    let projection = try VocabularyProjection(model, threads: Self.threads)
    let (V, size) = (projection.vocabulary, model.dimensions.headSize)
    let k = count == 0 ? V : count == -1 ? V * V : count
    let wE = rows(projection.matrix)
    for layer in 0..<model.dimensions.layers {
      for head in 0..<model.dimensions.heads {
        for which in VocabularyProjection.HeadMatrix.allCases {
          func half(_ kind: ParameterKind) -> [[Double]] {
            Array(rows(model.parameterVectors(kind, layer: layer))[head * size..<(head + 1) * size])
          }
          let (left, right) = which == .vo ? (half(.value), half(.output)) : (half(.query), half(.key))
          let a = wE.map { row in left.map { dot(row, $0) } }
          let b = wE.map { row in right.map { dot(row, $0) } }
          var expected: [ScoredPair] = []
          for i in 0..<V {
            for j in 0..<V { expected.append(ScoredPair(row: i, column: j, score: dot(a[i], b[j]))) }
          }
          expected.sort { $0.ranksBefore($1) }
          let place = HeadPlace(layer: layer, head: head)
          let factors = try projection.factors(which, of: place, threads: Self.threads)
          let found = try PairSearch(factors.left, factors.right).highest(k, threads: Self.threads)
          #expect(found.count == min(k, V * V))
          #expect(
            found.map { $0.row * V + $0.column } == expected.prefix(k).map { $0.row * V + $0.column },
            "\(place) \(which)")
          expectClose(
            found.map(\.score), expected.prefix(k).map(\.score), absolute: 1e-12, relative: 1e-9, "\(place) \(which)")
        }
      }
    }
  }

  /// E E' = I: the inner product of a state with a vector that reads it is that of their scores and projection.
  @Test(arguments: ["tiny/bert", "tiny/gpt2", "trained/imdb-gpt2-narrow"]) func pseudoInverseKeepsInnerProducts(
    _ name: String
  ) throws {
    let model = try Golden.model(name)
    let projection = try VocabularyProjection(model, inverse: .pinv, threads: Self.threads)
    let d = model.dimensions.hidden
    let wE = rows(projection.matrix)
    var numbers = SeededNumbers(seed: 3)
    for kind in ParameterKind.allCases where kind.reads {
      let own = rows(model.parameterVectors(kind, layer: 1))[2]
      let ready = rows(try projection.vectors(kind, layer: 1))[2]
      let scores = wE.map { dot($0, ready) }  // w E'ᵀ
      for _ in 0..<3 {
        let h = (0..<d).map { _ in numbers.normal() }
        let read = dot(wE.map { dot($0, h) }, scores)  // (h E)(E' w)
        expectClose([read], [dot(h, own)], absolute: 1e-4, relative: 1e-4, "\(kind)")
      }
    }
    // A vector that writes is projected by E itself.
    #expect(
      try projection.vectors(.output, layer: 0).values == model.parameterVectors(.output, layer: 0).values)
  }

  /// The factors of a head's matrix: Σ over tokens of (h E) times a projection that reads is what the head's factor
  /// reads of h; vectors that write are projected by E itself.
  @Test(arguments: ["tiny/bert", "tiny/gpt2"]) func pseudoInverseKeepsWhatAHeadReads(_ name: String) throws {
    let model = try Golden.model(name)
    let projection = try VocabularyProjection(model, inverse: .pinv, threads: Self.threads)
    let (wE, size) = (rows(projection.matrix), model.dimensions.headSize)
    var numbers = SeededNumbers(seed: 5)
    let h = (0..<model.dimensions.hidden).map { _ in numbers.normal() }
    let hE = wE.map { dot($0, h) }
    for which in VocabularyProjection.HeadMatrix.allCases {
      let (left, right) = try projection.factors(which, of: HeadPlace(layer: 1, head: 1), threads: Self.threads)
      for (factor, group) in [(left, which.groups.left), (right, which.groups.right)] {
        let half = rows(model.parameterVectors(group, layer: 1))[size..<2 * size]
        let columns = (0..<size).map { column in wE.indices.map { factor[$0, column] } }
        if group.reads {
          expectClose(
            columns.map { dot($0, hE) }, half.map { dot($0, h) }, absolute: 1e-6, relative: 1e-6, "\(which) \(group)")
        } else {
          expectClose(
            columns.flatMap { $0 }, half.flatMap { row in wE.map { dot($0, row) } }, absolute: 1e-9, relative: 1e-7,
            "\(which) \(group)")
        }
      }
    }
  }

  @Test func foldsTheNormsGainIntoWhatReads() throws {
    let model = try Golden.model("tiny/gpt2")
    let projection = try VocabularyProjection(model, foldingNorm: true, threads: Self.threads)
    for (kind, gain) in [
      (ParameterKind.query, model.blocks[1].attentionNorm.gain), (.key, model.blocks[1].attentionNorm.gain),
      (.value, model.blocks[1].attentionNorm.gain), (.feedForwardKey, model.blocks[1].mlpNorm.gain),
    ] {
      let (own, folded) = (model.parameterVectors(kind, layer: 1), try projection.vectors(kind, layer: 1))
      let expected = (0..<own.count).map { Double(own[$0]) * Double(gain[$0 % own.columns]) }
      expectClose(folded.values, expected, absolute: 0, relative: 1e-6, "\(kind)")
    }
    #expect(try projection.vectors(.output, layer: 1).values == model.parameterVectors(.output, layer: 1).values)
    let head = HeadPlace(layer: 1, head: 0)
    let plain = try VocabularyProjection(model, threads: Self.threads).factors(.vo, of: head, threads: Self.threads)
    let factors = try projection.factors(.vo, of: head, threads: Self.threads)
    #expect(factors.right == plain.right && factors.left != plain.left)
    #expect(throws: InterpretabilityError.noNormToFold(model: "bert")) {
      try VocabularyProjection(try Golden.model("tiny/bert"), foldingNorm: true, threads: Self.threads)
    }
  }

  /// Σ σ u vᵀ is the matrix; directions are orthonormal; the sign is that of the rule.
  @Test(arguments: ["tiny/bert", "tiny/gpt2"]) func singularDirectionsMakeTheMatrix(_ name: String) throws {
    let model = try Golden.model(name)
    let projection = try VocabularyProjection(model, threads: Self.threads)
    let size = model.dimensions.headSize
    let place = HeadPlace(layer: 0, head: 1)
    for which in VocabularyProjection.HeadMatrix.allCases {
      let (a, b) = which == .vo ? (ParameterKind.value, ParameterKind.output) : (.query, .key)
      let left = rows(model.parameterVectors(a, layer: 0))[size..<2 * size]
      let right = rows(model.parameterVectors(b, layer: 0))[size..<2 * size]
      let found = try projection.directions(of: which, place, count: size)
      expectMakes(found, zip(left, right).map { ($0, $1) }, "\(which)")
    }
    for kind in [ParameterKind.feedForwardKey, .feedForwardValue] {
      let own = rows(model.parameterVectors(kind, layer: 1))
      let found = try projection.directions(of: kind, layer: 1, count: 10_000)
      let units = own.indices.map { row in own.indices.map { $0 == row ? 1.0 : 0 } }
      expectMakes(found, zip(own, units).map { ($0, $1) }, "\(kind)")
    }
    #expect(try projection.directions(of: .vo, place, count: 2).values.count == 2)
  }

  /// Tokens of both vectors of every direction, against plain sums; where a vector reads and the exact inverse is used,
  /// by the identity h u = (h E)(E' u).
  @Test(arguments: VocabularyProjection.Inverse.allCases) func readsSingularDirections(
    _ inverse: VocabularyProjection.Inverse
  ) throws {
    let projection = try VocabularyProjection(try Golden.model("tiny/gpt2"), inverse: inverse, threads: Self.threads)
    let wE = rows(projection.matrix)
    let V = projection.vocabulary
    var numbers = SeededNumbers(seed: 9)
    let h = (0..<projection.matrix.columns).map { _ in numbers.normal() }
    func expect(_ ends: TokenEnds, say vectors: DoubleMatrix, _ row: Int, reads: Bool, _ what: String) {
      let vector = (0..<vectors.columns).map { vectors[row, $0] }
      #expect(Set(ends.highest.map(\.id)) == Set(0..<V) && ends.lowest.map(\.id) == ends.highest.map(\.id).reversed())
      if inverse == .transpose || !reads {
        expectClose(
          ends.highest.map(\.score), ends.highest.map { dot(wE[$0.id], vector) }, absolute: 1e-6, relative: 1e-5, what)
      } else {
        let read = ends.highest.reduce(0) { $0 + dot(wE[$1.id], h) * Double($1.score) }
        expectClose([read], [dot(h, vector)], absolute: 1e-4, relative: 1e-4, what)
      }
    }
    let head = HeadPlace(layer: 1, head: 1)
    for which in VocabularyProjection.HeadMatrix.allCases {
      let found = try projection.directions(of: which, head, count: 3)
      let readings = try projection.readings(directions: 3, of: which, head, top: V, threads: Self.threads)
      #expect(readings.map(\.value) == found.values && readings.allSatisfy(\.neurons.isEmpty))
      for (row, reading) in readings.enumerated() {
        expect(reading.left, say: found.left, row, reads: true, "\(which) left")
        expect(try #require(reading.right), say: found.right, row, reads: which == .qk, "\(which) right")
      }
    }
    for group in [ParameterKind.feedForwardKey, .feedForwardValue] {
      let found = try projection.directions(of: group, layer: 0, count: 3)
      let readings = try projection.readings(directions: 3, of: group, layer: 0, top: V, threads: Self.threads)
      #expect(readings.map(\.value) == found.values && readings.allSatisfy { $0.right == nil })
      for (row, reading) in readings.enumerated() {
        expect(reading.left, say: found.left, row, reads: group.reads, "\(group)")
        let weights = (0..<found.right.columns).map { abs(found.right[row, $0]) }
        #expect(reading.neurons.map { abs($0.weight) } == weights.sorted(by: >))
        #expect(reading.neurons.allSatisfy { $0.weight == found.right[row, $0.index] })
      }
    }
  }

  /// - Parameter terms: those whose outer products sum to the matrix.
  private func expectMakes(_ found: SingularDirections, _ terms: [(left: [Double], right: [Double])], _ what: String) {
    let (p, q) = (found.left.columns, found.right.columns)
    var (made, whole) = ([Double](repeating: 0, count: p * q), [Double](repeating: 0, count: p * q))
    for i in 0..<p {
      for j in 0..<q {
        for (index, value) in found.values.enumerated() {
          made[i * q + j] += value * found.left[index, i] * found.right[index, j]
        }
        for term in terms { whole[i * q + j] += term.left[i] * term.right[j] }
      }
    }
    expectCloseToLargest(made, whole, fraction: 1e-10, what)
    for index in found.values.indices {
      let own = (0..<p).map { found.left[index, $0] }
      expectClose([dot(own, own)], [1], absolute: 1e-10, relative: 0, what)
      #expect((own.max { abs($0) < abs($1) } ?? 0) > 0, "\(what)")
      if index > 0 {
        #expect(found.values[index] <= found.values[index - 1])
        expectClose([dot(own, (0..<p).map { found.left[index - 1, $0] })], [0], absolute: 1e-9, relative: 0, what)
      }
    }
  }

  /// Both ends, some tokens only, and ties, against plain sorting.
  @Test func ranksTokens() throws {
    let projection = try VocabularyProjection(try Golden.model("tiny/bert"), threads: Self.threads)
    let vectors = try projection.vectors(.feedForwardValue, layer: 0)
    let wE = rows(projection.matrix)
    let ids = (0..<projection.vocabulary).filter { $0 % 3 == 1 }
    for among in [nil, ids] {
      let ends = projection.ends(vectors, top: 9, among: among, threads: Self.threads)
      for (row, vector) in rows(vectors).enumerated() {
        let scores = wE.map { dot($0, vector) }
        let order = (among ?? Array(wE.indices)).sorted { (scores[$1], $0) < (scores[$0], $1) }
        #expect(ends[row].highest.map(\.id) == Array(order.prefix(9)))
        #expect(ends[row].lowest.map(\.id) == Array(order.reversed().prefix(9)))
        expectClose(
          ends[row].lowest.map { $0.score }, order.reversed().prefix(9).map { scores[$0] }, absolute: 1e-6,
          relative: 1e-5, "\(row)")
      }
      #expect(projection.tokens(vectors, top: 9, among: among, threads: Threads(1)) == ends.map(\.highest))
    }
    let zero = Tensor(shape: [1, projection.matrix.columns], [Float](repeating: 0, count: projection.matrix.columns))
    #expect(
      projection.ends(zero, top: 3, threads: Self.threads)[0].lowest == (0..<3).map { ScoredID(score: 0, id: $0) })
  }

  @Test func namesPlaces() throws {
    func head(_ text: String) -> HeadPlace? { Address(text).flatMap { HeadPlace($0) } }
    func vector(_ text: String) -> VectorPlace? { Address(text).flatMap { VectorPlace($0) } }
    #expect(head("L5H3") == HeadPlace(layer: 5, head: 3))
    #expect(vector("L3:907") == VectorPlace(layer: 3, index: 907))
    #expect(vector("l3h5:12") == VectorPlace(layer: 3, head: 5, index: 12))
    for text in ["", "L", "L3", "3H5", "L3H", "L-1H2", "L3H5:1", "L3 H5", "L99999999999999999999H1"] {
      #expect(head(text) == nil, "\(text)")
    }
    for text in ["", "L3", "L3H5", "L3:", ":1", "L3:1:2", "L3:-1", "L3H5:x"] {
      #expect(vector(text) == nil, "\(text)")
    }
    let projection = try VocabularyProjection(try Golden.model("tiny/gpt2"), threads: Self.threads)
    let size = projection.model.dimensions
    for kind in ParameterKind.allCases {
      for row in [0, size.headSize + 1] {
        let place = VectorPlace(layer: 1, row: row, of: kind, headSize: size.headSize)
        #expect(try projection.row(of: place, in: kind) == row)
        #expect(vector("\(place)") == place)
      }
    }
    #expect(throws: InterpretabilityError.self) { try projection.row(of: .init(layer: 0, index: 0), in: .query) }
    #expect(throws: InterpretabilityError.self) {
      try projection.row(of: .init(layer: 9, index: 0), in: .feedForwardKey)
    }
    #expect(throws: InterpretabilityError.self) {
      try projection.factors(.vo, of: .init(layer: 0, head: size.heads), threads: Self.threads)
    }
  }
}
