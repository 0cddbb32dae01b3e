import Evaluation
import Files
import Foundation

/// The lens over some texts of a corpus: one batch of a run's journal, and one part of the jackknife.
package struct LensCorpusPart: Sendable, Equatable {
  /// The most parts of a corpus.
  package static let mostParts = 32

  package let texts: [LensTextSums]
  /// Sums of the distributions over all positions, [levels][V].
  package let distributions: [[Float]]

  package init(texts: [LensTextSums], distributions: [[Float]]) {
    self.texts = texts
    self.distributions = distributions
  }

  /// Assigns batches to parts in turn, so that parts are alike although consecutive texts may be.
  /// - Returns: the batches of each part, ascending.
  package static func plan(batches: Int) -> [[Int]] {
    let count = min(batches, mostParts)
    return (0..<count).map { Array(stride(from: $0, to: batches, by: count)) }
  }

  /// Reads what was encoded.
  /// - Throws: `FileError`.
  package init(_ object: JSONNode) throws {
    texts = try object["texts"].array().map { try LensTextSums($0) }
    distributions = try object["distributions"].array().map { row in
      guard let data = Data(base64Encoded: try row.string()), data.count % 4 == 0 else {
        throw row.wrong("Float32 numbers in base64")
      }
      return data.withUnsafeBytes { bytes in
        (0..<bytes.count / 4).map { place in
          let bits = bytes.loadUnaligned(fromByteOffset: place * 4, as: UInt32.self)
          return Float(bitPattern: UInt32(littleEndian: bits))
        }
      }
    }
  }
}

extension LensCorpusPart: RunRecord {
  /// `distributions`, each as the base64 of its little-endian Float32 numbers, and `texts`.
  package func encode(to encoder: any Encoder) throws {
    let rows = distributions.map { row in
      row.map(\.bitPattern.littleEndian).withUnsafeBytes { Data($0) }.base64EncodedString()
    }
    try encoder.encode(["distributions": rows, "texts": texts])
  }
}
