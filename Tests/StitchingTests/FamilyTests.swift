import Checkpoints
import DenseMath
import Files
import Foundation
import Stitching
import TestSupport
import Testing
import Tokenization
import Transformer

/// Models of different families: what can be stitched or aligned, and why other pairs cannot.
@Suite struct FamilyTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A BERT's blocks, head over the vocabulary and tokenizer as a DistilBERT's. Its embeddings lose the token types.
  private func distilled(_ name: String) throws -> Model {
    let file = try SafetensorsFile(Places.model(name) + "/model.safetensors")
    let parts = [
      ("encoder.layer.", "transformer.layer."), ("attention.self.query", "attention.q_lin"),
      ("attention.self.key", "attention.k_lin"), ("attention.self.value", "attention.v_lin"),
      ("attention.output.dense", "attention.out_lin"), ("attention.output.LayerNorm", "sa_layer_norm"),
      ("intermediate.dense", "ffn.lin1"), (".output.dense", ".ffn.lin2"), (".output.LayerNorm", ".output_layer_norm"),
      ("cls.predictions.transform.dense", "vocab_transform"),
      ("cls.predictions.transform.LayerNorm", "vocab_layer_norm"),
      ("cls.predictions.bias", "vocab_projector.bias"), ("bert.", "distilbert."),
    ]
    var writer = SafetensorsWriter()
    for entry in file.names where !entry.contains("token_type") && !entry.contains("pooler") {
      let stored = parts.reduce(entry) { $0.replacingOccurrences(of: $1.0, with: $1.1) }
      let (shape, values) = try file.doubles(entry)
      writer.add(stored, Tensor(shape: shape, values.map { Float($0) }))
    }
    try writer.write(to: folder.path("model.safetensors"))
    let config: JSON = [
      "model_type": "distilbert", "architectures": ["DistilBertForMaskedLM"], "vocab_size": 8192, "dim": 128,
      "n_layers": 4, "n_heads": 4, "hidden_dim": 512, "max_position_embeddings": 512,
    ]
    try folder.write(config.serialized(), to: "config.json")
    try folder.write(String(contentsOfFile: Places.model(name) + "/vocab.txt", encoding: .utf8), to: "vocab.txt")
    return try Model(directory: folder.path)
  }

  /// The same blocks under another family's names: the same bits, from A's blocks through the map to the last state.
  @Test func bertIsStitchedToDistilBERT() throws {
    let a = try Model(directory: Places.model("imdb-bert-1"))
    let (bert, distilled) = (try Model(directory: Places.model("imdb-bert-2")), try distilled("imdb-bert-2"))
    let batch = try PackedBatch([[2, 105, 4, 900, 3], [2, 3]])
    let workspace = Workspace(threads: Threads(2))
    func states(_ b: Model) throws -> [Float] {
      let map = try StitchingMaps(a, b, allowsPartialVocabulary: false, seed: 1, threads: Threads(2)).map(.pinv)
      let stitched = try StitchedModel(pretrained: a, kept: 2, map: map, finetuned: b, transplanted: 2)
      #expect(stitched.traits.family == b.traits.family && stitched.unembedding != nil)
      #expect(try stitched.tokenizer().encodeIDs("film").first == 2)
      return try stitched.forward(batch, workspace: workspace).values
    }
    let expected = try states(bert)
    #expect(expected.contains { $0 != 0 })
    #expect(try states(distilled) == expected)

    let pair = try StitchPair(TokenizedModel(a), TokenizedModel(distilled), allowsPartialVocabulary: false)
    #expect(pair.shared.isWhole && pair.shared.rows.count == 8192)
  }

  /// The reason names what the blocks disagree in, not the vocabularies.
  @Test func gpt2IsNotStitchedToRoBERTa() throws {
    try TinyCheckpoint.roberta().write(to: folder.path)
    try folder.write("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n", to: "vocab.txt")
    let roberta = try Model(directory: folder.path)
    let gpt2 = try Model(directory: Places.model("imdb-gpt2-narrow"))
    let error = #expect(throws: StitchingError.self) {
      try StitchPair(TokenizedModel(gpt2), TokenizedModel(roberta), allowsPartialVocabulary: true)
    }
    #expect(error == .differentArchitectures(pretrained: gpt2.traits, finetuned: roberta.traits))
    let text = error?.description ?? ""
    for part in ["GPT-2, reads only what comes before", "RoBERTa, reads the whole text", "give two models"] {
      #expect(text.contains(part), "\(text)")
    }
  }

  /// Position embeddings of a RoBERTa that gives the last blocks start at its offset.
  @Test func positionsOfRoBERTaStartAfterPadding() throws {
    try TinyCheckpoint.roberta().write(to: folder.path)
    let model = try Model(directory: folder.path)
    let h = HiddenState(tokens: 3, width: 12)
    try model.addPositions(to: h, PackedBatch([[5, 1], [7]]))
    let rows = [2, 3, 2].flatMap { model.wPos.values[$0 * 12..<($0 + 1) * 12] }
    #expect(h.values == rows)
  }

  /// GPT-2's feed-forward values in a RoBERTa, whose vocabulary has other special tokens and another order: layers and
  /// vectors are matched through the tokens that both have.
  @Test func gpt2IsAlignedWithRoBERTa() throws {
    let gpt2 = try Model(directory: Places.model("imdb-gpt2-narrow"))
    let source = try JSONNode.read(Places.model("imdb-gpt2-narrow") + "/vocab.json")
    let tokens = try source.members().map { (token: $0.key, id: try source[$0.key].int()) }.sorted { $0.id < $1.id }
    let (V, d) = (gpt2.wE.rows, 128)
    try #require(tokens.map(\.id) == Array(0..<V))
    let specials = ["<s>", "<pad>", "</s>", "<unk>"]
    let names = specials + tokens.reversed().map(\.token) + ["<mask>"]
    let members = names.enumerated().map { JSON.Member($1, .integer($0)) }
    try folder.write(JSON.object(members).serialized(), to: "vocab.json")
    try folder.write(
      String(contentsOfFile: Places.model("imdb-gpt2-narrow") + "/merges.txt", encoding: .utf8), to: "merges.txt")

    var made = TinyCheckpoint.roberta(layers: 0)
    made.tensors = [:]
    for (key, value) in [
      ("vocab_size", names.count), ("hidden_size", d), ("num_hidden_layers", 4), ("num_attention_heads", 4),
      ("intermediate_size", 512), ("max_position_embeddings", 6),
    ] { made.config[key] = .integer(value) }
    func addLinear(_ name: String, _ outputs: Int, _ inputs: Int) {
      made.addLinear(name, [outputs, inputs], outputs: outputs)
    }
    func addNorm(_ name: String) {
      made.add(name + ".weight", [d], mean: 1)
      made.add(name + ".bias", [d])
    }
    let rows = (0..<V).reversed().flatMap { gpt2.wE.values[$0 * d..<($0 + 1) * d] }
    let others = [Float](repeating: 0.25, count: d)
    made.tensors["embeddings.word_embeddings.weight"] = Tensor(
      shape: [names.count, d], specials.flatMap { _ in others } + rows + others)
    made.add("embeddings.position_embeddings.weight", [6, d])
    made.add("embeddings.token_type_embeddings.weight", [1, d])
    addNorm("embeddings.LayerNorm")
    // GPT-2's last block is the first here, and so on.
    for layer in 0..<4 {
      let name = "encoder.layer.\(layer)."
      for part in ["attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"] {
        addLinear(name + part, d, d)
      }
      addNorm(name + "attention.output.LayerNorm")
      addNorm(name + "output.LayerNorm")
      addLinear(name + "intermediate.dense", 512, d)
      let values = gpt2.parameterVectors(.feedForwardValue, layer: 3 - layer)
      made.tensors[name + "output.dense.weight"] = Tensor(
        shape: [d, 512], (0..<d).flatMap { column in (0..<512).map { values[$0 * d + column] } })
      made.add(name + "output.dense.bias", [d])
    }
    try made.write(to: folder.path)
    let roberta = try Model(directory: folder.path)

    #expect(throws: TokenizationError.self) { try ModelAligner(gpt2, roberta, threads: Threads(2)) }
    let shared = try SharedVocabulary(TokenizedModel(gpt2), TokenizedModel(roberta), allowsPartial: true)
    #expect(shared.rows.count == V && !shared.isWhole)
    #expect(shared.rows.allSatisfy { $0.b == names.count - 2 - $0.a })
    let aligner = try ModelAligner(gpt2, roberta, allowsPartialVocabulary: true, threads: Threads(2))
    let alignment = try aligner.align(.feedForwardValue, in: .embedding)
    #expect(alignment.assignment.pairs.map(\.column) == [3, 2, 1, 0])
    let correlations = aligner.correlations(.feedForwardValue, in: .embedding, layerA: 1, layerB: 2)
    for index in 0..<512 { #expect(abs(correlations[index * 512 + index] - 1) < 1e-4, "vector \(index)") }
  }
}
