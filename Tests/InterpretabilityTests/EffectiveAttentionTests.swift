import Checkpoints
import DenseMath
import Foundation
import Interpretability
import TestSupport
import Testing
import Transformer

extension EffectiveAttention {
  /// All heads of a text, [layer][head].
  func heads(_ model: Model, _ ids: [Int32], threads: Int = 2) throws -> [[Head]] {
    var all: [[Head]] = []
    try read(model, PackedBatch([ids]), workspace: Workspace(threads: Threads(threads))) { _, heads in
      all.append(heads)
    }
    return all
  }
}

/// The definition, with a singular value decomposition for every causal row.
private enum Definition {
  /// T = (X W_V + b_V) W_O of one head, [T, d], from Float32 values and weights.
  static func outputs(_ values: [Double], tokens: Int, head: Int, wO: Linear, headSize: Int) -> DoubleMatrix {
    let d = wO.inputs
    var own = DoubleMatrix(rows: tokens, columns: headSize)
    var weights = DoubleMatrix(rows: headSize, columns: d)
    for k in 0..<headSize {
      for row in 0..<tokens { own[row, k] = values[row * d + head * headSize + k] }
      for column in 0..<d {
        let from = head * headSize + k
        weights[k, column] = Double(
          wO.weight[wO.layout == .inputByOutput ? from * d + column : column * d + from])
      }
    }
    return own * weights
  }

  static func space(_ outputs: DoubleMatrix, rows: Int, tolerance: Double) throws -> (rank: Int, basis: DoubleMatrix) {
    let part = DoubleMatrix(
      rows: rows, columns: outputs.columns, values: Array(outputs.values[..<(rows * outputs.columns)]))
    let svd = try SingularValueDecomposition(part)
    let rank = svd.values.count { $0 > tolerance * svd.values[0] }
    var basis = DoubleMatrix(rows: rows, columns: rank)
    for row in 0..<rows { for column in 0..<rank { basis[row, column] = svd.left[row, column] } }
    return (rank, basis)
  }
}

@Suite struct EffectiveAttentionTests {
  static let names = Golden.names + ["tiny/bert-classifier", "tiny/gpt2-mean-classifier"]

  /// Stored results of PyTorch in Double. Largest error measured: 2.6e-6.
  @Test(arguments: names) func matchesTheReference(_ name: String) throws {
    let model = try Golden.model(name)
    let file = try Golden.expected(name)
    let ids = try Verification.input(of: file).ids
    let heads = try EffectiveAttention(blocks: AttentionValues.blocks(of: model)).heads(model, ids).flatMap { $0 }
    #expect(heads.map(\.rank) == (try file.integers("value_rank").values))
    expectClose(
      heads.flatMap(\.effective.values), try file.doubles("effective_attention").values, absolute: 5e-5, relative: 0,
      "effective attention")
    expectClose(
      heads.flatMap(\.raw.values), try file.doubles("attention").values, absolute: 5e-5, relative: 0, "attention")
    for head in heads {
      #expect(head.outputError <= 1e-6 && head.nullDimension == ids.count - head.rank)
      // Each row of a causal head has a space of its own; the tests below are about those.
      #expect(model.traits.isCausal || head.rowRanks == ids.map { _ in head.rank })
      // The vector of ones is outside T's column space here, so that sums cost a dimension.
      #expect(head.simplexNullDimension == max(0, head.nullDimension - 1))
    }
  }

  /// A long causal text, row by row against one decomposition each: far past dHead, where the fast path does the work.
  @Test func causalRowsAreThoseOfTheDefinition() throws {
    let model = try Golden.model("trained/imdb-gpt2-narrow")
    var numbers = SeededNumbers(seed: 3)
    let ids = (0..<96).map { _ in Int32(numbers.next() % 8192) }
    let trace = try Self.values(model, ids)
    let heads = try EffectiveAttention(blocks: AttentionValues.blocks(of: model)).heads(model, ids)
    let size = model.dimensions.headSize
    for (layer, head) in [(0, 1), (3, 2)] {
      let outputs = Definition.outputs(
        trace[layer], tokens: ids.count, head: head, wO: model.blocks[layer].wO, headSize: size)
      let found = heads[layer][head]
      for row in [0, 1, 15, size - 1, size, size + 1, 60, 95] {
        // The values passed through Float32 here, which changes the space by rounding; ranks must be the same.
        let (rank, basis) = try Definition.space(outputs, rows: row + 1, tolerance: 1e-10)
        #expect(found.rowRanks[row] == rank, "L\(layer)H\(head), row \(row)")
        let weights = DoubleMatrix(rows: 1, columns: row + 1, values: (0...row).map { found.raw[row, $0] })
        let expected = weights * basis * basis.transposed
        expectClose(
          (0...row).map { found.effective[row, $0] }, expected.values, absolute: 1e-4, relative: 0, "row \(row)")
        #expect((row + 1..<ids.count).allSatisfy { found.effective[row, $0] == 0 })
      }
      #expect(found.rowRanks.last == size && found.nullDimension == 96 - size)
    }
  }

  /// Rows that are repeated, zero, or far smaller than others, against one decomposition each.
  @Test func rankDecisionsAreThoseOfTheDecomposition() throws {
    for (name, kind) in [("generic", 0), ("repeated", 1), ("zero", 2), ("low", 3), ("graded", 4)] {
      let folder = try TemporaryFolder()
      let model = try Self.model(kind, in: folder)
      let ids = (0..<40).map { Int32($0 / 3 * 7 % 30) }
      let heads = try EffectiveAttention(blocks: AttentionValues.blocks(of: model)).heads(model, ids)
      let trace = try Self.exactValues(model, ids)
      let size = model.dimensions.headSize
      for head in 0..<model.dimensions.heads {
        let outputs = Definition.outputs(
          trace, tokens: ids.count, head: head, wO: model.blocks[0].wO, headSize: size)
        let found = heads[0][head]
        for row in ids.indices {
          let (rank, basis) = try Definition.space(outputs, rows: row + 1, tolerance: 1e-10)
          #expect(found.rowRanks[row] == rank, "\(name), head \(head), row \(row)")
          let weights = DoubleMatrix(rows: 1, columns: row + 1, values: (0...row).map { found.raw[row, $0] })
          let expected = weights * basis * basis.transposed
          expectClose(
            (0...row).map { found.effective[row, $0] }, expected.values, absolute: 1e-6, relative: 0,
            "\(name), head \(head), row \(row)")
        }
      }
    }
  }

  @Test func threadsAndNeighboursChangeNothing() throws {
    let model = try Golden.model("trained/imdb-bert-1")
    let method = EffectiveAttention(blocks: try AttentionValues.blocks(of: model))
    let (one, two): ([Int32], [Int32]) = ([2, 100, 200, 300, 3], [2, 900, 800, 3])
    let alone = try method.heads(model, one, threads: 1)
    var together: [[EffectiveAttention.Head]] = []
    try method.read(model, PackedBatch([two, one]), workspace: Workspace(threads: Threads(2))) { sequence, heads in
      if sequence == 1 { together.append(heads) }
    }
    for (left, right) in zip(alone.joined(), together.joined()) {
      expectClose(left.effective.values, right.effective.values, absolute: 1e-6, relative: 0, "effective attention")
      #expect(left.rank == right.rank && left.layer == right.layer && left.head == right.head)
    }
    #expect(try method.heads(model, one, threads: 2).joined().map(\.effective) == alone.joined().map(\.effective))
  }

  /// A tolerance that removes part of the output is refused.
  @Test func aToleranceThatChangesTheOutputIsRefused() throws {
    let model = try Golden.model("trained/imdb-bert-1")
    let method = EffectiveAttention(blocks: try AttentionValues.blocks(of: model), tolerance: 0.5)
    #expect {
      _ = try method.heads(model, Array(2..<60))
    } throws: { error in
      guard case InterpretabilityError.outputChanged(0, _, let found, 1e-6, 0.5) = error else { return false }
      return found > 1e-6 && "\(error)".contains("L0H")
    }
  }

  /// The values of every block in the forward pass, [layers][T d].
  private static func values(_ model: Model, _ ids: [Int32]) throws -> [[Double]] {
    final class Values: Observer {
      var all: [[Double]] = []
      func wants(_ site: Site, layer: Int) -> Bool { site == .values }
      func observe(_ observation: Observation) { all.append(observation.copy().map(Double.init)) }
    }
    let values = Values()
    _ = try model.forward(PackedBatch([ids]), workspace: Workspace(), observer: values)
    return values.all
  }

  /// X W_V + b_V of block 0 in Double, where X is ln_1 of the Float32 embeddings: plain loops.
  private static func exactValues(_ model: Model, _ ids: [Int32]) throws -> [Double] {
    let block = model.blocks[0]
    let d = model.dimensions.hidden
    let h = try model.embed(PackedBatch([ids]), workspace: Workspace())
    return ids.indices.flatMap { row -> [Double] in
      let x = (0..<d).map { Double(h.pointer[row * d + $0]) }
      let mean = x.reduce(0, +) / Double(d)
      let variance = x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(d)
      let y = x.indices.map {
        (x[$0] - mean) / (variance + Double(block.attentionNorm.epsilon)).squareRoot()
          * Double(block.attentionNorm.gain[$0]) + Double(block.attentionNorm.shift[$0])
      }
      return (0..<d).map { column in
        (0..<d).reduce(Double(block.wV.linear.bias?[2 * d + column] ?? 0)) {
          $0 + y[$1] * Double(block.wV.linear.weight[$1 * 3 * d + 2 * d + column])
        }
      }
    }
  }

  /// tiny/gpt2 with other values: 1 makes positions alike so that tokens repeat, 2 has a head of zeros, 3 one of rank 3,
  /// 4 one whose directions shrink from 1 to 1e-14.
  private static func model(_ kind: Int, in folder: TemporaryFolder) throws -> Model {
    let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("TransformerTests/Fixtures/tiny/gpt2").path
    let directory = folder.path("model")
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    try FileManager.default.copyItem(atPath: source + "/config.json", toPath: directory + "/config.json")
    let file = try SafetensorsFile(source + "/model.safetensors")
    var writer = SafetensorsWriter()
    let (d, size) = (40, 8)
    for name in file.names {
      let tensor = try file.floats(name)
      var values = tensor.values
      if kind == 1, name.hasSuffix("wpe.weight") { values = values.indices.map { values[$0 % d] } }
      if name.hasSuffix("h.0.attn.c_proj.weight") {
        for k in 0..<size {
          let row = (size + k) * d..<(size + k + 1) * d  // head 1
          if kind == 2 || (kind == 3 && k >= 3) { for index in row { values[index] = 0 } }
          if kind == 4 { for index in row { values[index] *= Float(pow(10, -2 * Double(k))) } }
        }
      }
      writer.add(name, Tensor(shape: tensor.shape, values))
    }
    try writer.write(to: directory + "/model.safetensors")
    return try Model(directory: directory)
  }
}
