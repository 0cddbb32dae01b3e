import Checkpoints
import DenseMath
import Evaluation
import Foundation
import Stitching
import TestSupport
import Testing
import Tokenization
import Transformer

/// The same models with the vocabulary in another order: ids are arbitrary, so nothing may change.
@Suite struct VocabularyOrderTests {
  private let folder: TemporaryFolder
  private let a: Model
  private let b: Model
  private let aReordered: Model
  private let bReordered: Model

  init() throws {
    folder = try TemporaryFolder()
    a = try Model(directory: Places.model("imdb-bert-2"))
    b = try Model(directory: Places.model("imdb-bert-1-sentiment"))
    var generator = SplitMix64(seed: 77)
    let order = generator.permutation(of: a.wE.rows)
    aReordered = try Self.reordered("imdb-bert-2", order, in: folder)
    bReordered = try Self.reordered("imdb-bert-1-sentiment", order, in: folder)
  }

  /// A copy in which id i is the former `order[i]`.
  private static func reordered(_ name: String, _ order: [Int], in folder: TemporaryFolder) throws -> Model {
    let (from, to) = (Places.model(name), folder.path + "/" + name)
    try FileManager.default.createDirectory(atPath: to, withIntermediateDirectories: true)
    for file in ["config.json", "tokenizer_config.json"] {
      try FileManager.default.copyItem(atPath: from + "/" + file, toPath: to + "/" + file)
    }
    let words = try String(contentsOfFile: from + "/vocab.txt", encoding: .utf8).split(separator: "\n")
    try #require(words.count == order.count)
    try order.map { words[$0] + "\n" }.joined().write(toFile: to + "/vocab.txt", atomically: true, encoding: .utf8)
    let file = try SafetensorsFile(from + "/model.safetensors")
    var writer = SafetensorsWriter()
    for name in file.names {
      let (shape, values) = try file.doubles(name)
      let width = shape.dropFirst().reduce(1, *)
      let isOfTokens = name.hasSuffix("word_embeddings.weight") || name == "cls.predictions.bias"
      let rows = isOfTokens ? order.flatMap { values[$0 * width..<($0 + 1) * width] } : values
      writer.add(name, Tensor(shape: shape, rows.map { Float($0) }))
    }
    try writer.write(to: to + "/model.safetensors")
    return try Model(directory: to)
  }

  private func scores(_ a: Model, _ b: Model, partial: Bool = false) throws -> [Double] {
    let shared = try SharedVocabulary(TokenizedModel(a), TokenizedModel(b), allowsPartial: partial)
    let aligner = try ModelAligner(a, b, shared: shared, spaces: [.embedding], threads: Threads(2))
    return try [ParameterKind.feedForwardValue, .query].flatMap {
      try aligner.align($0, in: .embedding).scores.values
    }
  }

  @Test func alignmentIsTheSame() throws {
    let expected = try scores(a, b)
    expectClose(try scores(aReordered, bReordered), expected, absolute: 0, relative: 1e-6, "both in another order")
    // Tokens match by their strings, not by their ids.
    expectClose(try scores(aReordered, b, partial: true), expected, absolute: 0, relative: 1e-6, "one of them")
  }

  @Test(arguments: ["pinv", "regression", "procrustes", "centred", "weighted", "affine"])
  func mapsAndLogitsAreTheSame(_ recipe: String) throws {
    let cut = StitchCut(kept: 3, transplanted: 2)
    let workspace = Workspace(threads: Threads(2))
    func stitched(_ a: Model, _ b: Model) throws -> (map: StitchingMap, logits: [Double]) {
      let texts = try EncodedReviews(
        Dataset.read(Places.reviews).subset(limit: 30, seed: 8),
        tokenizer: Tokenizer.load(directory: a.tokenizerDirectory, modelType: a.modelType), cleaning: .br,
        maxLength: 64, threads: Threads(2))
      let statistics = try SeamStatistics(
        pretrained: a, finetuned: b, kept: [3], transplanted: [2], options: .plain, texts: texts, workspace: workspace)
      let map = try StitchingMaps(a, b, allowsPartialVocabulary: false, seed: 1, threads: Threads(2))
        .map(MapRecipe(recipe), texts: statistics, cut: cut)
      let model = try StitchedModel(
        pretrained: a, kept: 3, map: map, finetuned: b, transplanted: 2, options: .plain)
      let batch = try PackedBatch(texts.reviews.map(\.ids))
      return (map, try model.classify(batch, workspace: workspace).flatMap { $0 }.map(Double.init))
    }
    let (expected, found) = (try stitched(a, b), try stitched(aReordered, bReordered))
    expectCloseToLargest(found.map.matrix.values, expected.map.matrix.values, fraction: 1e-6, "the map")
    expectClose(found.logits, expected.logits, absolute: 1e-4, relative: 0, "logits")
  }
}
