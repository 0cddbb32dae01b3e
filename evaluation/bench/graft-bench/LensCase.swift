import DenseMath
import Files
import Interpretability
import Transformer

extension BenchCase {
  /// Every level of GPT-2 read at all places of 1,024 tokens: top 10, entropy and divergence from the last level.
  static func lens(_ arguments: BenchArguments) throws -> BenchCase {
    let model = try Model(directory: arguments.required("model"))
    let workspace = Workspace(threads: arguments.threads)
    let batch = try PackedBatch([lensIDs(vocabulary: model.dimensions.vocabulary)])
    let lens = try LogitLens(
      model, heads: [try model.requireUnembedding()], levels: LensLevel.all(blocks: model.dimensions.layers))
    let run: () throws -> JSON = {
      var entropy = [Double](repeating: 0, count: lens.levels.count)
      var divergence = entropy
      var last: [LensCell] = []
      try lens.read(batch, rows: Array(0..<batch.tokens), top: 10, workspace: workspace) { _, cells in
        for (level, cell) in cells.enumerated() {
          entropy[level] += cell.entropy / Double(batch.tokens)
          divergence[level] += cell.klToFinal / Double(batch.tokens)
        }
        last = cells
      }
      return [
        "divergence": .array(divergence.map { .number($0) }), "entropy": .array(entropy.map { .number($0) }),
        "last_top_logits": .array(last.flatMap { $0.top.map { .float($0.logit) } }),
      ]
    }
    _ = try run()
    return BenchCase(run: run)
  }

  /// The products of `lens` alone, through OpenBLAS's own threads: those of the forward pass but for attention's, then
  /// one of [1,024, d] by [d, V] a level.
  static func lensProducts(_ arguments: BenchArguments) throws -> BenchCase {
    let dimensions = try Model(directory: arguments.required("model")).dimensions
    let (T, d, dFF, V) = (lensTokens, dimensions.hidden, dimensions.feedForward, dimensions.vocabulary)
    let widest = max(V, 3 * d, dFF)
    let (a, b, c) = (
      FloatBuffer(count: T * max(d, dFF)), FloatBuffer(count: d * widest), FloatBuffer(count: T * widest)
    )
    var generator = SplitMix64(seed: 42)
    for index in 0..<a.count { a.pointer[index] = Float(generator.normal()) }
    for index in 0..<b.count { b.pointer[index] = Float(generator.normal()) }
    func multiply(_ n: Int, _ k: Int) {
      Product.multiplyWithOpenBLAS(
        MatrixView(a.pointer, rows: T, columns: k), MatrixView(b.pointer, rows: k, columns: n),
        into: MutableMatrixView(c, rows: T, columns: n), threads: arguments.threads)
    }
    let run: () -> JSON = {
      for _ in 0..<dimensions.layers {
        for (n, k) in [(3 * d, d), (d, d), (dFF, d), (d, dFF)] { multiply(n, k) }
      }
      for _ in 0...dimensions.layers { multiply(V, d) }
      return .null
    }
    _ = run()
    let flops = 2 * T * ((4 * d * d + 2 * d * dFF) * dimensions.layers + d * V * (dimensions.layers + 1))
    return BenchCase(note: ["flops": .integer(flops)], run: run)
  }

  private static let lensTokens = 1024

  /// The ids of gpt2-1x1024.
  private static func lensIDs(vocabulary: Int) -> [Int32] {
    (0..<lensTokens).map { Int32((7919 * $0 + 104729) % vocabulary) }
  }
}
