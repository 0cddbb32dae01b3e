import Checkpoints
import DenseMath
import Evaluation
import Foundation
import Stitching
import TestSupport
import Testing
import Tokenization
import Transformer

/// Stitched models with a known result: a model onto itself, and onto itself in other coordinates.
@Suite struct StitchIdentityTests {
  static let models = ["imdb-bert-1-sentiment", "imdb-gpt2-narrow-sentiment"]

  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private static func batch(_ model: Model) throws -> PackedBatch {
    let texts = try EncodedReviews(
      Dataset.read(Places.reviews).subset(limit: 12, seed: 4),
      tokenizer: Tokenizer.load(directory: model.tokenizerDirectory, modelType: model.modelType), cleaning: .br,
      maxLength: 96, threads: Threads(2))
    return try PackedBatch(texts.reviews.map(\.ids))
  }

  /// Kept blocks L - m of a model and its own last m are the model.
  @Test(arguments: models, ["pinv", "regression", "procrustes", "truncated:128", "centred"])
  func aModelOntoItselfIsItself(_ name: String, _ recipe: String) throws {
    let model = try Model(directory: Places.model(name))
    let maps = try StitchingMaps(model, model, allowsPartialVocabulary: false, seed: 1, threads: Threads(2))
    let (batch, workspace) = (try Self.batch(model), Workspace(threads: Threads(2)))
    let expected = try model.classify(batch, workspace: workspace)
    let map = try maps.map(MapRecipe(recipe))
    for transplanted in 0...model.dimensions.layers {
      let stitched = try StitchedModel(
        pretrained: model, kept: model.dimensions.layers - transplanted, map: map, finetuned: model,
        transplanted: transplanted)
      let found = try stitched.classify(batch, workspace: workspace)
      // Largest measured error: 1e-5.
      expectClose(
        found.flatMap { $0 }.map(Double.init), expected.flatMap { $0 }.map(Double.init), absolute: 1e-3, relative: 0,
        "\(transplanted) blocks")
      #expect(found.map { $0[0] < $0[1] } == expected.map { $0[0] < $0[1] })
    }
  }

  /// With the hidden axis of every weight, bias and norm permuted, it is the same model in another order of
  /// coordinates: the map is the permutation.
  @Test(arguments: models) func aPermutedModelIsRecovered(_ name: String) throws {
    let model = try Model(directory: Places.model(name))
    let d = model.dimensions.hidden
    var generator = SplitMix64(seed: 21)
    let order = generator.permutation(of: d)
    var permutation = DoubleMatrix(rows: d, columns: d)
    for (column, row) in order.enumerated() { permutation[row, column] = 1 }
    try HiddenAxis(model: name, keepsNorms: true).write(rotatedBy: permutation, to: folder.path)
    try expectRecovered(model, permutation)
  }

  /// GPT-2's norms subtract the mean and fix the length, so with their gains and biases folded into the weights that
  /// read them, any rotation that keeps the all-ones vector gives the same model.
  @Test func aRotatedGPT2IsRecovered() throws {
    let name = "imdb-gpt2-narrow-sentiment"
    let model = try Model(directory: Places.model(name))
    let d = model.dimensions.hidden
    var numbers = SeededNumbers(seed: 22)
    // An orthonormal basis that begins with ones, and a rotation of the rest of it.
    var basis = DoubleMatrix(rows: d, columns: d, values: (0..<d * d).map { _ in numbers.normal() })
    for row in 0..<d { basis[row, 0] = 1 }
    basis = Self.orthonormalized(basis)
    let turn = try SingularValueDecomposition(
      DoubleMatrix(rows: d - 1, columns: d - 1, values: (0..<(d - 1) * (d - 1)).map { _ in numbers.normal() }))
    let rest = turn.left * turn.right.transposed
    var inner = DoubleMatrix.identity(d)
    for row in 1..<d { for column in 1..<d { inner[row, column] = rest[row - 1, column - 1] } }
    let rotation = basis * inner * basis.transposed
    try HiddenAxis(model: name, keepsNorms: false).write(rotatedBy: rotation, to: folder.path)
    try expectRecovered(model, rotation)
  }

  /// Gram and Schmidt, column by column, twice for precision.
  private static func orthonormalized(_ matrix: DoubleMatrix) -> DoubleMatrix {
    var result = matrix
    for column in 0..<matrix.columns {
      for _ in 0..<2 {
        for earlier in 0..<column {
          let dot = (0..<matrix.rows).reduce(0.0) { $0 + result[$1, column] * result[$1, earlier] }
          for row in 0..<matrix.rows { result[row, column] -= dot * result[row, earlier] }
        }
        let length = (0..<matrix.rows).reduce(0.0) { $0 + result[$1, column] * result[$1, column] }.squareRoot()
        for row in 0..<matrix.rows { result[row, column] /= length }
      }
    }
    return result
  }

  private func expectRecovered(_ model: Model, _ rotation: DoubleMatrix) throws {
    let other = try Model(directory: folder.path)
    let maps = try StitchingMaps(model, other, allowsPartialVocabulary: false, seed: 1, threads: Threads(2))
    let (batch, workspace) = (try Self.batch(model), Workspace(threads: Threads(2)))
    let expected = try model.classify(batch, workspace: workspace).flatMap { $0 }.map(Double.init)
    expectClose(
      try other.classify(batch, workspace: workspace).flatMap { $0 }.map(Double.init), expected, absolute: 1e-4,
      relative: 0, "the model in other coordinates")
    for recipe in ["pinv", "procrustes", "regression"] {
      let map = try maps.map(MapRecipe(recipe))
      expectClose(map.matrix.values, rotation.values, absolute: 1e-4, relative: 0, "\(recipe): the map")
      for transplanted in [1, 2, model.dimensions.layers] {
        let stitched = try StitchedModel(
          pretrained: model, kept: model.dimensions.layers - transplanted, map: map, finetuned: other,
          transplanted: transplanted)
        expectClose(
          try stitched.classify(batch, workspace: workspace).flatMap { $0 }.map(Double.init), expected, absolute: 1e-4,
          relative: 0, "\(recipe): the last \(transplanted)")
      }
    }
  }
}

/// A checkpoint with its residual stream in other coordinates: h becomes h R.
private struct HiddenAxis {
  private let directory: String
  private let file: SafetensorsFile
  /// Whether norms keep their gains and biases (R is a permutation), or have them folded into what reads them.
  private let keepsNorms: Bool

  init(model: String, keepsNorms: Bool) throws {
    directory = Places.model(model)
    file = try SafetensorsFile(directory + "/model.safetensors")
    self.keepsNorms = keepsNorms
  }

  func write(rotatedBy rotation: DoubleMatrix, to folder: String) throws {
    for name in try FileManager.default.contentsOfDirectory(atPath: directory)
    where name != "model.safetensors" && name != "README.md" {
      try FileManager.default.copyItem(atPath: directory + "/" + name, toPath: folder + "/" + name)
    }
    var writer = SafetensorsWriter()
    for name in file.names {
      let (shape, values) = try rotated(name, rotation)
      writer.add(name, Tensor(shape: shape, values.map { Float($0) }))
    }
    try writer.write(to: folder + "/model.safetensors")
  }

  private func matrix(_ name: String) throws -> DoubleMatrix {
    let (shape, values) = try file.doubles(name)
    return shape.count == 2
      ? DoubleMatrix(rows: shape[0], columns: shape[1], values: values)
      : DoubleMatrix(rows: 1, columns: shape[0], values: values)
  }

  private func rotated(_ name: String, _ rotation: DoubleMatrix) throws -> (shape: [Int], values: [Double]) {
    let shape = try file.doubles(name).shape
    let stored = try matrix(name)
    func ends(_ suffixes: String...) -> Bool { suffixes.contains { name.hasSuffix($0) } }
    // Norms: vectors of the hidden axis, or folded away.
    if name.contains("LayerNorm.") || name.contains("ln_") {
      if keepsNorms { return (shape, (stored * rotation).values) }
      return (shape, [Double](repeating: name.hasSuffix("weight") ? 1 : 0, count: shape[0]))
    }
    // GPT-2's Conv1D is [in, out]: readers on the left, writers on the right.
    if ends("c_attn.weight", "c_fc.weight") {
      return (shape, (rotation.transposed * (try gained(name, stored))).values)
    }
    if ends("c_attn.bias", "c_fc.bias") { return (shape, try biased(name, stored).values) }
    if ends("c_proj.weight", "c_proj.bias") { return (shape, (stored * rotation).values) }
    // PyTorch's Linear is [out, in].
    if ends("query.weight", "key.weight", "value.weight", "intermediate.dense.weight", "pooler.dense.weight") {
      return (shape, (stored * rotation).values)
    }
    if ends("output.dense.weight") { return (shape, (rotation.transposed * stored).values) }
    if ends("output.dense.bias") { return (shape, (stored * rotation).values) }
    let readsPooled = file.names.contains { $0.contains("pooler") }
    if ends("classifier.weight") { return (shape, readsPooled ? stored.values : (stored * rotation).values) }
    if ends("embeddings.weight", "wte.weight", "wpe.weight") { return (shape, (stored * rotation).values) }
    return (shape, stored.values)
  }

  /// The norm before a GPT-2 projection: block's ln_1 for attention, ln_2 for the feed-forward layer.
  private func norm(of name: String, _ part: String) throws -> DoubleMatrix {
    let split = name.contains("c_attn") ? (name.range(of: "attn."), "ln_1.") : (name.range(of: "mlp."), "ln_2.")
    return try matrix(name[..<(split.0?.lowerBound ?? name.endIndex)] + split.1 + part)
  }

  /// diag(gain) W.
  private func gained(_ name: String, _ weight: DoubleMatrix) throws -> DoubleMatrix {
    guard !keepsNorms else { return weight }
    let gain = try norm(of: name, "weight")
    var result = weight
    for row in 0..<weight.rows { for column in 0..<weight.columns { result[row, column] *= gain[0, row] } }
    return result
  }

  /// b + norm's bias W.
  private func biased(_ name: String, _ bias: DoubleMatrix) throws -> DoubleMatrix {
    guard !keepsNorms else { return bias }
    let weight = try matrix(name.replacing(".bias", with: ".weight"))
    let shift = try norm(of: name, "bias") * weight
    return DoubleMatrix(rows: 1, columns: bias.columns, values: zip(bias.values, shift.values).map { $0 + $1 })
  }
}
