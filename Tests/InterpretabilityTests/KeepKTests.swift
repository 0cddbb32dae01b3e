import DenseMath
import Interpretability
import TestSupport
import Testing

@Suite struct KeepKTests {
  private typealias Rows = [[Double]]

  /// n, V and d: within one tile, and over the edges of tiles of 512 items and blocks of 128 vectors. Largest error
  /// measured: 1.1e-6.
  @Test(arguments: [(4, 7, 3), (130, 1100, 5)]) func matchesPlainLoops(_ n: Int, _ V: Int, _ d: Int) throws {
    var numbers = SeededNumbers(seed: 8)
    let wE = Tensor(shape: [V, d], numbers.normal(count: V * d))
    let x = Tensor(shape: [n, d], numbers.normal(count: n * d))
    let ks = [1, 2, V / 2, V]
    let experiment = try KeepK(wE: wE, threads: Threads(2))
    let (vectors, tokens) = (rows(x), rows(wE))
    let straight = product(vectors, transposed(tokens))
    let inverse = product(product(vectors, inverted(product(transposed(tokens), tokens))), transposed(tokens))
    let exact = product(vectors, transposed(vectors))
    for (projection, right) in [(KeepK.Projection.transpose, straight), (.pseudoInverse, inverse)] {
      let points = try experiment.points(x, projection, ks: ks, seed: 1)
      #expect(points.map(\.k) == ks)
      for (point, k) in zip(points, ks) {
        let kept = product(straight.map { keep(k, $0) }, transposed(right.map { keep(k, $0) }))
        for (found, diagonal) in [(point.cosine, true), (point.offDiagonal, false)] {
          let expected = cosine(exact, kept, diagonal: diagonal)
          if expected.isNaN {
            #expect(found == nil)
          } else {
            expectClose(
              [try #require(found)], [expected], absolute: 5e-6, relative: 0, "\(projection), k = \(k), \(diagonal)")
          }
        }
      }
      // When all are kept a right inverse preserves the inner product.
      if projection == .pseudoInverse { #expect(try abs(#require(points.last?.cosine) - 1) < 1e-6) }
    }
  }

  /// With V = d, wE = 1 and vectors of ones every coordinate is 1, so G_k counts what two vectors both keep.
  @Test func drawnItemsAreKAndNested() throws {
    let V = 40
    var identity = [Float](repeating: 0, count: V * V)
    for index in 0..<V { identity[index * V + index] = 1 }
    let experiment = try KeepK(wE: Tensor(shape: [V, V], identity), threads: Threads(2))
    let x = Tensor(shape: [2, V], [Float](repeating: 1, count: 2 * V))
    let ks = [5, 20, V]
    let random = try experiment.points(x, .random, ks: ks, seed: 5)
    for (point, k) in zip(random, ks) {
      // G is all ones, G_k has k on its diagonal and c beside it: cos² = (k + c)² / 2 (k² + c²).
      let cosine = try #require(point.cosine)
      let counts = (0...k).map { c in
        Double(k + c) / (2 * Double(k * k + c * c)).squareRoot()
      }
      let nearest = counts.indices.min { abs(counts[$0] - cosine) < abs(counts[$1] - cosine) } ?? 0
      #expect(abs(counts[nearest] - cosine) < 1e-6)
      #expect(k == V ? nearest == k : nearest < k)
    }
    #expect(try experiment.points(x, .random, ks: ks, seed: 5) == random)
    #expect(try experiment.points(x, .random, ks: ks, seed: 6) != random)
    for point in try experiment.points(x, .shared, ks: ks, seed: 5) {
      #expect(try abs(#require(point.cosine) - 1) < 1e-6)
    }
    // Equal magnitudes: the lower ids are kept for both.
    #expect(try abs(#require(experiment.points(x, .transpose, ks: [3], seed: 0)[0].cosine) - 1) < 1e-6)
  }

  @Test func threadsChangeNothing() throws {
    var numbers = SeededNumbers(seed: 9)
    let wE = Tensor(shape: [600, 6], numbers.normal(count: 3600))
    let x = Tensor(shape: [30, 6], numbers.normal(count: 180))
    for projection in KeepK.Projection.allCases {
      let points = try [1, 3].map {
        try KeepK(wE: wE, threads: Threads($0)).points(x, projection, ks: [1, 50, 600], seed: 3)
      }
      #expect(points[0] == points[1], "\(projection)")
    }
  }

  /// Of two coordinates of one magnitude the lower id is kept: 1 and 1 here, where the others are -1 and 1.
  @Test func tiesFallToTheLowerID() throws {
    let keepK = try KeepK(wE: Tensor(shape: [2, 2], [1, 0, -1, 1]), threads: Threads(1))
    let point = try keepK.points(Tensor(shape: [2, 2], [1, 0, 1, 2]), .transpose, ks: [1], seed: 1)[0]
    expectClose([point.offDiagonal ?? 0], [1], absolute: 1e-6, relative: 0, "the products of what stays")
  }

  @Test func clipsTheGrid() throws {
    #expect(KeepK.grid(vocabulary: 512) == [10, 50, 100, 200, 300, 500, 512])
    #expect(KeepK.grid(vocabulary: 8192) == [10, 50, 100, 200, 300, 500, 512, 1024, 2048, 4096, 8192])
    #expect(KeepK.grid(vocabulary: 50_257).suffix(3) == [20_000, 30_000, 50_257])
    #expect(KeepK.grid(vocabulary: 7) == [7])
    let experiment = try KeepK(wE: Tensor(shape: [2, 1], [1, 2]), threads: Threads(1))
    #expect(throws: InterpretabilityError.setTooLarge(3, vocabulary: 2)) {
      try experiment.points(Tensor(shape: [1, 1], [1]), .transpose, ks: [3], seed: 0)
    }
  }

  private func rows(_ tensor: Tensor) -> Rows {
    (0..<tensor.rows).map { row in (0..<tensor.columns).map { Double(tensor[row * tensor.columns + $0]) } }
  }

  private func transposed(_ a: Rows) -> Rows { a[0].indices.map { column in a.map { $0[column] } } }

  private func product(_ a: Rows, _ b: Rows) -> Rows {
    let columns = transposed(b)
    return a.map { row in columns.map { zip(row, $0).reduce(0) { $0 + $1.0 * $1.1 } } }
  }

  /// Gauss and Jordan.
  private func inverted(_ a: Rows) -> Rows {
    let n = a.count
    var work = a.enumerated().map { row, values in values + (0..<n).map { $0 == row ? 1 : 0 } }
    for pivot in 0..<n {
      let divisor = work[pivot][pivot]
      work[pivot] = work[pivot].map { $0 / divisor }
      for row in 0..<n where row != pivot {
        let factor = work[row][pivot]
        work[row] = zip(work[row], work[pivot]).map { $0 - factor * $1 }
      }
    }
    return work.map { Array($0.suffix(n)) }
  }

  private func keep(_ k: Int, _ row: [Double]) -> [Double] {
    let kept = Set(row.indices.sorted { (abs(row[$1]), $0) < (abs(row[$0]), $1) }.prefix(k))
    return row.indices.map { kept.contains($0) ? row[$0] : 0 }
  }

  private func cosine(_ a: Rows, _ b: Rows, diagonal: Bool) -> Double {
    func flat(_ rows: Rows) -> [Double] {
      rows.enumerated().flatMap { row, values in values.enumerated().filter { diagonal || $0.0 != row }.map(\.1) }
    }
    let (a, b) = (flat(a), flat(b))
    func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
    return dot(a, b) / (dot(a, a) * dot(b, b)).squareRoot()
  }
}
