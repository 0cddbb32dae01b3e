import Files
import Foundation
import Transformer

/// The lens over one text: sums over the predicting positions, by level. Logarithms are natural.
package struct LensTextSums: Sendable, Equatable {
  package struct Level: Sendable, Equatable {
    package internal(set) var entropy = 0.0
    /// Of KL(final ‖ level).
    package internal(set) var klToFinal = 0.0
    /// Of the true token's cross-entropy.
    package internal(set) var loss = 0.0
    /// Positions whose most probable item is the final one.
    package internal(set) var agreeing = 0
    /// Positions where that is so here and at every block's output above.
    package internal(set) var settled = 0
  }

  package let id: String
  package let places: Int
  /// Bytes of the true tokens.
  package let bytes: Int
  package internal(set) var levels: [Level]
}

extension LogitLens {
  /// Reads the positions of a batch of texts.
  /// - Parameter distributions: gets the distributions of all of them.
  /// - Throws: what `read` throws.
  package func sums(
    of texts: [LensCorpusText], distributions: LensDistributions, workspace: Workspace
  ) throws -> [LensTextSums] {
    var results = texts.map {
      LensTextSums(
        id: $0.id, places: $0.places.count, bytes: $0.bytes,
        levels: Array(repeating: LensTextSums.Level(), count: levels.count))
    }
    let batch = try PackedBatch(texts.map(\.ids))
    let rows = zip(texts, batch.sequences).flatMap { text, rows in text.places.map { rows.lowerBound + $0 } }
    let owners = texts.enumerated().flatMap { index, text in text.places.map { _ in index } }
    let truth = texts.flatMap(\.truth)
    try read(
      batch, rows: rows, top: 0, following: { [truth[$0]] }, distributions: distributions, workspace: workspace
    ) { row, cells in
      let owner = owners[row]
      var isSettled = true
      for (index, cell) in cells.enumerated().reversed() {
        // Tuned levels end with the model's output.
        if levels[index].isTuned, !levels[index + 1].isTuned { isSettled = true }
        results[owner].levels[index].entropy += cell.entropy
        results[owner].levels[index].klToFinal += cell.klToFinal
        results[owner].levels[index].loss -= cell.followed[0]?.logProbability ?? .nan
        if levels[index].isBlockOutput { isSettled = isSettled && cell.agrees }
        guard cell.agrees else { continue }
        results[owner].levels[index].agreeing += 1
        if isSettled { results[owner].levels[index].settled += 1 }
      }
    }
    return results
  }
}

extension LensTextSums: Encodable {
  /// One list per statistic.
  package func encode(to encoder: any Encoder) throws {
    try encoder.encode([
      "id": id, "places": places, "bytes": bytes, "agreeing": levels.map(\.agreeing),
      "entropy": levels.map(\.entropy), "kl_to_final": levels.map(\.klToFinal), "loss": levels.map(\.loss),
      "settled": levels.map(\.settled),
    ])
  }

  /// Reads what was encoded; null is NaN.
  /// - Throws: `FileError` that names what is missing or of the wrong type.
  package init(_ object: JSONNode) throws {
    func numbers(_ key: String) throws -> [Double] {
      try object[key].array().map { $0.isPresent ? try $0.double() : .nan }
    }
    let (entropy, kl, loss) = (try numbers("entropy"), try numbers("kl_to_final"), try numbers("loss"))
    let agreeing = try object["agreeing"].array().map { try $0.int() }
    let settled = try object["settled"].array().map { try $0.int() }
    guard [kl.count, loss.count, agreeing.count, settled.count].allSatisfy({ $0 == entropy.count }) else {
      throw object["settled"].wrong("a number a level in every list")
    }
    self.init(
      id: try object["id"].string(), places: try object["places"].int(), bytes: try object["bytes"].int(),
      levels: entropy.indices.map {
        Level(
          entropy: entropy[$0], klToFinal: kl[$0], loss: loss[$0], agreeing: agreeing[$0], settled: settled[$0])
      })
  }
}
