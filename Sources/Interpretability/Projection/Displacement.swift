import DenseMath
import Foundation
import Transformer

/// How far a fine-tuned model has moved from its base, and in which directions (Dar et al. 2023, section 4.2;
/// D = W_fine-tuned - W_base).
package struct Displacement: Sendable {
  /// The displacement of some parameters.
  package struct Move: Sendable, Equatable {
    /// nil outside of the blocks.
    package let layer: Int?
    /// A `ParameterKind`'s name, "biases and norms", or a tensor's name outside of the blocks.
    package let name: String
    /// ‖D‖, Frobenius.
    package let norm: Double
    /// ‖D‖ / ‖W_base‖; nil where the base is zero.
    package let relative: Double?
  }

  /// A vector and its displacement.
  package struct MovedVector: Sendable, Equatable {
    package let group: ParameterKind
    package let place: VectorPlace
    /// The row of `difference(group, layer:)`.
    package let row: Int
    package let norm: Double
    package let relative: Double?
  }

  package let model: Model
  package let base: Model

  /// - Throws: `InterpretabilityError.differentShapes`.
  package init(of model: Model, from base: Model) throws {
    let (a, b) = (model.dimensions, base.dimensions)
    let pairs: [(String, String, String)] = [
      ("architecture", model.modelType, base.modelType), ("number of blocks", "\(a.layers)", "\(b.layers)"),
      ("hidden size", "\(a.hidden)", "\(b.hidden)"), ("number of heads", "\(a.heads)", "\(b.heads)"),
      ("feed-forward size", "\(a.feedForward)", "\(b.feedForward)"),
      ("vocabulary size", "\(a.vocabulary)", "\(b.vocabulary)"),
      ("number of positions", "\(a.positions)", "\(b.positions)"),
      (
        "token embedding and norms", "\(model.outerParameters.map(\.tensor.shape))",
        "\(base.outerParameters.map(\.tensor.shape))"
      ),
    ]
    for (what, found, expected) in pairs where found != expected {
      throw InterpretabilityError.differentShapes(
        model: model.name, base: base.name, what: what, expected: found, found: expected)
    }
    self.model = model
    self.base = base
  }

  /// Every parameter but the heads, by block and group from the lowest up; then embeddings and their norm.
  package var moves: [Move] {
    (0..<model.dimensions.layers).flatMap { layer in
      ParameterKind.allCases.map { group in
        Self.move(
          layer, group.rawValue,
          [(model.parameterVectors(group, layer: layer), base.parameterVectors(group, layer: layer))])
      } + [
        Self.move(
          layer, "biases and norms",
          zip(model.biasesAndNorms(layer: layer), base.biasesAndNorms(layer: layer)).map { ($0.tensor, $1.tensor) })
      ]
    }
      + zip(model.outerParameters, base.outerParameters).map { own, other in
        Self.move(nil, own.name, [(own.tensor, other.tensor)])
      }
  }

  /// D of a group in a block: [dFF, d] or [H dHead, d].
  package func difference(_ group: ParameterKind, layer: Int) -> Tensor {
    let (own, other) = (model.parameterVectors(group, layer: layer), base.parameterVectors(group, layer: layer))
    let result = FloatBuffer(uninitializedCount: own.count)
    for index in 0..<own.count { result.pointer[index] = own.pointer[index] - other.pointer[index] }
    return Tensor(shape: own.shape, result)
  }

  /// The vectors of some groups with the largest displacements, in descending order, equal ones by block and place;
  /// those that did not move are left out.
  package func mostMoved(_ count: Int, of groups: [ParameterKind] = ParameterKind.allCases) -> [MovedVector] {
    var all: [MovedVector] = []
    for layer in 0..<model.dimensions.layers {
      for group in groups {
        let (own, other) = (model.parameterVectors(group, layer: layer), base.parameterVectors(group, layer: layer))
        for row in 0..<own.rows {
          let vector = Self.moved(group, own, other, layer: layer, row: row, headSize: model.dimensions.headSize)
          if vector.norm > 0 { all.append(vector) }
        }
      }
    }
    let order = all.indices.sorted { (all[$1].norm, $0) < (all[$0].norm, $1) }
    return order.prefix(max(0, count)).map { all[$0] }
  }

  /// One vector and its displacement.
  /// - Parameter row: as `VocabularyProjection.row` gives it.
  package func moved(_ group: ParameterKind, _ place: VectorPlace, row: Int) -> MovedVector {
    Self.moved(
      group, model.parameterVectors(group, layer: place.layer), base.parameterVectors(group, layer: place.layer),
      layer: place.layer, row: row, headSize: model.dimensions.headSize)
  }

  private static func moved(
    _ group: ParameterKind, _ own: Tensor, _ other: Tensor, layer: Int, row: Int, headSize: Int
  ) -> MovedVector {
    let d = own.columns
    let (moved, before) = squares(own.pointer + row * d, other.pointer + row * d, d)
    return MovedVector(
      group: group, place: VectorPlace(layer: layer, row: row, of: group, headSize: headSize), row: row,
      norm: moved.squareRoot(), relative: before > 0 ? (moved / before).squareRoot() : nil)
  }

  private static func move(_ layer: Int?, _ name: String, _ pairs: [(Tensor, Tensor)]) -> Move {
    var (moved, before) = (0.0, 0.0)
    for (own, other) in pairs {
      let sums = squares(own.pointer, other.pointer, own.count)
      moved += sums.moved
      before += sums.before
    }
    return Move(
      layer: layer, name: name, norm: moved.squareRoot(),
      relative: before > 0 ? (moved / before).squareRoot() : moved > 0 ? nil : 0)
  }

  /// Σ (own - other)² and Σ other², in Double.
  private static func squares(
    _ own: UnsafePointer<Float>, _ other: UnsafePointer<Float>, _ count: Int
  ) -> (moved: Double, before: Double) {
    var (moved, before) = (0.0, 0.0)
    for index in 0..<count {
      let difference = Double(own[index]) - Double(other[index])
      moved += difference * difference
      before += Double(other[index]) * Double(other[index])
    }
    return (moved, before)
  }
}
