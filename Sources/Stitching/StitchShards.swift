import Files
import Foundation

/// The parts of a split experiment, merged to the results of one run.
package struct StitchShards: Sendable {
  /// That of the whole run.
  package let stamp: JSON
  package let records: [StitchRecord]
  package let facts: [StitchPoint: MapFacts]

  /// - Parameter folders: of all parts, in any order.
  /// - Throws: `StitchingError.notTheShards`, `.unfinishedShard`; `FileError`.
  package init(_ folders: [String]) throws {
    var stamp: JSON?
    var places: [Int: String] = [:]
    var count = 0
    for folder in folders {
      let file = try JSONNode.read(folder + "/run.json")
      guard try file["command"].string() == "experiment-stitch" else {
        throw file["command"].wrong("experiment-stitch, a run that can be split")
      }
      guard file["shard"].isPresent else {
        throw StitchingError.notTheShards(reason: "\(folder) is a whole run already")
      }
      guard !Self.isUnfinished(folder) else { throw StitchingError.unfinishedShard(path: folder) }
      let shard = try file["shard"].array().map { try $0.int() }
      guard shard.count == 2 else { throw file["shard"].wrong("part and count") }
      let whole = JSON.object(
        try file.members().map { $0.key == "shard" ? JSON.Member("shard", .null) : $0 })
      if let stamp, stamp != whole {
        throw StitchingError.notTheShards(reason: "\(folder) is of another experiment than \(folders[0])")
      }
      guard count == 0 || count == shard[1] else {
        throw StitchingError.notTheShards(
          reason: "\(folder) is one of \(shard[1]) parts, \(folders[0]) one of \(count)")
      }
      stamp = whole
      count = shard[1]
      if let other = places.updateValue(folder, forKey: shard[0]) {
        throw StitchingError.notTheShards(reason: "\(other) and \(folder) are both part \(shard[0]) of \(shard[1])")
      }
    }
    guard let stamp else { throw StitchingError.notTheShards(reason: "expected the folder of a part, found none") }
    if let missing = (1...max(1, count)).first(where: { places[$0] == nil }) {
      throw StitchingError.notTheShards(reason: "part \(missing) of \(count) is missing")
    }
    let directories = places.sorted { $0.key < $1.key }.map(\.value)
    self.stamp = stamp
    records = try directories.flatMap { try StitchRecord.read(run: $0) }
    facts = try directories.reduce(into: [:]) { all, folder in
      all.merge(try MapFacts.read(run: folder)) { first, _ in first }
    }
  }

  /// Whether the run in a folder has not written its results.
  package static func isUnfinished(_ directory: String) -> Bool {
    FileManager.default.fileExists(atPath: directory + "/journal")
      || !FileManager.default.fileExists(atPath: directory + "/results.json")
  }
}
