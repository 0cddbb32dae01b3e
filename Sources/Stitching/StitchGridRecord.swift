import Evaluation
import Files

/// A line of an experiment's `predictions.jsonl`: one review at one point.
package struct StitchGridRecord: Sendable {
  package let pair: Int
  package let seam: String
  package let record: StitchRecord

  package init(pair: Int, seam: String, record: StitchRecord) {
    self.pair = pair
    self.seam = seam
    self.record = record
  }

  /// Reads the object that `json` makes. Throws `FileError`.
  package init(_ node: JSONNode) throws {
    pair = try node["pair"].int()
    seam = try node["seam"].string()
    record = try StitchRecord(node)
  }

  package var point: StitchGrid.Point { .init(pair: pair, seam: seam, cell: record.cell) }

  /// `pair`, `seam`, and the members of a sweep's record.
  package var json: JSON {
    .object(
      [JSON.Member("pair", .integer(pair)), JSON.Member("seam", .string(seam))] + record.prediction.members
        + record.cell.members)
  }

  /// The records of an experiment's folder, in the order of `predictions.jsonl`.
  /// - Throws: `FileError` that names the file and line.
  package static func read(run directory: String) throws -> [StitchGridRecord] {
    try readJSONLines(directory + "/predictions.jsonl") { try StitchGridRecord($0) }
  }

  /// By pair, seam in this order, then as in a sweep: the order of the file.
  package static func sorted(_ records: [StitchGridRecord], seams: [String]) -> [StitchGridRecord] {
    func place(_ record: StitchGridRecord) -> Int { seams.firstIndex(of: record.seam) ?? seams.count }
    return records.map { (place($0), $0) }.sorted { left, right in
      let ((placeA, a), (placeB, b)) = (left, right)
      if a.pair != b.pair { return a.pair < b.pair }
      if placeA != placeB { return placeA < placeB }
      return StitchRecord.precedes(a.record, b.record)
    }.map(\.1)
  }
}
