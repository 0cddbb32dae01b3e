import DenseMath
import Files
import Foundation
import Interpretability
import Transformer

/// The highest pairs of a head at GPT-2's size: two factors of [50,257, 64].
extension BenchCase {
  private static let (V, dHead, k) = (50_257, 64, 50)

  /// The 50 highest of V x V inner products, the factors in Double as a model gives them.
  static func pairs(_ arguments: BenchArguments, exponent: Double) throws -> BenchCase {
    let left = factor(seed: 42, exponent: exponent)
    let right = factor(seed: 43, exponent: exponent)
    let run: () throws -> JSON = {
      let found = try PairSearch(left, right).highest(k, threads: arguments.threads)
      return [
        "ids": .array(found.map { .integer($0.row * V + $0.column) }),
        "scores": .array(found.map { .number($0.score) }),
      ]
    }
    _ = try run()
    return BenchCase(run: run)
  }

  /// The products alone, by the same kernel, into tiles that stay in the cache and that nobody reads.
  static func pairsProducts(_ threads: Threads) -> BenchCase {
    let (rows, columns) = (448, 1024)
    let left = Tensor(shape: [V, dHead], factor(seed: 42, exponent: 0).values.map { Float($0) })
    let right = Tensor(shape: [V, dHead], factor(seed: 43, exponent: 0).values.map { Float($0) })
    let groups = (V + columns - 1) / columns
    let size = PackedFactor.size(rows: dHead, columns: columns)
    let memory = FloatBuffer(uninitializedCount: groups * size)
    let packed = (0..<groups).map { group in
      PackedFactor(
        MatrixView(right)[rows: group * columns..<min((group + 1) * columns, V)].transposed,
        memory: memory.pointer + group * size)
    }
    let tiles = FloatBuffer(uninitializedCount: threads.count * rows * columns)
    let run: () -> JSON = {
      threads.run((V + rows - 1) / rows) { task, worker in
        let own = MatrixView(left)[rows: task * rows..<min((task + 1) * rows, V)]
        for factor in packed {
          factor.multiply(
            own,
            into: MutableMatrixView(
              tiles.pointer + worker * rows * columns, rows: own.rows, columns: factor.columns, stride: columns))
        }
      }
      _ = memory
      return .null
    }
    _ = run()
    return BenchCase(note: ["flops": .integer(2 * V * V * dHead)], run: run)
  }

  /// Both matrices of all 144 heads of a model of GPT-2 small's size, from its weights: the embedding is drawn, and so are
  /// the heads' halves, whose columns fall by `exponent`. A run is the next 16 matrices, so that others can be measured
  /// between; the first comes again behind the last.
  static func pairsOfModel(_ arguments: BenchArguments, exponent: Double) throws -> BenchCase {
    let (d, matrices, matricesInRun) = (768, 288, 16)
    var generator = SplitMix64(seed: 44)
    let embedding = FloatBuffer(count: V * d)
    for index in 0..<embedding.count { embedding.pointer[index] = Float(generator.normal()) }
    let wE = Tensor(shape: [V, d], embedding)
    let halves = (0..<2 * matrices).map { index in
      factor(rows: d, seed: 45 + UInt64(index), exponent: exponent)
    }
    var matrix = 0
    return BenchCase(note: ["runs": .integer(matrices / matricesInRun), "matrices": .integer(matrices)]) {
      var scores = 0.0
      for _ in 0..<matricesInRun {
        let left = DoubleMatrix.product(wE, halves[2 * matrix], threads: arguments.threads)
        let right = DoubleMatrix.product(wE, halves[2 * matrix + 1], threads: arguments.threads)
        scores += try PairSearch(left, right).highest(k, threads: arguments.threads).reduce(0) { $0 + $1.score }
        matrix = (matrix + 1) % matrices
      }
      return ["scores": .number(scores)]
    }
  }

  /// Normal numbers, column j times (j + 1)^-exponent, all turned by one reflection so that no column is small: inner
  /// products of two such factors are what they were.
  private static func factor(rows: Int = V, seed: UInt64, exponent: Double) -> DoubleMatrix {
    var generator = SplitMix64(seed: seed)
    var matrix = DoubleMatrix(rows: rows, columns: dHead)
    let scales = (0..<dHead).map { pow(Double($0 + 1), -exponent) }
    for row in 0..<rows {
      var sum = 0.0
      for column in 0..<dHead {
        let value = scales[column] * generator.normal()
        matrix[row, column] = value
        sum += value
      }
      for column in 0..<dHead { matrix[row, column] -= 2 * sum / Double(dHead) }
    }
    return matrix
  }
}
