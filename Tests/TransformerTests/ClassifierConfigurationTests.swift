import Checkpoints
import DenseMath
import Files
import TestSupport
import Testing
import Transformer

/// Which heads a checkpoint has follows from its tensors; config.json says what they mean, and must not contradict them.
@Suite struct ClassifierConfigurationTests {
  private static let meanOnly =
    "\"mean\" (a text's score is the mean of its tokens' scores; GPT2ForTokenClassification alone scores tokens)"

  /// GPT2ForTokenClassification scores tokens; what a text's score is must be said.
  @Test(
    arguments: [
      (nil, "absent"), (["final_norm": false], "absent"), (["pooling": "max"], "the string \"max\""),
    ] as [(JSON?, String)]) func aTokenClassifierMustNameItsPooling(_ test: (graft: JSON?, found: String)) throws
  {
    let directory = try TemporaryDirectory()
    var checkpoint = TinyCheckpoint.gpt2()
    checkpoint.addLinear("classifier", [2, 12], outputs: 2)
    checkpoint.config["graft"] = test.graft
    try checkpoint.write(to: directory.path)
    let path = directory.path + "/config.json"
    // An absent option and another one are told apart.
    #expect(
      throws: TransformerError.unsupportedOption(
        path: path, option: "graft.pooling", found: test.found, supported: Self.meanOnly)
    ) { try Model(directory: directory.path) }
  }

  @Test func aPoolingThatTheClassifierHasNotIsRefused() throws {
    let directory = try TemporaryDirectory()
    var bert = TinyCheckpoint.bert()
    bert.addLinear("bert.pooler.dense", [12, 12], outputs: 12)
    bert.addLinear("classifier", [2, 12], outputs: 2)
    bert.config["graft"] = ["pooling": "mean"]
    var gpt2 = TinyCheckpoint.gpt2()
    gpt2.add("score.weight", [2, 12])
    gpt2.config["graft"] = ["final_norm": false]
    for (checkpoint, option, found) in [
      (bert, "graft.pooling", "the string \"mean\""), (gpt2, "graft.final_norm", "false"),
    ] {
      #expect(
        throws: TransformerError.unsupportedOption(
          path: directory.path + "/config.json", option: option, found: found,
          supported: "none for this architecture's classifier")
      ) { try checkpoint.open(in: directory) }
    }
  }

  @Test func aTokenClassifierOfBERTIsRefused() throws {
    let directory = try TemporaryDirectory()
    var checkpoint = TinyCheckpoint.bert()
    checkpoint.addLinear("classifier", [2, 12], outputs: 2)
    checkpoint.config["architectures"] = ["BertForTokenClassification"]
    #expect(
      throws: TransformerError.unsupportedOption(
        path: directory.path + "/config.json", option: "architectures", found: "BertForTokenClassification",
        supported: "classifiers of whole sequences")
    ) { try checkpoint.open(in: directory) }
  }

  @Test(arguments: [[2], [0, 12], [2, 12, 1], [2, 11]]) func classifiersOfAnotherShape(_ shape: [Int]) throws {
    let directory = try TemporaryDirectory()
    var checkpoint = TinyCheckpoint.gpt2()
    checkpoint.add("score.weight", shape)
    let rows = shape == [2, 11] ? 2 : 1
    #expect(
      throws: CheckpointError.wrongShape(
        path: directory.path + "/model.safetensors", tensor: "score.weight", expected: [rows, 12], found: shape)
    ) { try checkpoint.open(in: directory) }
  }

  /// A tied head may be stored as well, if it holds the same numbers.
  @Test func tiedHeadsThatDiffer() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/model.safetensors"
    var bert = TinyCheckpoint.bert()
    let words = try #require(bert.tensors["bert.embeddings.word_embeddings.weight"])
    bert.tensors["cls.predictions.decoder.weight"] = words
    bert.tensors["cls.predictions.decoder.bias"] = bert.tensors["cls.predictions.bias"]
    #expect(try #require(try bert.open(in: directory).unembedding).isTied)
    var other = bert
    other.add("cls.predictions.decoder.weight", [23, 12])
    #expect(
      throws: TransformerError.contradiction(
        path: path, tensor: "cls.predictions.decoder.weight", other: "embeddings.word_embeddings.weight")
    ) { try other.open(in: directory) }
    other = bert
    other.add("cls.predictions.decoder.bias", [23])
    #expect(
      throws: TransformerError.contradiction(
        path: path, tensor: "cls.predictions.decoder.bias", other: "cls.predictions.bias")
    ) { try other.open(in: directory) }

    var gpt2 = TinyCheckpoint.gpt2()
    gpt2.tensors["lm_head.weight"] = gpt2.tensors["transformer.wte.weight"]
    #expect(try #require(try gpt2.open(in: directory).unembedding).isTied)
    gpt2.add("lm_head.weight", [21, 12])
    #expect(throws: TransformerError.contradiction(path: path, tensor: "lm_head.weight", other: "wte.weight")) {
      try gpt2.open(in: directory)
    }
    gpt2.config["tie_word_embeddings"] = false
    #expect(try #require(try gpt2.open(in: directory).unembedding).isTied == false)
  }

  /// An untied head that is not stored is not replaced by the embedding.
  @Test func untiedHeadsMustBeStored() throws {
    let directory = try TemporaryDirectory()
    var bert = TinyCheckpoint.bert()
    bert.config["tie_word_embeddings"] = false
    let error = #expect(throws: CheckpointError.self) { try bert.open(in: directory) }
    guard case .missingTensor(_, "cls.predictions.decoder.weight", _)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    var gpt2 = TinyCheckpoint.gpt2()
    gpt2.config["tie_word_embeddings"] = false
    #expect(try gpt2.open(in: directory).unembedding == nil)
  }
}
