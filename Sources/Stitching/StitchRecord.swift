import Evaluation
import Files

/// A line of `predictions.jsonl`: one review at one point.
package struct StitchRecord: Encodable, Sendable {
  package let point: StitchPoint
  package let prediction: Prediction

  package init(point: StitchPoint, prediction: Prediction) {
    self.point = point
    self.prediction = prediction
  }

  /// Reads what was encoded, or `inPair` where a seam is given.
  /// - Throws: `FileError`.
  package init(_ node: JSONNode, seam: String? = nil) throws {
    prediction = try Prediction(node)
    point = try StitchPoint(node, seam: seam)
  }

  package func encode(to encoder: any Encoder) throws {
    try prediction.encode(to: encoder)
    try point.encode(to: encoder)
  }

  /// Without the pair and the seam, of a run that has one of each.
  package var inPair: JSONMembers { point.membersInPair + prediction }

  /// The records of a run's folder, in the order of `predictions.jsonl`.
  /// - Parameter seam: as for `init`.
  /// - Throws: `FileError` that names the file and line.
  package static func read(run directory: String, seam: String? = nil) throws -> [StitchRecord] {
    try readJSONLines(directory + "/predictions.jsonl") { try StitchRecord($0, seam: seam) }
  }

  /// By pair, seam in this order, id (bytes), then in the order of points: the order of the file.
  package static func sorted(_ records: [StitchRecord], seams: [String]) -> [StitchRecord] {
    func place(_ record: StitchRecord) -> Int { seams.firstIndex(of: record.point.seam) ?? seams.count }
    return records.map { (place($0), $0) }.sorted { left, right in
      let ((placeA, a), (placeB, b)) = (left, right)
      if a.point.pair != b.point.pair { return a.point.pair < b.point.pair }
      if placeA != placeB { return placeA < placeB }
      let (first, second) = (a.prediction.id.utf8, b.prediction.id.utf8)
      return first.elementsEqual(second)
        ? StitchPoint.precedes(a.point, b.point) : first.lexicographicallyPrecedes(second)
    }.map(\.1)
  }
}
