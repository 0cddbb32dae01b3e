import DenseMath
import Foundation
import Transformer

/// The logit lens: every level of the residual stream through a head over the vocabulary (nostalgebraist, "interpreting
/// GPT: the logit lens", 2020; the statistics are those of Belrose et al., "Eliciting Latent Predictions from
/// Transformers with the Tuned Lens", 2023).
///
/// GPT-2's states pass ln_f, with their own statistics; BERT's the whole masked-LM head. The last level is the model's
/// own output: the same numbers through the same type. Scores are computed for a few positions at a time and reduced at
/// once, so that memory grows with the text and with k, never with the text times the vocabulary.
public struct LogitLens: Sendable {
  /// Rows of scores computed at a time, which bounds the memory for scores.
  private static let rowsAtATime = 256

  /// The model whose states are read.
  public let model: any TransformerModel
  /// One per segment of the model: one for a checkpoint, two for a stitched model.
  public let heads: [Unembedding]
  /// Upwards; the last is the model's own output.
  public let levels: [LensLevel]
  private let tuned: TunedLens?
  /// The range of each head's levels.
  private let spans: [Range<Int>]

  /// - Parameters:
  ///   - heads: one for the states of each segment of `model`.
  ///   - levels: as computed by `LensLevel.all`.
  ///   - tuned: the translators of the tuned levels, which only a model of one segment can have.
  /// - Throws: `InterpretabilityError` when a head does not fit the states of its segment, the heads do not share a
  ///   vocabulary, or the translators are for other states or another head.
  public init(_ model: any TransformerModel, heads: [Unembedding], levels: [LensLevel], tuned: TunedLens? = nil) throws
  {
    let starts = model.segmentStarts
    precondition(tuned != nil || !levels.contains(where: \.isTuned), "tuned levels without translators")
    try tuned?.check(against: model, heads: heads)
    precondition(heads.count == starts.count, "\(heads.count) heads for \(starts.count) segments")
    for (layer, dimensions) in model.blockDimensions.enumerated() {
      let head = heads[starts.lastIndex { $0 <= layer } ?? 0]
      guard head.matrix.columns == dimensions.hidden, head.vocabulary == heads[0].vocabulary else {
        throw InterpretabilityError.headDoesNotFit(
          model: model.name, layer: layer, expected: [heads[0].vocabulary, dimensions.hidden],
          found: [head.vocabulary, head.matrix.columns])
      }
    }
    self.model = model
    self.heads = heads
    self.levels = levels
    self.tuned = tuned
    spans = starts.indices.map { segment in
      let inside = levels.indices.filter { level in
        (starts.lastIndex { $0 <= max(0, levels[level].layer) } ?? 0) == segment
      }
      return (inside.first ?? 0)..<(inside.last ?? -1) + 1
    }
  }

  /// The lens through the model's own heads: each part of a stitched model is read by its own.
  /// - Parameters:
  ///   - sublayers: whether also between attention and feed-forward of each block.
  ///   - updates: whether also the outputs of attention and feed-forward, alone.
  ///   - tuned: a tuned lens to read in addition to the plain one.
  /// - Throws: `TransformerError.missingHead`; as above.
  public init(
    _ model: any TransformerModel, sublayers: Bool = false, updates: Bool = false, tuned: TunedLens? = nil
  ) throws {
    let parts = model.segments.suffix(model.segmentStarts.count)
    try self.init(
      model, heads: parts.map { try $0.model.requireUnembedding() },
      levels: LensLevel.all(
        blocks: model.blockDimensions.count, sublayers: sublayers, updates: updates, tuned: tuned != nil),
      tuned: tuned)
  }

  /// Reads rows of a batch and passes on the cells row by row.
  /// - Parameters:
  ///   - rows: rows of the batch, in the order of the results.
  ///   - top: how many items a cell lists.
  /// - interventions: changes during the pass. - following: the tokens to follow at the row of that index, such as the
  /// next one; nil for an empty entry. - distributions: gets every level's distribution at every row. - receive: gets
  /// the index of the row in `rows` and its cells, one per level. - Throws: `TransformerError` for a batch that the
  /// model does not support, `InterpretabilityError` for a row or token that does not exist, and what `receive` throws.
  package func read(
    _ batch: PackedBatch, rows: [Int], top: Int, following: (_ index: Int) -> [Int32?] = { _ in [] },
    interventions: [Intervention] = [], distributions: LensDistributions? = nil, workspace: Workspace,
    receive: (_ index: Int, _ cells: [LensCell]) throws -> Void
  ) throws {
    let V = heads[0].vocabulary
    for row in rows where row < 0 || row >= batch.tokens {
      throw InterpretabilityError.noSuchRow(row, tokens: batch.tokens)
    }
    let followed = rows.indices.map(following)
    for id in followed.joined() {
      guard let id, id < 0 || Int(id) >= V else { continue }
      throw InterpretabilityError.noSuchToken(Int(id), vocabulary: V)
    }
    guard !rows.isEmpty else { return }
    let states = try LensStates(
      levels: levels, rows: rows, of: batch, model, interventions: interventions, workspace: workspace)

    let most = min(max(1, Self.rowsAtATime / levels.count), rows.count)
    let widest = heads.reduce(0) { max($0, $1.matrix.columns) }
    let input = FloatBuffer(count: most * levels.count * widest)
    let scores = FloatBuffer(uninitializedCount: most * levels.count * V)
    let finals = FloatBuffer(uninitializedCount: workspace.threads.count * V)
    for start in stride(from: 0, to: rows.count, by: most) {
      let chunk = start..<min(start + most, rows.count)
      for (head, span) in zip(heads, spans) {
        let width = head.matrix.columns
        for (place, level) in span.enumerated() {
          let target = input.pointer + place * chunk.count * width
          guard levels[level].isTuned, let tuned else {
            states.copy(chunk, of: levels[level], into: target)
            continue
          }
          let state = states[levels[level]]
          tuned.translators[levels[level].layer + 1].apply(
            state.pointer + chunk.lowerBound * width, rows: chunk.count, into: target, threads: workspace.threads)
        }
        head.apply(
          input.pointer, rows: span.count * chunk.count,
          into: scores.pointer + span.lowerBound * chunk.count * V, workspace: workspace)  // [levels, rows, V]
      }
      var cells = [[LensCell]](repeating: [], count: chunk.count)
      cells.withUnsafeMutableBufferPointer { out in
        // Each task writes its own element.
        nonisolated(unsafe) let out = out
        workspace.threads.run(chunk.count) { row, worker in
          out[row] = fold(
            levels.indices.map { ScoreRow(scores.pointer + ($0 * chunk.count + row) * V, count: V) }, top: top,
            following: followed[chunk.lowerBound + row], finalExponents: finals.pointer + worker * V)
          guard distributions != nil else { return }
          for level in levels.indices {
            VectorMath.softmax(scores.pointer + (level * chunk.count + row) * V, scale: 1, count: V)
          }
        }
      }
      distributions?.add(scores.pointer, rows: chunk.count, threads: workspace.threads)
      for (row, index) in chunk.enumerated() { try receive(index, cells[row]) }
    }
  }

  /// The cells of one row from the scores of its levels.
  /// - Parameter finalExponents: [V], scratch.
  private func fold(
    _ levels: [ScoreRow], top: Int, following: [Int32?], finalExponents: UnsafeMutablePointer<Float>
  ) -> [LensCell] {
    guard let last = levels.last else { return [] }
    let final = last.sums(exponents: finalExponents)
    let finalEntropy = log(final.total) - final.own / final.total
    return levels.enumerated().map { index, row in
      let sums = row.sums(weights: finalExponents)
      let logTotal = log(sums.total)
      func logProbability(_ id: Int) -> Double { Double(row[id]) - Double(row.most) - logTotal }
      return LensCell(
        top: TopK.highest(top, of: row.pointer, count: row.count).map {
          .init(id: Int32($0.id), logit: $0.score, probability: exp(logProbability($0.id)))
        },
        entropy: logTotal - sums.own / sums.total,
        klToFinal: index == levels.count - 1
          ? 0 : max(0, logTotal - sums.weighted / final.total - finalEntropy),
        finalRank: row.rank(of: last.mostID),
        followed: following.map { id in
          id.map {
            .init(logit: Double(row[Int($0)]), logProbability: logProbability(Int($0)), rank: row.rank(of: Int($0)))
          }
        })
    }
  }
}

/// The scores of the vocabulary at one level of one row.
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

  subscript(id: Int) -> Float { pointer[id] }

  func sums(
    weights: UnsafePointer<Float>? = nil, exponents: UnsafeMutablePointer<Float>? = nil
  ) -> VectorMath.SoftmaxSums {
    VectorMath.softmaxSums(pointer, most: most, weights: weights, exponents: exponents, count: count)
  }

  /// 1 plus the number of items before `id`: those with a higher score, and those with the same and a lower id.
  func rank(of id: Int) -> Int {
    let score = pointer[id]
    return 1 + VectorMath.countAtLeast(score, in: pointer, count: id)
      + VectorMath.countAtLeast(score.nextUp, in: pointer + id + 1, count: count - id - 1)
  }
}
