import DenseMath
import Files
import Foundation
import TestSupport
import Testing
import Transformer

/// Heads on the last hidden state, against the Double oracle.
@Suite struct HeadTests {
  /// Adds a classifier to the tiny GPT-2 and compares it with the oracle on several texts.
  private func checkClassifier(
    _ kind: TinyCheckpoint.Kind, texts: [[Int32]], change: (inout TinyCheckpoint) -> Void
  ) throws {
    var checkpoint = TinyCheckpoint.make(kind)
    change(&checkpoint)
    let directory = try TemporaryDirectory()
    let model = try checkpoint.open(in: directory)
    let oracle = try Oracle(directory: directory.path)
    let scores = try model.classify(try PackedBatch(texts), workspace: Workspace(threads: Threads(2)))
    #expect(scores.count == texts.count)
    for (text, found) in zip(texts, scores) {
      let expected = try #require(try oracle.forward(text.map(Int.init)).classifierLogits)
      expectCloseToLargest(found, expected, fraction: 2e-5, "\(text)")
    }
  }

  static let texts: [[Int32]] = [[3], [1, 2, 3, 4, 5], [9, 9, 9], [20, 0, 7, 0], [0, 0], [0, 5]]

  @Test(arguments: [JSON.bool(true), .bool(false), nil]) func meanOfTokens(_ finalNorm: JSON?) throws {
    try checkClassifier(.gpt2, texts: Self.texts) { checkpoint in
      checkpoint.addLinear("classifier", [4, 12], outputs: 4)
      checkpoint.config["graft"] =
        finalNorm.map { ["pooling": "mean", "final_norm": $0] } ?? ["pooling": "mean"]
    }
  }

  /// Padding is skipped at any position, as in Hugging Face's classifier.
  @Test(arguments: [JSON.null, 0, 9, 20]) func lastToken(_ padding: JSON) throws {
    try checkClassifier(.gpt2, texts: Self.texts) { checkpoint in
      checkpoint.add("score.weight", [3, 12])
      checkpoint.config["pad_token_id"] = padding
    }
  }

  @Test(arguments: [TinyCheckpoint.Kind.bert, .distilbert, .roberta])
  func firstToken(_ kind: TinyCheckpoint.Kind) throws {
    try checkClassifier(kind, texts: Self.texts) { $0.addClassifier(kind, classes: 5) }
  }

  /// Every activation that config.json may name, in the blocks and in BERT's transform.
  @Test(arguments: Activation.names) func activations(_ name: String) throws {
    for kind in TinyCheckpoint.Kind.allCases {
      var checkpoint = TinyCheckpoint.make(kind)
      checkpoint.config[kind.activationKey] = .string(name)
      let directory = try TemporaryDirectory()
      let trace = try checkpoint.open(in: directory).trace([1, 5, 20, 7], workspace: Workspace())
      let expected = try Oracle(directory: directory.path).forward([1, 5, 20, 7])
      expectCloseToLargest(try #require(trace.logits), try #require(expected.logits), fraction: 2e-5, name)
    }
  }

  /// Where nothing is tied, the decoder's own matrix and bias count.
  @Test(arguments: [
    (TinyCheckpoint.Kind.bert, "cls.predictions.decoder", 23), (.distilbert, "vocab_projector", 23),
    (.roberta, "lm_head.decoder", 25),
  ]) func untiedDecoder(_ kind: TinyCheckpoint.Kind, name: String, vocabulary: Int) throws {
    var checkpoint = TinyCheckpoint.make(kind)
    checkpoint.config["tie_word_embeddings"] = false
    checkpoint.addLinear(name, [vocabulary, 12], outputs: vocabulary)
    let directory = try TemporaryDirectory()
    let model = try checkpoint.open(in: directory)
    #expect(try #require(model.unembedding).isTied == false)
    let expected = try Oracle(directory: directory.path).forward([4, 5, 6])
    let trace = try model.trace([4, 5, 6], workspace: Workspace())
    expectCloseToLargest(try #require(trace.logits), try #require(expected.logits), fraction: 2e-5, "logits")
  }

  /// Any rows of any states can be read, in one call or one by one.
  @Test(arguments: ["tiny/bert", "tiny/gpt2"], [1, 2, 3]) func someRowsAreLikeAll(_ name: String, threads: Int) throws {
    let model = try Model(directory: Fixtures.path(name))
    let head = try #require(model.unembedding)
    #expect(head.isTied)
    #expect(head.vocabulary == model.dimensions.vocabulary)
    let workspace = Workspace(threads: Threads(threads))
    var numbers = SeededNumbers(seed: 41)
    let rows = 37
    let h = HiddenState(
      copying: numbers.normal(count: rows * model.dimensions.hidden), tokens: rows, width: model.dimensions.hidden)
    func logits(_ range: Range<Int>) -> [Float] {
      let out = FloatBuffer(count: range.count * head.vocabulary)
      head.apply(h.pointer + range.lowerBound * h.width, rows: range.count, into: out.pointer, workspace: workspace)
      return withExtendedLifetime(out) { Array(UnsafeBufferPointer(start: out.pointer, count: out.count)) }
    }
    let all = logits(0..<rows)
    let parts = [0..<1, 1..<20, 20..<37].flatMap { logits($0) }
    expectCloseToLargest(parts, all.doubles, fraction: 2e-5, name)
  }

  @Test func labels() throws {
    let directory = try TemporaryDirectory()
    var checkpoint = TinyCheckpoint.gpt2()
    checkpoint.add("score.weight", [3, 12])
    #expect(try checkpoint.open(in: directory).labels() == ["LABEL_0", "LABEL_1", "LABEL_2"])
    checkpoint.config["id2label"] = ["0": "good", "2": "ugly", "1": "bad"]
    #expect(try checkpoint.open(in: directory).labels() == ["good", "bad", "ugly"])
    checkpoint.config["id2label"] = ["1": "bad"]
    #expect(try checkpoint.open(in: directory).labels() == ["LABEL_0", "bad", "LABEL_2"])
    checkpoint.config["id2label"] = ["1": 3]
    let wrong = try checkpoint.open(in: directory)
    #expect(
      throws: FileError.malformed(
        path: directory.path + "/config.json", location: "id2label.1", expected: "a string", found: "the number 3")
    ) { try wrong.labels() }
    #expect(try TinyCheckpoint.bert().open(in: directory).labels() == [])
  }

  @Test func headsThatAreNotThere() throws {
    let model = try Model(directory: Fixtures.path("variants/bert-base-only"))
    #expect(model.unembedding == nil)
    #expect(model.classifier == nil)
    let trace = try model.trace([1, 2], workspace: Workspace())
    #expect(trace.logits == nil)
    #expect(trace.classifierLogits == nil)
    let batch = try PackedBatch([[1, 2]])
    #expect(
      throws: TransformerError.missingHead(
        model: "bert-base-only", head: "classifier",
        advice: "give a checkpoint of a classifier of texts, such as imdb-bert-1-sentiment")
    ) { try model.classify(batch, workspace: Workspace()) }
    #expect(try Model(directory: Fixtures.path("tiny/bert-classifier")).unembedding == nil)
  }
}
