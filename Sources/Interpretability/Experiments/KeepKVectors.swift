import DenseMath
import Transformer

/// The vectors of the published experiment, drawn at random; all if there are no more.
extension KeepK {
  /// Standard normal vectors, [n, d].
  package static func normalVectors(_ count: Int, of model: Model, seed: UInt64) -> Tensor {
    var generator = SplitMix64(seed: seed)
    let d = model.dimensions.hidden
    return Tensor(shape: [count, d], (0..<count * d).map { _ in Float(generator.normal()) })
  }

  /// Rows of wOut of all blocks, by block and row: [n, d].
  package static func values(_ count: Int, of model: Model, seed: UInt64) -> Tensor {
    var generator = SplitMix64(seed: seed)
    let (d, dFF) = (model.dimensions.hidden, model.dimensions.feedForward)
    let chosen = generator.sample(count, of: dFF * model.dimensions.layers)
    let rows = FloatBuffer(uninitializedCount: chosen.count * d)
    var index = 0
    for layer in 0..<model.dimensions.layers {
      let values = model.parameterVectors(.feedForwardValue, layer: layer)
      while index < chosen.count, chosen[index] < (layer + 1) * dFF {
        (rows.pointer + index * d).update(from: values.pointer + (chosen[index] - layer * dFF) * d, count: d)
        index += 1
      }
    }
    return Tensor(shape: [chosen.count, d], rows)
  }

  /// Outputs of blocks (GPT-2: before ln_f) at all positions, by position and block: [n, d].
  /// - Parameters:
  ///   - batches: every text once, in order.
  ///   - tokens: their total number of tokens.
  /// - Throws: `TransformerError`.
  package static func states(
    _ count: Int, of model: Model, over batches: some Sequence<[[Int32]]>, tokens: Int, seed: UInt64,
    workspace: Workspace
  ) throws -> Tensor {
    let (L, d) = (model.dimensions.layers, model.dimensions.hidden)
    var generator = SplitMix64(seed: seed)
    let chosen = generator.sample(count, of: tokens * L)
    let place = Dictionary(uniqueKeysWithValues: chosen.enumerated().map { ($1, $0) })
    let positions = SampledPositions(at: Set(chosen.map { $0 / L }).sorted())
    let rows = FloatBuffer(count: chosen.count * d)
    try positions.visit([.residPost], of: model, over: batches, workspace: workspace) { observation, row, index in
      guard let target = place[positions.positions[index] * L + observation.layer] else { return }
      (rows.pointer + target * d).update(from: row, count: d)
    }
    return Tensor(shape: [chosen.count, d], rows)
  }
}
