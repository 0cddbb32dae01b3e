import DenseMath
import Foundation
import Transformer

/// Translators in closed form: the affine map from each hidden state to the last one with the least mean squared error
/// (Din et al., "Jump to Conclusions", 2023), from second moments summed in one pass.
///
/// The difference h_L - h is fitted, so that the ridge shrinks a translator towards the plain lens, not towards 0; it
/// is relative to each feature's variance, so that one outlier dimension does not dominate.
package struct TunedLensRegression {
  package let model: any TransformerModel
  package let head: Unembedding
  /// A hidden state and the last one, by level.
  private var moments: [PairedMoments]
  private let levels: [LensLevel]

  package init(_ model: any TransformerModel, head: Unembedding) {
    self.model = model
    self.head = head
    let d = head.matrix.columns
    moments = model.blockDimensions.map { _ in PairedMoments(p: d, q: d) }
    levels = LensLevel.all(blocks: model.blockDimensions.count)
  }

  /// Positions added.
  package var places: Int { moments.first?.count ?? 0 }

  /// Adds the states at the positions of some texts.
  /// - Throws: `TransformerError` for a batch that the model does not support.
  package mutating func add(_ texts: [LensCorpusText], workspace: Workspace) throws {
    let states = try LensStates(levels: levels, of: texts, model, workspace: workspace)
    let rows = texts.reduce(0) { $0 + $1.places.count }
    guard rows > 0, let last = levels.last else { return }
    for (index, level) in levels.dropLast().enumerated() {
      let (x, y) = (states[level], states[last])
      moments[index].add(x: x.pointer, y: y.pointer, rows: rows, threads: workspace.threads)
    }
  }

  /// A level's scales, for training from here: means and standard deviations of the state and the deviations of the
  /// last one.
  var scales: [(mean: [Double], deviation: [Double], lastDeviation: [Double])] {
    moments.map { moments in
      let (xx, _, yy) = moments.covariances
      func roots(_ matrix: DoubleMatrix) -> [Double] {
        (0..<matrix.rows).map { max(matrix[$0, $0], 1e-12).squareRoot() }
      }
      return (moments.meanX, roots(xx), roots(yy))
    }
  }

  /// - Parameter ridge: added to each variance, as a share of it.
  /// - Returns: the lens, and for each level the share of the last state's variance that its translator explains.
  /// - Throws: `InterpretabilityError.nothingToPredict` without positions; `LinearAlgebraError`.
  package func solve(ridge: Double) throws -> (lens: TunedLens, explained: [Double]) {
    guard places > 0 else { throw InterpretabilityError.nothingToPredict }
    let solved = try moments.map { try Self.solve($0, ridge: ridge) }
    return (
      TunedLens(translators: solved.map(\.translator), unembeddingDigest: try head.sha256()), solved.map(\.explained)
    )
  }

  private static func solve(
    _ moments: PairedMoments, ridge: Double
  ) throws -> (translator: TunedLens.Translator, explained: Double) {
    let (xx, xy, yy) = moments.covariances
    let d = xx.rows
    var (gram, difference) = (xx, xy.transposed)  // (Cxy - Cxx)ᵀ
    for row in 0..<d {
      gram[row, row] += ridge * xx[row, row]
      for column in 0..<d { difference[row, column] -= xx[row, column] }
    }
    var weight = try PositiveInverse(gram).multipliedFromLeft(by: difference).transposed
    for row in 0..<d { weight[row, row] += 1 }
    let (meanX, meanY) = (moments.meanX, moments.meanY)
    let bias = (0..<d).map { column in
      (0..<d).reduce(meanY[column]) { $0 - meanX[$1] * weight[$1, column] }
    }
    // tr Cov(y - x W) / tr Cov(y)
    let (mapped, crossed) = (xx * weight, xy)
    var (left, all) = (0.0, 0.0)
    for column in 0..<d {
      all += yy[column, column]
      left += yy[column, column]
      for row in 0..<d { left += weight[row, column] * (mapped[row, column] - 2 * crossed[row, column]) }
    }
    return (
      TunedLens.Translator(weight: weight.tensor, bias: Tensor(shape: [d], bias.map { Float($0) })),
      all > 0 ? 1 - left / all : 1
    )
  }
}

extension LensStates {
  /// The states of a model at the positions of texts, in their order.
  convenience init(
    levels: [LensLevel], of texts: [LensCorpusText], _ model: any TransformerModel, workspace: Workspace
  ) throws {
    let batch = try PackedBatch(texts.map(\.ids))
    let rows = zip(texts, batch.sequences).flatMap { text, rows in text.places.map { rows.lowerBound + $0 } }
    try self.init(levels: levels, rows: rows, of: batch, model, workspace: workspace)
  }
}
