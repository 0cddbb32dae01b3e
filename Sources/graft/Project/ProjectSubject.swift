import ArgumentParser
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

  /// The options as recorded in a result.
  var members: JSONMembers {
    let named = named.map { group, places in
      (group.rawValue.replacing("-", with: "_"), places.map { "\($0)" })
    }
    return [
      "against": against, "directions": directions, "head": head.map { "\($0)" },
      "layer": layer, "lowest": lowest, "matrix": matrix.rawValue, "moved": moved, "scored": scored, "svd": svd,
    ] + Dictionary(named) { $1 }
  }

  /// What was asked for, but for a displacement.
  /// - Parameter groups: of tokens, one pair of each of whose pairs is kept.
  /// - Throws: `InterpretabilityError`, `LinearAlgebraError`.
  func report(_ reader: TokenReader, groups: @autoclosure () -> [Int32]?) throws -> ProjectionReport {
    if svd, let head, let matrix = matrix.ofHead { return try reader.directions(directions, of: matrix, head) }
    if svd, let layer, let group = matrix.ofBlock { return try reader.directions(directions, of: group, layer: layer) }
    if let head, let matrix = matrix.ofHead {
      return try reader.pairs(matrix, of: head, lowest: lowest, groups: groups())
    }
    return try reader.vectors(vectorPlaces)
  }
}
