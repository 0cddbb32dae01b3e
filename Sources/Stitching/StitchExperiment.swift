import DenseMath
import Evaluation
import Files
import Transformer

/// A grid of stitched models and what they are scored on, as a JSON file defines it, with the defaults of `graft
/// stitch`.
package struct StitchExperiment: Equatable, Encodable, Sendable {
  /// Every one of `pretrained` gives the lower blocks to every one of `finetuned`.
  package struct Models: Equatable, Encodable, Sendable {
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
  /// The number of draws of a drawn map.
  package let draws: Int
  /// Changes at the seam besides the map, each once.
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
  /// Seed of drawn maps and reviews.
  package let seed: UInt64

  private static let keys: Set = [
    "dataset", "draws", "keep", "label_column", "limit", "maps", "max_length", "models", "partial_vocabulary",
    "reviews", "schema",
    "seams", "seed", "split", "text_cleaning", "text_column", "transplant", "unlabelled",
  ]

  /// - Throws: `FileError` for a value that is missing, of the wrong type or out of range, and for an unknown key.
  package init(_ file: JSONNode) throws {
    for member in try file.members() where !Self.keys.contains(member.key) {
      throw FileError.malformed(
        path: file.path, location: file.location, expected: "one of " + Self.keys.sorted().joined(separator: ", "),
        found: "\"\(member.key)\"")
    }
    guard try file["schema"].int() == Self.schema else { throw file["schema"].wrong("\(Self.schema)") }
    func read<Value>(_ key: String, _ read: (JSONNode) throws -> Value) throws -> Value? {
      file[key].isPresent ? try read(file[key]) : nil
    }
    func text(_ key: String) throws -> String? { try read(key) { try $0.string() } }
    func whole(_ key: String, from least: Int) throws -> Int? { try read(key) { try Self.whole($0, from: least) } }
    models = try Self.list(file["models"]) { node in
      Models(
        pretrained: try Self.list(node["pretrained"]) { try $0.string() },
        finetuned: try Self.list(node["finetuned"]) { try $0.string() })
    }
    keep = try read("keep") { try Self.list($0) { try Self.whole($0, from: 0) } }
    transplant = try read("transplant") { try Self.list($0) { try Self.whole($0, from: 0) } }
    maps = try read("maps") { try Self.list($0) { try MapRecipe($0) } }
    draws = try whole("draws", from: 1) ?? 5
    seams =
      try read("seams") { node in
        try Self.list(node) { node in
          guard let seam = StitchedModel.Options(named: try node.string()) else {
            throw node.wrong("one of " + StitchedModel.Options.names.joined(separator: ", "))
          }
          return seam
        }
      } ?? [.plain]
    allowsPartialVocabulary = try read("partial_vocabulary") { try $0.bool() } ?? false
    dataset = try file["dataset"].string()
    split = try read("split") { try Self.choice($0) }
    columns = DatasetColumns(text: try text("text_column"), label: try text("label_column"))
    reviews = try text("reviews")
    limit = try whole("limit", from: 1)
    maxLength = try whole("max_length", from: 1)
    textCleaning = try read("text_cleaning") { try Self.choice($0) }
    unlabelled = try text("unlabelled")
    seed = UInt64(try whole("seed", from: 0) ?? 42)
  }

  /// What `init` reads, with every default that does not depend on a model.
  package func encode(to encoder: any Encoder) throws {
    try encoder.encode([
      "dataset": dataset, "draws": draws, "keep": keep, "label_column": columns.label, "limit": limit, "maps": maps,
      "max_length": maxLength, "models": models, "partial_vocabulary": allowsPartialVocabulary, "reviews": reviews,
      "schema": Self.schema, "seams": seams.map(\.name), "seed": Int(clamping: seed), "split": split?.rawValue,
      "text_cleaning": textCleaning?.rawValue, "text_column": columns.text, "transplant": transplant,
      "unlabelled": unlabelled,
    ])
  }

  /// A non-empty list without repetitions.
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

extension StitchExperiment {
  /// The models, each once, in the order of the pairs.
  package var names: [String] {
    models.flatMap { group in group.pretrained.prefix(1) + group.finetuned + group.pretrained.dropFirst() }
      .reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }

  /// Every pair, with the defaults filled in.
  /// - Parameter models: those of `names`.
  func grid(of models: [Model]) -> StitchGrid {
    let places = Dictionary(uniqueKeysWithValues: zip(names, models.indices))
    var pairs: [StitchGrid.Pair] = []
    for (group, names) in self.models.enumerated() {
      for a in names.pretrained.compactMap({ places[$0] }) {
        for b in names.finetuned.compactMap({ places[$0] }) {
          let (lower, upper) = (models[a].dimensions, models[b].dimensions)
          pairs.append(
            .init(
              group: group, pretrained: a, finetuned: b, kept: (keep ?? Array(0...lower.layers)).sorted(),
              transplanted: (transplant ?? [min(3, upper.layers)]).sorted(),
              recipes: maps ?? MapRecipe.standard(equalWidths: lower.hidden == upper.hidden)))
        }
      }
    }
    return StitchGrid(pairs: pairs, seams: seams.map(\.name), draws: draws)
  }

  /// The run of all points, or of one shard.
  /// - Parameter models: those of `names`.
  /// - Throws: as `StitchPair` and `StitchRun`; `EvaluationError` for an unknown text cleaning.
  package func run(
    _ models: [TokenizedModel], unlabelled: UnlabelledSource?, shard: StitchGrid.Shard = .whole, workspace: Workspace,
    progress: ProgressHandler = .none, reader: @escaping StitchPair.Reader = { _, _, _ in }
  ) throws -> StitchRun {
    let grid = grid(of: models.map(\.model))
    let pairs = try grid.pairs.map { pair in
      let (a, b) = (models[pair.pretrained], models[pair.finetuned])
      return try StitchPair(
        a, b, allowsPartialVocabulary: allowsPartialVocabulary, cleaning: textCleaning ?? b.model.textCleaning(),
        maxLength: maxLength)
    }
    return try StitchRun(
      grid, pairs: pairs, unlabelled: unlabelled, seed: seed, shard: shard, workspace: workspace,
      progress: progress, reader: reader)
  }

  /// Everything that defines a run, without the header of `run.json`, and the kind of processor, on which last bits depend.
  /// - Parameter digests: SHA-256 of the models of `names`.
  /// - Throws: `DigestError`.
  package func stamp(
    _ run: StitchRun, dataset: Dataset, revisions: [String?], digests: [String],
    shard: StitchGrid.Shard,
    threads: Threads
  ) throws -> JSONMembers {
    [
      "batches": run.reviews.map(\.readByA.batches.count), "dataset": dataset.name,
      "dataset_sha256": try dataset.sha256(), "experiment": self,
      "label_orders": run.reviews.map(\.labelOrder.rawValue),
      "models": zip(names, zip(revisions, digests)).map { name, facts -> JSONMembers in
        ["model": name, "sha256": facts.1, "revision": Absent(wrappedValue: facts.0)]
      },
      "options": ["threads": threads.count], "pairs": run.grid.pairs,
      "processors": [ProcessorKind.current], "seed": Int(clamping: seed),
      "shard": shard == .whole ? nil : [shard.index, shard.count], "unlabelled_sha256": try run.unlabelledDigest(),
    ]
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
