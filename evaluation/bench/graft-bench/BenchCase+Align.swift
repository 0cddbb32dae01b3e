import DenseMath
import Files
import Stitching
import Tokenization
import Transformer

extension BenchCase {
  /// All six groups of two models, in embedding space and in feature space: --model A --other B.
  static func align(_ arguments: BenchArguments) throws -> BenchCase {
    let (a, b) = (try Model(directory: arguments.required("model")), try Model(directory: arguments.required("other")))
    return BenchCase {
      let aligner = try ModelAligner(
        a, b, shared: SharedVocabulary(count: min(a.wE.rows, b.wE.rows)), threads: arguments.threads)
      var totals: [JSON.Member] = []
      for space in AlignmentSpace.allCases {
        for kind in ParameterKind.alignmentOrder {
          let total = try aligner.align(kind, in: space).assignment.total
          totals.append(.init("\(kind.symbol) \(space.rawValue)", .number(total)))
        }
      }
      return .object(totals)
    }
  }

  /// The products of `align` alone, by OpenBLAS with its own threads: every layer of A against every one of B, and
  /// nothing made of what comes out.
  static func alignProducts(_ arguments: BenchArguments) throws -> BenchCase {
    let (a, b) = (try Model(directory: arguments.required("model")), try Model(directory: arguments.required("other")))
    let pairs = a.dimensions.layers * b.dimensions.layers
    let (d, dFF) = (a.dimensions.hidden, max(a.dimensions.feedForward, b.dimensions.feedForward))
    let (x, y, c) = (FloatBuffer(count: dFF * d), FloatBuffer(count: dFF * d), FloatBuffer(count: dFF * dFF))
    var generator = SplitMix64(seed: 42)
    for index in 0..<x.count { (x.pointer[index], y.pointer[index]) = (Float(generator.normal()), 1) }
    let kinds = ParameterKind.alignmentOrder
    func sizes(_ kind: ParameterKind) -> (m: Int, n: Int) {
      kind.isAttention
        ? (a.dimensions.hidden, b.dimensions.hidden) : (a.dimensions.feedForward, b.dimensions.feedForward)
    }
    let flops = kinds.reduce(0) { $0 + 2 * AlignmentSpace.allCases.count * pairs * sizes($1).m * sizes($1).n * d }
    return BenchCase(note: ["flops": .integer(flops)]) {
      for _ in AlignmentSpace.allCases {
        for kind in kinds {
          let (m, n) = sizes(kind)
          for _ in 0..<pairs {
            Product.multiplyWithOpenBLAS(
              MatrixView(x.pointer, rows: m, columns: d), MatrixView(y.pointer, rows: d, columns: n),
              into: MutableMatrixView(c, rows: m, columns: n), threads: arguments.threads)
          }
        }
      }
      return .null
    }
  }
}
