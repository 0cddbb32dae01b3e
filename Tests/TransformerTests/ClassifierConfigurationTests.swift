import Checkpoints
import DenseMath
import Files
import TestSupport
import Testing
import Transformer

/// The tensors decide which heads a checkpoint has; config.json gives their meaning, and must not contradict them.
@Suite struct ClassifierConfigurationTests {
  /// GPT2ForTokenClassification scores tokens; without a definition of a text's score its head is left out.
  @Test(arguments: [nil, ["final_norm": false]] as [JSON?]) func aTokenClassifierWithoutPoolingIsLeftOut(
    _ graft: JSON?
  ) throws {
    let directory = try TemporaryDirectory()
    var checkpoint = TinyCheckpoint.gpt2()
    let plain = try checkpoint.open(in: directory).trace([1, 2, 3], workspace: Workspace())
    checkpoint.addLinear("classifier", [2, 12], outputs: 2)
    checkpoint.config["graft"] = graft
    checkpoint.config["architectures"] = ["GPT2ForTokenClassification"]
    let model = try checkpoint.open(in: directory)
    #expect(model.classifier == nil)
    let head = try #require(model.otherHead)
    #expect(head.modules == ["classifier"] && head.tensors == ["classifier.bias", "classifier.weight"])
    #expect(head.modelClass == "GPT2ForTokenClassification")
    #expect(throws: TransformerError.otherHead(model: model.name, head)) { try model.requireClassifier() }
    #expect(try model.trace([1, 2, 3], workspace: Workspace()).logits?.bits == plain.logits?.bits)
  }

  @Test func anotherPoolingIsRefused() throws {
    let directory = try TemporaryDirectory()
    var checkpoint = TinyCheckpoint.gpt2()
    checkpoint.addLinear("classifier", [2, 12], outputs: 2)
    checkpoint.config["graft"] = ["pooling": "max"]
    #expect(
      throws: TransformerError.unsupportedOption(
        path: directory.path + "/config.json", option: "graft.pooling", found: "the string \"max\"",
        supported: "\"mean\" (a text's score is the mean of its tokens' scores)")
    ) { try checkpoint.open(in: directory) }
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

  /// Whether `classifier.weight` is a sequence classifier's: by the class, or by the tensors where it leaves it open.
  @Test(
    arguments: [
      (["BertForSequenceClassification"], true, true, false), (["TFBertForSequenceClassification"], true, true, false),
      (["BertForTokenClassification"], true, false, false), (["BertForTokenClassification"], false, false, false),
      (["BertForMultipleChoice"], true, false, false), (["BertForMaskedLM"], true, true, true),
      (["BertModel"], true, true, true), ([], true, true, true), (nil, true, true, true), (nil, false, false, false),
      (["BertForSentiment"], true, true, true), (["BertForSentiment"], false, false, false),
      (["BertForTokenClassification", "BertForSequenceClassification"], true, true, true),
      (["BertForTokenClassification", "BertForSequenceClassification"], false, false, false),
    ] as [(JSON?, pooler: Bool, classifies: Bool, assumed: Bool)]) func whatAClassifierIs(
      _ test: (classes: JSON?, pooler: Bool, classifies: Bool, assumed: Bool)
    ) throws
  {
    let directory = try TemporaryDirectory()
    var checkpoint = TinyCheckpoint.bert()
    if test.pooler { checkpoint.addLinear("bert.pooler.dense", [12, 12], outputs: 12) }
    checkpoint.addLinear("classifier", [2, 12], outputs: 2)
    checkpoint.config["architectures"] = test.classes
    let model = try checkpoint.open(in: directory)
    #expect((model.classifier != nil) == test.classifies)
    #expect((model.otherHead != nil) == !test.classifies)
    #expect(model.classifierIsAssumed == test.assumed)
    #expect(model.unembedding != nil)
  }

  /// The same for DistilBERT, whose dense layer stands beside the body and has a multiple choice's name too, and for
  /// RoBERTa, whose classifier of sequences has names of its own.
  @Test func whatAClassifierIsInOtherFamilies() throws {
    let directory = try TemporaryDirectory()
    for (kind, classes, dense, classifies) in [
      (TinyCheckpoint.Kind.distilbert, "DistilBertForSequenceClassification", true, true),
      (.distilbert, "DistilBertForMultipleChoice", true, false),
      (.distilbert, "DistilBertForTokenClassification", false, false),
      (.distilbert, "DistilBertForMaskedLM", true, true),
      (.roberta, "RobertaForSequenceClassification", true, true), (.roberta, "RobertaForMaskedLM", true, true),
      (.roberta, "RobertaForTokenClassification", false, false), (.roberta, "RobertaForMultipleChoice", false, false),
    ] {
      var checkpoint = TinyCheckpoint.make(kind)
      let own = Set(checkpoint.tensors.keys)
      if dense {
        checkpoint.addClassifier(kind, classes: 2)
      } else {
        checkpoint.addLinear("classifier", [2, 12], outputs: 2)
      }
      checkpoint.config["architectures"] = [.string(classes)]
      let model = try checkpoint.open(in: directory)
      #expect((model.classifier != nil) == classifies, "\(classes)")
      let left = checkpoint.tensors.keys.filter { !own.contains($0) }.sorted()
      #expect(model.otherHead?.tensors == (classifies ? nil : left), "\(classes)")
      #expect(
        model.classifierIsAssumed == (classifies && !classes.hasSuffix("ForSequenceClassification")), "\(classes)")
      #expect(model.unembedding != nil)
    }
  }

  /// What RobertaModel stores and no computed head reads.
  @Test func roBERTasPoolerIsNotNeeded() throws {
    let directory = try TemporaryDirectory()
    var checkpoint = TinyCheckpoint.roberta()
    let plain = try checkpoint.open(in: directory).trace([3, 1, 5], workspace: Workspace())
    checkpoint.addLinear("roberta.pooler.dense", [12, 12], outputs: 12)
    checkpoint.add("roberta.embeddings.position_ids", [1, 18])
    let model = try checkpoint.open(in: directory)
    #expect(model.otherHead == nil)
    #expect(try model.trace([3, 1, 5], workspace: Workspace()).logits?.bits == plain.logits?.bits)
  }

  @Test func otherHeadsAreLeftOut() throws {
    let directory = try TemporaryDirectory()
    var bert = TinyCheckpoint.bert()
    bert.config["architectures"] = ["BertForQuestionAnswering"]
    let plain = try bert.open(in: directory).trace([1, 2, 3], workspace: Workspace())
    bert.addLinear("qa_outputs", [2, 12], outputs: 2)
    bert.addLinear("cls.seq_relationship", [2, 12], outputs: 2)
    let asked = try bert.open(in: directory)
    #expect(asked.otherHead?.modules == ["cls.seq_relationship", "qa_outputs"])
    let error = #expect(throws: TransformerError.self) { try asked.requireClassifier() }
    #expect(
      error?.description.contains(
        "BertForQuestionAnswering: its head cls.seq_relationship, qa_outputs is not a sequence classifier") == true)
    #expect(try asked.trace([1, 2, 3], workspace: Workspace()).segments.map(\.hidden) == plain.segments.map(\.hidden))

    var gpt2 = TinyCheckpoint.gpt2()
    gpt2.config["architectures"] = ["GPT2DoubleHeadsModel"]
    gpt2.addLinear("multiple_choice_head.summary", [1, 12], outputs: 1)
    let double = try gpt2.open(in: directory)
    #expect(double.otherHead?.modules == ["multiple_choice_head"] && double.classifier == nil)
    gpt2.config["architectures"] = ["GPT2ForTokenClassification"]
    gpt2.add("score.weight", [2, 12])
    #expect(try gpt2.open(in: directory).otherHead?.modules == ["multiple_choice_head", "score"])
  }

  @Test func onlyWhatStandsOutsideTheBodyIsLeftOut() throws {
    let directory = try TemporaryDirectory()
    for (kind, name) in [
      (TinyCheckpoint.Kind.bert, "bert.encoder.layer.0.attention.self.query.lora_A.weight"),
      (.bert, "encoder.layer.0.output.adapter.weight"), (.bert, "cls.predictions.extra.weight"),
      (.gpt2, "transformer.h.0.attn.c_attn.lora_B.weight"), (.gpt2, "lm_head.bias"),
      (.gpt2, "transformer.prefix.weight"), (.distilbert, "distilbert.pooler.dense.weight"),
      (.distilbert, "transformer.layer.0.attention.extra.weight"), (.distilbert, "vocab_projector.extra"),
      (.roberta, "roberta.encoder.layer.0.attention.self.query.lora_A.weight"), (.roberta, "lm_head.extra.weight"),
    ] {
      var checkpoint = TinyCheckpoint.make(kind)
      checkpoint.add(name, [2, 12])
      #expect(throws: CheckpointError.unused(path: directory.path + "/model.safetensors", names: [name])) {
        try checkpoint.open(in: directory)
      }
    }
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
