import ArgumentParser
import DenseMath
import Files
import Interpretability
import Reporting
import Transformer

extension HeadPlace {
  /// - Throws: `AddressError`.
  init(argument: String) throws {
    guard let place = HeadPlace(try Address(argument, as: .head)) else {
      throw AddressError(expected: [.head], found: argument)
    }
    self = place
  }
}

extension VectorPlace {
  /// - Throws: `AddressError`.
  init(argument: String) throws {
    guard let place = VectorPlace(try Address(argument, as: .vector)) else {
      throw AddressError(expected: [.vector], found: argument)
    }
    self = place
  }
}

extension VocabularyProjection.Inverse: ExpressibleByArgument {}

/// What `graft project` reads.
struct ProjectSubject: ParsableArguments {
  /// A head's two matrices, and a block's feed-forward keys and values.
  enum Matrix: String, CaseIterable, ExpressibleByArgument {
    case vo, qk, k, v

    var ofHead: VocabularyProjection.HeadMatrix? { VocabularyProjection.HeadMatrix(rawValue: rawValue) }
    var ofBlock: ParameterKind? { self == .k ? .feedForwardKey : self == .v ? .feedForwardValue : nil }
  }

  @Option(
    help: ArgumentHelp("A feed-forward key: what neuron 907 of block 3 reads.", valueName: "L3:907"),
    transform: VectorPlace.init(argument:))
  var ffKey: [VectorPlace] = []
  @Option(
    help: ArgumentHelp("A feed-forward value: what it writes.", valueName: "L3:907"),
    transform: VectorPlace.init(argument:))
  var ffValue: [VectorPlace] = []
  @Option(help: ArgumentHelp("A column of a head's wQ.", valueName: "L3H5:12"), transform: VectorPlace.init(argument:))
  var query: [VectorPlace] = []
  @Option(help: ArgumentHelp("A column of a head's wK.", valueName: "L3H5:12"), transform: VectorPlace.init(argument:))
  var key: [VectorPlace] = []
  @Option(help: ArgumentHelp("A column of a head's wV.", valueName: "L3H5:12"), transform: VectorPlace.init(argument:))
  var value: [VectorPlace] = []
  @Option(help: ArgumentHelp("A row of a head's wO.", valueName: "L3H5:12"), transform: VectorPlace.init(argument:))
  var output: [VectorPlace] = []

  @Option(
    help: ArgumentHelp("A head, read through its pairs of tokens.", valueName: "L3H5"),
    transform: HeadPlace.init(argument:))
  var head: HeadPlace?
  @Option(
    help: "vo: what a head reads and what it writes for it; qk: what attends to what; with --svd and --layer: k, v.")
  var matrix: Matrix = .vo
  @Flag(help: "The lowest pairs instead of the highest.")
  var lowest = false

  @Flag(help: "Singular directions instead: of the matrix of a --head, or of the keys or values of a --layer.")
  var svd = false
  @Option(help: "With --svd --matrix k or v: the block.")
  var layer: Int?
  @Option(help: "With --svd: how many directions.")
  var directions = 5

  @Option(
    help: ArgumentHelp(
      "Read the displacement from this model, which MODEL was fine-tuned from. \(CheckpointArgument.noStitchedModel)",
      valueName: "model"))
  var against: String?
  @Option(help: "With --against: how many of the most moved vectors to show.")
  var moved = 10
  @Option(help: "With --against: how many vectors of a group are scored against the lexicon.")
  var scored = 50
  @Option(help: "With --against: decides the random directions.")
  var seed: UInt64 = 42

  private var named: [(group: ParameterKind, places: [VectorPlace])] {
    [
      (.feedForwardKey, ffKey), (.feedForwardValue, ffValue), (.query, query), (.key, key), (.value, value),
      (.output, output),
    ]
  }

  /// The vectors named, in order of group.
  var vectorPlaces: [(group: ParameterKind, place: VectorPlace)] {
    named.flatMap { group, places in places.map { (group, $0) } }
  }

  var defaultTop: Int { against != nil ? 20 : svd ? 10 : head != nil ? 50 : 30 }

  func validate() throws {
    let hasVectors = !vectorPlaces.isEmpty
    guard hasVectors || head != nil || svd || against != nil else {
      throw ValidationError(
        "Give a vector (--ff-key, --ff-value, --query, --key, --value, --output), --head, --svd or --against.")
    }
    if against != nil, head != nil || svd {
      throw ValidationError("--against goes with vectors, not with --head or --svd.")
    }
    if svd {
      if matrix.ofHead != nil, head == nil {
        throw ValidationError("--svd --matrix \(matrix.rawValue) is of a --head.")
      }
      if matrix.ofBlock != nil, layer == nil {
        throw ValidationError("--svd --matrix \(matrix.rawValue) is of a --layer.")
      }
    } else if matrix.ofBlock != nil {
      throw ValidationError("--matrix \(matrix.rawValue) goes with --svd and --layer.")
    }
    for (name, number) in [("--directions", directions), ("--moved", moved), ("--scored", scored)] where number < 1 {
      throw ValidationError("\(name) must be at least 1, not \(number).")
    }
    if seed > UInt64(Int.max) { throw ValidationError("--seed must be at most \(Int.max), not \(seed).") }
  }

  /// The options as they stand in a result.
  var members: JSONMembers {
    let named = named.map { group, places in
      (group.rawValue.replacing("-", with: "_"), places.map { "\($0)" })
    }
    return [
      "against": against, "directions": directions, "head": head.map { "\($0)" },
      "layer": layer, "lowest": lowest, "matrix": matrix.rawValue, "moved": moved, "scored": scored, "svd": svd,
    ] + Dictionary(named) { $1 }
  }

  // MARK: What was asked for

  /// - Throws: `InterpretabilityError`, `LinearAlgebraError`.
  func vectors(_ reader: TokenReader) throws -> ProjectResult {
    var (objects, tables): ([JSONMembers], [Table]) = ([], [])
    for (group, place) in vectorPlaces {
      let row = try reader.projection.row(of: place, in: group)
      let ends = reader.ends(try reader.projection.vectors(group, layer: place.layer)[rows: row..<row + 1])[0]
      objects.append(["group": group.rawValue, "name": "\(place)"] + ends.members(reader.labels))
      tables.append(
        Table.lists(
          "\(reader.projection.model.name) \(group.rawValue) \(place)",
          [reader.list("highest", ends.highest), reader.list("lowest", ends.lowest)]))
    }
    return ProjectResult("vectors", objects, tables)
  }

  /// - Throws: `InterpretabilityError`, `LinearAlgebraError`.
  func pairs(of head: HeadPlace, _ reader: TokenReader, groups: [Int32]?) throws -> ProjectResult {
    guard let which = matrix.ofHead else { return ProjectResult(nil, JSON.null, [Table]()) }
    let found = try reader.projection.topPairs(
      which, of: head, count: reader.top, lowest: lowest,
      selecting: .init(rows: reader.ids, columns: reader.ids, groups: groups), threads: reader.threads)
    let table = Table.pairs(
      "\(reader.projection.model.name) \(head) \(which.title), \(lowest ? "lowest" : "highest") pairs", of: which,
      found.map { (reader.labels.label($0.row), reader.labels.label($0.column), $0.score) })
    let items = found.map { pair -> JSONMembers in
      ["column": reader.labels.json(pair.column), "row": reader.labels.json(pair.row), "score": pair.score]
    }
    return ProjectResult("pairs", items, [table])
  }

  /// - Throws: `InterpretabilityError`, `LinearAlgebraError`.
  func directions(_ reader: TokenReader) throws -> ProjectResult {
    let projection = reader.projection
    let found: [DirectionReading]
    let name: String
    if let head, let which = matrix.ofHead {
      found = try projection.readings(
        directions: directions, of: which, head, top: reader.top, among: reader.ids, threads: reader.threads)
      name = "\(projection.model.name) \(head) \(which.title)"
    } else if let layer, let group = matrix.ofBlock {
      found = try projection.readings(
        directions: directions, of: group, layer: layer, top: reader.top, among: reader.ids, threads: reader.threads)
      name = "\(projection.model.name) \(Address(layer: layer)) \(group.rawValue)s"
    } else {
      return ProjectResult(nil, JSON.null, [Table]())
    }
    let titles = matrix.ofHead?.sides ?? ["tokens"]
    let objects = found.map { direction -> JSONMembers in
      [
        "left": direction.left.members(reader.labels),
        "neurons": direction.right != nil
          ? nil : neurons(of: direction).map { ["name": $0.text, "weight": $0.score] as JSONMembers },
        "right": direction.right.map { $0.members(reader.labels) }, "value": direction.value,
      ]
    }
    let tables = found.enumerated().map { index, direction in
      let lists = zip(titles, [direction.left] + (direction.right.map { [$0] } ?? [])).flatMap { title, ends in
        [reader.list(title + " +", ends.highest), reader.list(title + " -", ends.lowest)]
      }
      return Table.lists(
        "\(name), direction \(index), singular value \(direction.value.fixed(4))",
        lists + (direction.right == nil ? [TokenList("neurons", neurons(of: direction), numbers: "weight")] : []))
    }
    return ProjectResult("directions", objects, tables)
  }

  private func neurons(of direction: DirectionReading) -> [(text: String, score: Double)] {
    direction.neurons.map { ("\(VectorPlace(layer: layer ?? 0, index: $0.index))", $0.weight) }
  }
}
