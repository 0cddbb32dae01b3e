import Evaluation
import Files

/// A line of a sweep's `predictions.jsonl`: one review in one cell.
package struct StitchRecord: Sendable {
  package let cell: StitchCell
  package let prediction: Prediction

  package init(cell: StitchCell, prediction: Prediction) {
    self.cell = cell
    self.prediction = prediction
  }

  /// Reads the object that `json` makes. Throws `FileError`.
  package init(_ node: JSONNode) throws {
    prediction = try Prediction(node)
    cell = try StitchCell(node)
  }

  package var json: JSON { .object(prediction.members + cell.members) }

  /// By id (bytes), kept, transplanted, map, draw: the order of the file.
  package static func precedes(_ left: StitchRecord, _ right: StitchRecord) -> Bool {
    let (a, b) = (left.prediction.id.utf8, right.prediction.id.utf8)
    return a.elementsEqual(b) ? left.cell < right.cell : a.lexicographicallyPrecedes(b)
  }
}

extension StitchCell {
  /// Reads what `members` writes. Throws `FileError`.
  package init(_ node: JSONNode) throws {
    self.init(
      kept: try node["kept"].int(), transplanted: try node["transplanted"].int(), map: try node["map"].string(),
      draw: try node["draw"].int())
  }

  /// `draw`, `kept`, `map`, `transplanted`.
  package var members: [JSON.Member] {
    [
      JSON.Member("draw", .integer(draw)), JSON.Member("kept", .integer(kept)), JSON.Member("map", .string(map)),
      JSON.Member("transplanted", .integer(transplanted)),
    ]
  }
}

extension StitchRecord {
  /// The records of a sweep's folder, in the order of `predictions.jsonl`.
  /// - Throws: `FileError` that names the file and line.
  package static func read(run directory: String) throws -> [StitchRecord] {
    try readJSONLines(directory + "/predictions.jsonl") { try StitchRecord($0) }
  }
}
