import DenseMath
import Foundation
import Transformer

/// A place in the model whose states are read: hidden state 0, or a site of a block.
struct LensLevel: Equatable {
  /// -1 for hidden state 0.
  let layer: Int
  let site: Site

  /// "embed", "L3" (after block 3), "L3.mid", "L3.attn", "L3.mlp"
  var name: String {
    switch site {
    case .residPre: return "embed"
    case .residMid: return "L\(layer).mid"
    case .attnOut: return "L\(layer).attn"
    case .mlpOut: return "L\(layer).mlp"
    default: return "L\(layer)"
    }
  }

  /// Upwards, in the order the forward pass makes them.
  static func all(blocks: Int, sublayers: Bool, updates: Bool) -> [LensLevel] {
    let sites: [Site] = [.attnOut, .residMid, .mlpOut, .residPost].filter { site in
      site == .residPost || (site == .residMid ? sublayers : updates)
    }
    let embedding = LensLevel(layer: -1, site: .residPre)
    return [embedding] + (0..<blocks).flatMap { layer in sites.map { LensLevel(layer: layer, site: $0) } }
  }
}

/// What one level says at one place. Logarithms are natural.
struct LensCell {
  /// A token that is followed: its log-probability and how many items score higher (0 is the best).
  struct Followed {
    let logit: Double
    let logProbability: Double
    let rank: Int
  }

  let top: [TokenScores.Item]
  let entropy: Double
  /// KL(final ‖ this level)
  let klToFinal: Double
  /// Of the true token; nil where it is unknown.
  let truth: Followed?
  /// The rank that the final answer has here.
  let finalRank: Int
  let target: Followed?
  let versus: Followed?

  var agrees: Bool { finalRank == 0 }
}

/// Reads states level by level. States of the chosen rows are kept ([levels, rows, d]); scores exist for a few rows at
/// a time, never for a text.
struct LensReader {
  let model: any Runnable
  let heads: LensHeads
  let levels: [LensLevel]
  let top: Int
  var target: Int32?
  var versus: Int32?
  let workspace: Workspace

  /// - Parameters:
  ///   - rows: rows of the batch, in order.
  ///   - truth: the true token of each row; nil where it is unknown.
  /// - Returns: [levels][rows]
  func read(_ batch: PackedBatch, rows: [Int], truth: [Int32?]) throws -> [[LensCell]] {
    let collector = StateCollector(levels: levels, rows: rows)
    _ = try model.forward(batch, workspace: workspace, observer: collector)
    var result = [[LensCell]](repeating: [], count: levels.count)
    let vocabulary = heads.final.vocabulary
    let size = 32
    let (final, scores) = (FloatBuffer(count: size * vocabulary), FloatBuffer(count: size * vocabulary))
    for start in stride(from: 0, to: rows.count, by: size) {
      let block = start..<min(start + size, rows.count)
      try score(levels.count - 1, block, collector, into: final)
      for level in levels.indices {
        try score(level, block, collector, into: scores)
        var cells = [LensCell?](repeating: nil, count: block.count)
        cells.withUnsafeMutableBufferPointer { out in
          // Each task writes one element of its own.
          nonisolated(unsafe) let (out, final, scores) = (out, final, scores)
          workspace.threads.run(block.count) { row, _ in
            out[row] = cell(
              UnsafeBufferPointer(start: scores.pointer + row * vocabulary, count: vocabulary),
              final: UnsafeBufferPointer(start: final.pointer + row * vocabulary, count: vocabulary),
              truth: truth[block.lowerBound + row])
          }
        }
        result[level] += cells.compactMap { $0 }
      }
    }
    return result
  }

  private func score(_ level: Int, _ block: Range<Int>, _ states: StateCollector, into scores: FloatBuffer) throws {
    let head = heads.head(layer: max(0, levels[level].layer))
    let width = head.matrix.columns
    states.values[level].withUnsafeBufferPointer { values in
      guard let base = values.baseAddress else { return }
      head.apply(base + block.lowerBound * width, rows: block.count, into: scores.pointer, workspace: workspace)
    }
  }

  private func cell(
    _ scores: UnsafeBufferPointer<Float>, final: UnsafeBufferPointer<Float>, truth: Int32?
  ) -> LensCell {
    let (sum, finalSum) = (Self.logSumExp(scores), Self.logSumExp(final))
    var (entropy, divergence, best) = (0.0, 0.0, 0)
    for id in scores.indices {
      let (here, there) = (Double(scores[id]) - sum, Double(final[id]) - finalSum)
      entropy -= exp(here) * here
      divergence += exp(there) * (there - here)
      if final[id] > final[best] { best = id }
    }
    func follow(_ id: Int32?) -> LensCell.Followed? {
      guard let id else { return nil }
      let logit = Double(scores[Int(id)])
      return LensCell.Followed(logit: logit, logProbability: logit - sum, rank: Self.rank(of: Int(id), scores))
    }
    return LensCell(
      top: TokenScores(logits: Array(scores)).top(top), entropy: entropy, klToFinal: max(0, divergence),
      truth: follow(truth),
      finalRank: Self.rank(of: best, scores), target: follow(target), versus: follow(versus))
  }

  private static func logSumExp(_ scores: UnsafeBufferPointer<Float>) -> Double {
    let highest = Double(scores.max() ?? 0)
    return highest + log(scores.reduce(0) { $0 + exp(Double($1) - highest) })
  }

  /// Items that score higher, or equal with a lower id.
  private static func rank(of id: Int, _ scores: UnsafeBufferPointer<Float>) -> Int {
    let score = scores[id]
    return scores.indices.count { scores[$0] > score || (scores[$0] == score && $0 < id) }
  }
}

/// Keeps the chosen rows of the chosen levels.
private final class StateCollector: Observer {
  private let levels: [LensLevel]
  private let rows: [Int]
  /// [levels][rows d]
  private(set) var values: [[Float]]

  init(levels: [LensLevel], rows: [Int]) {
    self.levels = levels
    self.rows = rows
    values = Array(repeating: [], count: levels.count)
  }

  func wants(_ site: Site, layer: Int) -> Bool { index(site, layer) != nil }

  func observe(_ observation: Observation) {
    guard let index = index(observation.site, observation.layer) else { return }
    var kept: [Float] = []
    kept.reserveCapacity(rows.count * observation.columns)
    for row in rows {
      kept += UnsafeBufferPointer(start: observation.pointer + row * observation.stride, count: observation.columns)
    }
    values[index] = kept
  }

  private func index(_ site: Site, _ layer: Int) -> Int? {
    if site == .residPre { return layer == 0 ? 0 : nil }
    return levels.firstIndex { $0.site == site && $0.layer == layer }
  }
}
