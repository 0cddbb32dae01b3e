import Evaluation
import Files

/// A grid of stitched models and what they are scored on, as a JSON file defines it. What is absent takes the default of
/// `graft stitch`.
package struct StitchExperiment: Equatable, Sendable {
  /// Every one of `pretrained` gives the lower blocks to every one of `finetuned`.
  package struct Models: Equatable, Sendable {
    package let pretrained: [String]
    package let finetuned: [String]
  }

  package static let schema = 1

  /// Models by name or directory.
  package let models: [Models]
  /// Blocks kept; nil for every number.
  package let keep: [Int]?
  /// Blocks transplanted; nil for 3, or all where there are fewer.
  package let transplant: [Int]?
  /// nil for those of `MapRecipe.standard`.
  package let maps: [MapRecipe]?
  /// How often drawn maps are drawn.
  package let draws: Int
  /// What happens at the seam besides the map, each once.
  package let seams: [StitchedModel.Options]
  package let allowsPartialVocabulary: Bool
  package let dataset: String
  package let split: Dataset.Split?
  /// Of `dataset`, and of `unlabelled` where that is a file.
  package let columns: DatasetColumns
  package let reviews: String?
  package let limit: Int?
  package let maxLength: Int?
  package let textCleaning: TextCleaning?
  package let unlabelled: String?
  /// Decides what is drawn, maps and reviews.
  package let seed: UInt64

  private static let keys: Set = [
    "dataset", "draws", "keep", "label_column", "limit", "maps", "max_length", "models", "partial_vocabulary",
    "reviews", "schema",
    "seams", "seed", "split", "text_cleaning", "text_column", "transplant", "unlabelled",
  ]

  /// - Throws: `FileError` for a value that is missing, of the wrong kind or out of range, and for a key nobody knows.
  package init(_ file: JSONNode) throws {
    for member in try file.members() where !Self.keys.contains(member.key) {
      throw FileError.malformed(
        path: file.path, location: file.location, expected: "one of " + Self.keys.sorted().joined(separator: ", "),
        found: "\"\(member.key)\"")
    }
    guard try file["schema"].int() == Self.schema else { throw file["schema"].wrong("\(Self.schema)") }
    models = try Self.list(file["models"]) { node in
      Models(
        pretrained: try Self.list(node["pretrained"]) { try $0.string() },
        finetuned: try Self.list(node["finetuned"]) { try $0.string() })
    }
    keep = try Self.optional(file["keep"]) { try Self.list($0) { try Self.whole($0, from: 0) } }
    transplant = try Self.optional(file["transplant"]) { try Self.list($0) { try Self.whole($0, from: 0) } }
    maps = try Self.optional(file["maps"]) { node in
      try Self.list(node) { node in
        do { return try MapRecipe(try node.string()) } catch is StitchingError { throw node.wrong(MapRecipe.spellings) }
      }
    }
    draws = try Self.optional(file["draws"]) { try Self.whole($0, from: 1) } ?? 5
    seams =
      try Self.optional(file["seams"]) { node in
        try Self.list(node) { node in
          guard let seam = StitchedModel.Options(named: try node.string()) else {
            throw node.wrong("one of " + StitchedModel.Options.names.joined(separator: ", "))
          }
          return seam
        }
      } ?? [.plain]
    allowsPartialVocabulary = try Self.optional(file["partial_vocabulary"]) { try $0.bool() } ?? false
    dataset = try file["dataset"].string()
    split = try Self.optional(file["split"]) { try Self.choice($0) }
    columns = DatasetColumns(
      text: try Self.optional(file["text_column"]) { try $0.string() },
      label: try Self.optional(file["label_column"]) { try $0.string() })
    reviews = try Self.optional(file["reviews"]) { try $0.string() }
    limit = try Self.optional(file["limit"]) { try Self.whole($0, from: 1) }
    maxLength = try Self.optional(file["max_length"]) { try Self.whole($0, from: 1) }
    textCleaning = try Self.optional(file["text_cleaning"]) { try Self.choice($0) }
    unlabelled = try Self.optional(file["unlabelled"]) { try $0.string() }
    seed = UInt64(try Self.optional(file["seed"]) { try Self.whole($0, from: 0) } ?? 42)
  }

  /// What `init` reads, with every default written out that does not depend on a model.
  package var json: JSON {
    func list<Value>(_ values: [Value]?, _ json: (Value) -> JSON) -> JSON {
      values.map { .array($0.map(json)) } ?? .null
    }
    func text(_ value: String?) -> JSON { value.map { .string($0) } ?? .null }
    return [
      "dataset": .string(dataset), "draws": .integer(draws), "keep": list(keep) { .integer($0) },
      "label_column": text(columns.label), "limit": limit.map { .integer($0) } ?? .null,
      "maps": list(maps) { .string($0.name) },
      "max_length": maxLength.map { .integer($0) } ?? .null,
      "models": list(models) { group in
        [
          "finetuned": .array(group.finetuned.map { .string($0) }),
          "pretrained": .array(group.pretrained.map { .string($0) }),
        ]
      },
      "partial_vocabulary": .bool(allowsPartialVocabulary), "reviews": text(reviews), "schema": .integer(Self.schema),
      "seams": list(seams) { .string($0.name) }, "seed": .integer(Int(clamping: seed)), "split": text(split?.rawValue),
      "text_cleaning": text(textCleaning?.rawValue), "text_column": text(columns.text),
      "transplant": list(transplant) { .integer($0) },
      "unlabelled": text(unlabelled),
    ]
  }

  private static func optional<Value>(_ node: JSONNode, _ read: (JSONNode) throws -> Value) throws -> Value? {
    node.isPresent ? try read(node) : nil
  }

  /// A list with something in it and nothing twice.
  private static func list<Value: Equatable>(
    _ node: JSONNode, _ read: (JSONNode) throws -> Value
  ) throws -> [Value] {
    var values: [Value] = []
    for element in try node.array() {
      let value = try read(element)
      guard !values.contains(value) else { throw element.wrong("each value once") }
      values.append(value)
    }
    guard !values.isEmpty else { throw node.wrong("a list that is not empty") }
    return values
  }

  private static func choice<Choice: RawRepresentable<String> & CaseIterable>(_ node: JSONNode) throws -> Choice {
    guard let choice = Choice(rawValue: try node.string()) else {
      throw node.wrong("one of " + Choice.allCases.map(\.rawValue).joined(separator: ", "))
    }
    return choice
  }

  private static func whole(_ node: JSONNode, from least: Int) throws -> Int {
    let value = try node.int()
    guard value >= least else { throw node.wrong("a whole number from \(least)") }
    return value
  }
}

extension StitchedModel.Options {
  private static let named: [(name: String, options: StitchedModel.Options)] = [
    ("plain", .plain), ("final-norm", .init(appliesFinalNorm: true, addsPositions: false)),
    ("add-positions", .init(appliesFinalNorm: false, addsPositions: true)), ("as-published", .asPublished),
  ]

  package static var names: [String] { named.map(\.name) }

  /// plain, final-norm, add-positions, as-published; nil for another name.
  package init?(named name: String) {
    guard let found = Self.named.first(where: { $0.name == name }) else { return nil }
    self = found.options
  }

  package var name: String { Self.named.first { $0.options == self }?.name ?? "" }
}
