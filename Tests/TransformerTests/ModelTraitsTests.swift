import Checkpoints
import DenseMath
import TestSupport
import Testing
import Transformer

/// A model's traits, against its behaviour.
@Suite struct ModelTraitsTests {
  @Test(arguments: ["tiny/bert", "tiny/gpt2", "variants/distilbert", "variants/roberta"])
  func traitsAreWhatTheForwardPassDoes(_ name: String) throws {
    let model = try Model(directory: Fixtures.path(name))
    let workspace = Workspace()
    let (short, long): ([Int32], [Int32]) = ([5, 9], [5, 9, 11])
    let (a, b) = (
      try model.forward(PackedBatch([short]), workspace: workspace),
      try model.forward(PackedBatch([long]), workspace: workspace)
    )
    let d = model.dimensions.hidden
    #expect((a.values.prefix(2 * d) == b.values.prefix(2 * d)) == model.traits.isCausal)
    #expect((model.wType != nil) == model.traits.hasTokenTypes)
    #expect((model.finalNorm != nil) == (model.traits.normPlacement == .pre))
    #expect((model.embeddingNorm != nil) == (model.traits.normPlacement == .post))
    #expect(model.traits.predictsMasked == !model.traits.isCausal)
    #expect(model.wPos.rows == model.dimensions.positions + model.traits.positionOffset)
  }

  /// wQ, wK and wV of the uniform block give the values that the forward pass announces, stored separately or joined.
  @Test(arguments: ["tiny/bert", "tiny/gpt2"]) func blocksHoldWhatTheirNamesSay(_ name: String) throws {
    let model = try Model(directory: Fixtures.path(name))
    final class Values: Observer {
      var sites: [Site: (rows: Int, columns: Int, values: [Float])] = [:]
      func wants(_ site: Site, layer: Int) -> Bool {
        layer == 1 && [.attentionInput, .queries, .keys, .values].contains(site)
      }
      func observe(_ observation: Observation) {
        sites[observation.site] = (observation.rows, observation.columns, observation.copy())
      }
    }
    let seen = Values()
    _ = try model.forward(PackedBatch([[5, 9, 11]]), workspace: Workspace(), observer: seen)
    let input = try #require(seen.sites[.attentionInput])
    let block = model.blocks[1]
    for (part, site) in [(block.wQ, Site.queries), (block.wK, .keys), (block.wV, .values)] {
      let found = try #require(seen.sites[site])
      let linear = part.linear
      let expected = (0..<input.rows).flatMap { row in
        part.columns.map { column in
          (0..<linear.inputs).reduce(Double(linear.bias?[column] ?? 0)) { sum, i in
            let index = linear.layout == .inputByOutput ? i * linear.outputs + column : column * linear.inputs + i
            return sum + Double(input.values[row * input.columns + i]) * Double(linear.weight[index])
          }
        }
      }
      expectClose(found.values, expected, absolute: 1e-5, relative: 1e-5, "\(site)")
    }
  }

  /// RoBERTa counts the tokens that are not padding from the row after the padding's; others count every token.
  @Test func rowsOfPositions() throws {
    let directory = try TemporaryDirectory()
    let batch = try PackedBatch([[5, 1, 6, 1, 7], [1, 8]])
    var checkpoint = TinyCheckpoint.roberta()
    let model = try checkpoint.open(in: directory)
    #expect(model.positionRows(of: batch) == [2, 1, 3, 1, 4, 1, 2])
    #expect(model.positions == 16 && model.wPos.rows == 18 && model.traits.positionOffset == 2)
    checkpoint.config["pad_token_id"] = 6
    let other = try checkpoint.open(in: directory)
    #expect(other.positionRows(of: batch) == [7, 8, 6, 9, 10, 7, 8])
    #expect(other.positions == 11 && other.traits.positionOffset == 7)
    _ = try other.forward(PackedBatch([[Int32](repeating: 3, count: 11)]), workspace: Workspace())
    #expect(throws: TransformerError.tooLong(tokens: 12, positions: 11)) {
      try other.forward(PackedBatch([[Int32](repeating: 3, count: 12)]), workspace: Workspace())
    }
    #expect(try TinyCheckpoint.distilbert().open(in: directory).positionRows(of: batch) == [0, 1, 2, 3, 4, 0, 1])
  }

  @Test func everyFamilyIsFoundByItsName() throws {
    for family in ModelFamily.all { #expect(ModelFamily.named(family.modelType)?.traits == family.traits) }
    #expect(Set(ModelFamily.all.map(\.modelType)).count == ModelFamily.all.count)
    #expect(ModelFamily.named("t5") == nil)
  }

  @Test func namesOfWeightsSayTheirPlace() throws {
    let (bert, gpt2) = (ModelFamily.bert.names, ModelFamily.gpt2.names)
    #expect(bert.layer(of: "bert.encoder.layer.3.output.dense.weight") == 3)
    #expect(bert.layer(of: "encoder.layer.11.output.dense.weight") == 11)
    #expect(bert.layer(of: "bert.pooler.dense.weight") == nil && bert.layer(of: "classifier.weight") == nil)
    #expect(gpt2.layer(of: "transformer.h.0.ln_1.weight") == 0 && gpt2.layer(of: "h.2.ln_1.bias") == 2)
    #expect(gpt2.layer(of: "transformer.ln_f.weight") == nil)
    let (distilled, roberta) = (ModelFamily.distilBERT.names, ModelFamily.roBERTa.names)
    #expect(distilled.layer(of: "distilbert.transformer.layer.4.ffn.lin1.weight") == 4)
    #expect(distilled.layer(of: "transformer.layer.4.ffn.lin1.weight") == 4)
    #expect(distilled.layer(of: "pre_classifier.weight") == nil)
    #expect(roberta.layer(of: "roberta.encoder.layer.3.output.dense.weight") == 3)
    #expect(
      distilled.bodyName(of: "distilbert.transformer.layer.0.x", prefix: "distilbert.") == "transformer.layer.0.x")
    #expect(distilled.bodyName(of: "vocab_transform.weight", prefix: "") == nil)
    #expect(roberta.bodyName(of: "pooler.dense.weight", prefix: "") == nil)
    #expect(bert.bodyName(of: "bert.pooler.dense.weight", prefix: "bert.") == "pooler.dense.weight")
    #expect(bert.isEmbedding("bert.embeddings.LayerNorm.bias") && !bert.isEmbedding("bert.pooler.dense.bias"))
    #expect(gpt2.isEmbedding("wpe.weight") && !gpt2.isEmbedding("score.weight"))
  }
}
