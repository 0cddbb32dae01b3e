import DenseMath
import Foundation
import Transformer

/// The logit lens: every level of the residual stream through the model's own head over the vocabulary (nostalgebraist,
/// "interpreting GPT: the logit lens", 2020; Belrose et al., "Eliciting Latent Predictions", 2023, for the statistics).
///
/// GPT-2's states pass ln_f once, with their own statistics; BERT's the whole masked-LM head. The last level is the
/// model's own output, the same numbers through the same type. Scores are made for a few places of the text at a time and
/// folded at once: what is kept grows with the text and k, never with the text times the vocabulary.
public struct Lens<Subject: Runnable> {
  /// Rows of scores made at a time; [rows, V] numbers are all that is held of them.
  private static var rowsAtATime: Int { 256 }

  public let model: Subject
  public let unembedding: Unembedding
  public let levels: [LensLevel]

  /// - Parameters:
  ///   - unembedding: reads the states; nil takes the model's own.
  /// - Throws: `TransformerError.missingHead`, `InterpretabilityError.differentWidth`.
  public init(_ model: Subject, unembedding: Unembedding? = nil, extent: LensLevel.Extent = []) throws {
    let unembedding = try unembedding ?? model.requireUnembedding()
    for (layer, dimensions) in model.blockDimensions.enumerated() where dimensions.hidden != unembedding.matrix.columns
    {
      throw InterpretabilityError.differentWidth(
        model: model.name, layer: layer, width: dimensions.hidden, expected: unembedding.matrix.columns)
    }
    self.model = model
    self.unembedding = unembedding
    levels = LensLevel.all(layers: model.blockDimensions.count, extent: extent)
  }

  /// Reads one text and hands over the readings place by place.
  /// - Parameters:
  ///   - positions: the places to read, in the order in which they come back; nil reads all.
  ///   - following: the tokens to look for at a place, such as the one that comes next.
  ///   - receive: gets a position and its readings, one a level, in the order of `levels`.
  /// - Throws: `TransformerError` for a text the model cannot take, `InterpretabilityError` for a place or token that
  ///   is not there, and what `receive` throws.
  public func read(
    _ ids: [Int32], tokenTypes: [Int32]? = nil, positions: [Int]? = nil, top: Int,
    following: (_ position: Int) -> [Int32] = { _ in [] }, workspace: Workspace,
    receive: (_ position: Int, _ readings: [LensReading]) throws -> Void
  ) throws {
    let positions = positions ?? Array(ids.indices)
    for position in positions where !ids.indices.contains(position) {
      throw InterpretabilityError.noSuchPosition(position, tokens: ids.count)
    }
    let followed = positions.map(following)
    for id in followed.joined() where id < 0 || Int(id) >= unembedding.vocabulary {
      throw InterpretabilityError.noSuchToken(Int(id), vocabulary: unembedding.vocabulary)
    }
    let states = LensStates(levels)
    _ = try model.forward(
      try PackedBatch([ids], tokenTypes: tokenTypes.map { [$0] }), workspace: workspace, observer: states)

    let V = unembedding.vocabulary
    let width = unembedding.matrix.columns
    let placesAtATime = max(1, Self.rowsAtATime / levels.count)
    let scores = FloatBuffer(uninitializedCount: min(placesAtATime, positions.count) * levels.count * V)
    let rows = FloatBuffer(count: min(placesAtATime, positions.count) * levels.count * width)
    let finals = FloatBuffer(uninitializedCount: workspace.threads.count * V)
    for start in stride(from: 0, to: positions.count, by: placesAtATime) {
      let chunk = start..<min(start + placesAtATime, positions.count)
      for (place, index) in chunk.enumerated() {
        for level in levels.indices {
          (rows.pointer + (place * levels.count + level) * width)
            .update(from: states.row(positions[index], of: level), count: width)
        }
      }
      unembedding.apply(
        rows.pointer, rows: chunk.count * levels.count, into: scores.pointer, workspace: workspace)  // [places, levels, V]
      var readings = [[LensReading]](repeating: [], count: chunk.count)
      readings.withUnsafeMutableBufferPointer { readings in
        // Each place is a task of its own and writes its own element.
        nonisolated(unsafe) let readings = readings
        workspace.threads.run(chunk.count) { place, worker in
          readings[place] = fold(
            scores.pointer + place * levels.count * V, top: top, following: followed[chunk.lowerBound + place],
            finalExponents: finals.pointer + worker * V)
        }
      }
      for (place, index) in chunk.enumerated() { try receive(positions[index], readings[place]) }
    }
  }

  /// The readings of one place from its scores, [levels, V].
  /// - Parameter finalExponents: [V], scratch.
  private func fold(
    _ scores: UnsafePointer<Float>, top: Int, following: [Int32], finalExponents: UnsafeMutablePointer<Float>
  ) -> [LensReading] {
    let V = unembedding.vocabulary
    let last = ScoreRow(scores + (levels.count - 1) * V, count: V)
    let finalSums = VectorMath.softmaxSums(last.pointer, most: last.most, exponents: finalExponents, count: V)
    // Σ p_final (x_final - most) - log Σ: the negative entropy of the last level.
    let finalOwn = finalSums.own / finalSums.total - log(finalSums.total)
    return levels.indices.map { level in
      let row = ScoreRow(scores + level * V, count: V)
      let sums = VectorMath.softmaxSums(row.pointer, most: row.most, weights: finalExponents, count: V)
      let logTotal = log(sums.total)
      func logProbability(_ id: Int) -> Double { Double(row.pointer[id]) - Double(row.most) - logTotal }
      var best = TopK(top)
      best.offer(row.pointer, count: V, firstID: 0)
      let isLast = level == levels.count - 1
      return LensReading(
        top: best.sorted().map { .init(id: Int32($0.id), logProbability: logProbability($0.id)) },
        entropy: logTotal - sums.own / sums.total,
        divergence: isLast ? 0 : finalOwn - (sums.weighted / finalSums.total - logTotal),
        rankOfFinal: row.rank(of: last.mostID),
        followed: following.map {
          .init(id: $0, logProbability: logProbability(Int($0)), rank: row.rank(of: Int($0)))
        })
    }
  }
}

/// The scores of the vocabulary at one level of one place.
private struct ScoreRow {
  let pointer: UnsafePointer<Float>
  let count: Int
  let mostID: Int
  var most: Float { pointer[mostID] }

  init(_ pointer: UnsafePointer<Float>, count: Int) {
    self.pointer = pointer
    self.count = count
    mostID = VectorMath.argmax(pointer, count: count) ?? 0
  }

  /// 1 and how many items come before `id`: those with a higher score, and those with the same and a lower id.
  func rank(of id: Int) -> Int {
    let score = pointer[id]
    return 1 + VectorMath.countAtLeast(score, in: pointer, count: id)
      + VectorMath.countAtLeast(score.nextUp, in: pointer + id + 1, count: count - id - 1)
  }
}

/// Keeps the states of the levels, one text's [T, d] each.
private final class LensStates: Observer {
  private let places: [LensLevel.Place: Int]
  private var states: [HiddenState?]

  init(_ levels: [LensLevel]) {
    places = Dictionary(uniqueKeysWithValues: levels.enumerated().map { ($1.place, $0) })
    states = Array(repeating: nil, count: levels.count)
  }

  func wants(_ site: Site, layer: Int) -> Bool { places[.init(layer: layer, site: site)] != nil }

  func observe(_ observation: Observation) {
    guard let level = places[.init(layer: observation.layer, site: observation.site)] else { return }
    states[level] = HiddenState(
      copying: observation.pointer, tokens: observation.rows, width: observation.columns)
  }

  /// [d]
  func row(_ position: Int, of level: Int) -> UnsafePointer<Float> {
    guard let state = states[level] else { preconditionFailure("the forward pass announces every level") }
    return UnsafePointer(state.pointer + position * state.width)
  }
}
