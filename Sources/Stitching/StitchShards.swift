import Files

/// The parts of a split experiment, merged to the results of one run.
package struct StitchShards: Sendable {
  /// That of the whole run. Where parts are from several kinds of processor, `processors` has one for each part.
  package let stamp: JSON
  package let records: [StitchRecord]
  package let facts: [StitchPoint: MapFacts]

  /// - Parameter folders: of all parts, in any order.
  /// - Throws: `StitchingError.notTheShards`, `.unfinishedShard`; `FileError`.
  package init(_ folders: [String]) throws {
    let parts = try folders.map { try StitchPart($0) }
    if let problem = Self.problems(of: parts).first { throw problem }
    let ordered = parts.sorted { ($0.shard?.index ?? 0) < ($1.shard?.index ?? 0) }
    let processors = ordered.map { $0.processor ?? "unknown" }
    let kinds = Set(processors).count == 1 ? Array(processors.prefix(1)) : processors
    stamp = ordered[0].whole.replacing("processors", with: .array(kinds.map { .string($0) }))
    records = try ordered.flatMap { try StitchRecord.read(run: $0.folder) }
    facts = try ordered.reduce(into: [:]) { all, part in
      all.merge(try MapFacts.read(run: part.folder)) { first, _ in first }
    }
  }

  /// What keeps parts from being merged, in the order of the folders; `notTheShards` and `unfinishedShard` alone.
  static func problems(of parts: [StitchPart]) -> [StitchingError] {
    var problems: [StitchingError] = []
    var first: (part: StitchPart, count: Int)?
    var places: [Int: String] = [:]
    for part in parts {
      guard let shard = part.shard else {
        problems.append(.notTheShards(reason: "\(part.folder) is a whole run already"))
        continue
      }
      if !part.isFinished { problems.append(.unfinishedShard(path: part.folder)) }
      let reference = first ?? (part, shard.count)
      first = reference
      if part.whole != reference.part.whole {
        problems.append(
          .notTheShards(reason: "\(part.folder) is of another experiment than \(reference.part.folder)"))
      } else if shard.count != reference.count {
        problems.append(
          .notTheShards(
            reason: "\(part.folder) is one of \(shard.count) parts, \(reference.part.folder) one of \(reference.count)")
        )
      } else if let other = places.updateValue(part.folder, forKey: shard.index) {
        problems.append(
          .notTheShards(reason: "\(other) and \(part.folder) are both part \(shard.index) of \(shard.count)"))
      }
    }
    guard let first else {
      return problems + [.notTheShards(reason: "expected the folder of a part, found none")]
    }
    let missing = (1...first.count).filter { places[$0] == nil }
    guard !missing.isEmpty else { return problems }
    let (list, one) = (StitchStatus.ranges(missing), missing.count == 1)
    return problems + [
      .notTheShards(reason: "\(one ? "part" : "parts") \(list) of \(first.count) \(one ? "is" : "are") missing")
    ]
  }
}
