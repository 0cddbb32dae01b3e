import Checkpoints
import DenseMath
import Evaluation
import Files
import Foundation
import TestSupport
import Testing
import Tokenization
import Training
import Transformer

/// Fine-tuning the embedded models on a few reviews.
@Suite struct FineTuningTests {
  private static let reviews: Dataset? = try? Dataset.read(
    Places.tests.deletingLastPathComponent().appendingPathComponent("evaluation/imdb/train.jsonl").path
  ).subset(limit: 48, seed: 1)

  private func encoded(_ name: String, length: Int = 40) throws -> [EncodedReview] {
    try EncodedReviews(
      try #require(Self.reviews), tokenizer: Tokenizer.load(directory: Places.model(name), modelType: nil),
      cleaning: .br,
      maxLength: length, threads: Threads(1)
    ).reviews
  }

  private func tuning(
    _ name: String, _ kind: ClassifierKind, _ texts: [EncodedReview], blocks: Int = 1, weightsOnly: Bool = false,
    cache: (path: String, bytes: Int)? = nil, epochs: Int = 2
  ) throws -> FineTuning {
    let checkpoint = try Checkpoint(directory: Places.model(name))
      .preparedForClassification(kind, labels: ["bad", "good"], cleaning: .br, seed: 3)
    let trainable = try Trainable(checkpoint, lastBlocks: blocks, weightsOnly: weightsOnly)
    let workspace = Workspace(threads: Threads(2))
    let states = try FrozenStates(
      trainable, texts, path: cache?.path, bound: cache?.bytes ?? 0, workspace: workspace)
    return FineTuning(
      trainable, on: states, labels: texts.map(\.label),
      settings: FineTuningSettings(epochs: epochs, batchSize: 8, learningRate: 1e-3, seed: 5), workspace: workspace)
  }

  private func values(_ tuning: FineTuning) -> [[Float]] { tuning.trainable.parameters.map(\.tensor.values) }

  /// Fifteen epochs of 16 reviews, 8 of each class: the loss of the last is below half of the first's.
  @Test(arguments: [("imdb-bert-1", ClassifierKind.cls), ("imdb-gpt2-narrow", .mean), ("imdb-gpt2-narrow", .last)])
  func learns(_ name: String, kind: ClassifierKind) throws {
    let texts = try encoded(name).enumerated().filter { $0.offset % 3 == 0 }.map(\.element)
    var tuning = try tuning(name, kind, texts, blocks: 2, epochs: 15)
    #expect(tuning.stepsInEpoch == 2 && tuning.trainable.firstTrainedLayer == 2)
    let before = values(tuning)
    while tuning.step < 30 { try tuning.advance() }
    let (first, last) = (tuning.losses.prefix(2).reduce(0, +), tuning.losses.suffix(2).reduce(0, +))
    #expect(last < 0.5 * first, "\(tuning.losses)")
    #expect(zip(before, values(tuning)).allSatisfy { $0 != $1 }, "every parameter moves")
  }

  /// Each epoch reads every text once, in another order.
  @Test func order() throws {
    let tuning = try tuning("imdb-bert-1", .cls, encoded("imdb-bert-1"))
    #expect(tuning.stepsInEpoch == 6)
    let order = (0..<12).map { tuning.texts(ofStep: $0) }
    for epoch in [order[0..<6], order[6..<12]] { #expect(epoch.flatMap { $0 }.sorted() == Array(0..<48)) }
    #expect(order[0..<6] != order[6..<12])
  }

  /// Stored, read into a new run and resumed: the same bits, with any part of the states in a file.
  @Test(arguments: [("imdb-bert-1", ClassifierKind.cls), ("imdb-gpt2-narrow", .mean)])
  func stoppingAndCachingChangeNothing(_ name: String, kind: ClassifierKind) throws {
    let folder = try TemporaryFolder()
    let texts = try encoded(name)
    var whole = try tuning(name, kind, texts)
    for _ in 0..<9 { try whole.advance() }

    let room = texts.prefix(20).reduce(0) { $0 + $1.ids.count } * 128 * 4
    for bytes in [0, room, .max / 8] {
      let cache = (folder.path("cache-\(bytes)"), bytes)
      var first = try tuning(name, kind, texts, cache: cache)
      for _ in 0..<4 { try first.advance() }
      try first.save(folder.path("state"))
      var second = try tuning(name, kind, texts, cache: cache)
      try second.restore(folder.path("state"))
      #expect(second.step == 4 && second.losses == first.losses)
      for _ in 0..<5 { try second.advance() }
      #expect(second.losses == whole.losses, "with a cache of \(bytes) bytes")
      #expect(values(second) == values(whole))
    }
    let sizes = try [room, .max / 8].map { try folder.bytes("cache-\($0)").count }
    #expect(sizes[0] == room && sizes[1] == texts.reduce(0) { $0 + $1.ids.count } * 128 * 4)
    #expect(!FileManager.default.fileExists(atPath: folder.path("cache-0")))
  }

  /// Frozen weights keep their bits; the written checkpoint opens and gives the run's scores.
  @Test(arguments: [("imdb-bert-1", ClassifierKind.cls), ("imdb-gpt2-narrow", .mean), ("imdb-gpt2-narrow", .last)])
  func writesAHuggingFaceDirectory(_ name: String, kind: ClassifierKind) throws {
    let texts = try encoded(name)
    var tuning = try tuning(name, kind, texts, weightsOnly: true)
    for _ in 0..<2 { try tuning.advance() }
    let trained = Set(tuning.trainable.parameters.map(\.name))
    #expect(trained.allSatisfy { $0.hasSuffix(".weight") })
    let folder = try TemporaryFolder()
    try tuning.trainable.model.checkpoint.write(to: folder.path)

    let written = try Checkpoint(directory: folder.path)
    let original = try Checkpoint(directory: Places.model(name))
    for entry in written.entries where !trained.contains(entry.name) {
      guard original.entry(named: entry.name) != nil else {
        #expect(["bert.pooler.dense.bias", "classifier.bias"].contains(entry.name))
        continue
      }
      #expect(try written.floats(entry.name).values == original.floats(entry.name).values, "\(entry.name)")
    }
    #expect(!written.entries.contains { $0.name.hasPrefix("cls.") || $0.name.hasPrefix("lm_head") })
    let classes = ["cls": "BertForSequenceClassification", "last": "GPT2ForSequenceClassification"]
    #expect(
      try written.config["architectures"].array().map { try $0.string() }
        == [classes[kind.rawValue] ?? "GPT2ForTokenClassification"])
    let model = try Model(directory: folder.path)
    #expect(try model.labels() == ["bad", "good"])
    let batch = try PackedBatch(texts.prefix(3).map(\.ids))
    let workspace = Workspace(threads: Threads(1))
    #expect(
      try model.classify(batch, workspace: workspace) == tuning.trainable.model.classify(batch, workspace: workspace))

    // A classifier of the same kind keeps its weights; another number of classes gets new ones.
    let again = try Model(
      written.preparedForClassification(kind, labels: ["a", "b"], cleaning: .br, seed: 8))
    #expect(try again.classify(batch, workspace: workspace) == model.classify(batch, workspace: workspace))
    let three = try Model(
      written.preparedForClassification(kind, labels: ["a", "b", "c"], cleaning: .br, seed: 8))
    #expect(try three.classify(batch, workspace: workspace)[0].count == 3)
  }

  @Test func wrongRequests() throws {
    let bert = try Checkpoint(directory: Places.model("imdb-bert-1"))
    #expect(throws: TrainingError.headDoesNotFit(model: "imdb-bert-1", head: "mean", supported: "cls")) {
      try bert.preparedForClassification(.mean, labels: ["a", "b"], cleaning: .none, seed: 1)
    }
    #expect(throws: TrainingError.tooManyBlocks(model: "imdb-bert-1", asked: 5, blocks: 4)) {
      try Trainable(
        bert.preparedForClassification(.cls, labels: ["a", "b"], cleaning: .none, seed: 1), lastBlocks: 5,
        weightsOnly: false)
    }
    let folder = try TemporaryFolder()
    let texts = try encoded("imdb-bert-1")
    var other = try tuning("imdb-bert-1", .cls, Array(texts.prefix(16)))
    var long = try tuning("imdb-bert-1", .cls, texts)
    for _ in 0..<5 { try long.advance() }
    try long.save(folder.path("state"))
    #expect(
      throws: TrainingError.foreignState(
        path: folder.path("state"), expected: "at most 4 steps", found: "5 losses")
    ) { try other.restore(folder.path("state")) }
  }

  private static let distilled = [
    "classifier.bias", "classifier.weight", "pre_classifier.bias", "pre_classifier.weight",
  ]
  private static let roberta = [
    "classifier.dense.bias", "classifier.dense.weight", "classifier.out_proj.bias", "classifier.out_proj.weight",
  ]

  /// A classifier of DistilBERT or RoBERTa keeps its weights where kind and number of classes agree, with rows in the
  /// order of the names; another number of classes gets a new output, and the class is the family's own.
  @Test(arguments: ["distilbert", "roberta"]) func classifiersOfOtherFamilies(_ family: String) throws {
    let stored = try Checkpoint(directory: Places.fixture("variants/\(family)-three-labels"))
    let batch = try PackedBatch([[5, 6, 7], [9]])
    let workspace = Workspace(threads: Threads(1))
    let scores = try Model(stored).classify(batch, workspace: workspace)
    let turned = try stored.preparedForClassification(
      .cls, labels: ["LABEL_2", "LABEL_0", "LABEL_1"], cleaning: .none, seed: 1)
    #expect(try Model(turned).classify(batch, workspace: workspace) == scores.map { [$0[2], $0[0], $0[1]] })
    #expect(Set(turned.entries.map(\.name)) == Set(stored.entries.map(\.name)))
    let two = try stored.preparedForClassification(.cls, labels: ["a", "b"], cleaning: .none, seed: 1)
    #expect(try Model(two).classify(batch, workspace: workspace)[0].count == 2)
    let (dense, output) =
      family == "roberta" ? ("classifier.dense", "classifier.out_proj") : ("pre_classifier", "classifier")
    #expect(try two.floats(dense + ".weight").values == stored.floats(dense + ".weight").values)
    let name = family == "roberta" ? "RobertaForSequenceClassification" : "DistilBertForSequenceClassification"
    #expect(two.config["architectures"].value == [.string(name)])
    let trained = try Trainable(two, lastBlocks: 1, weightsOnly: true)
    let heads = trained.parameters.map(\.name).filter { !$0.hasPrefix(family + ".") }
    #expect(Set(heads) == [dense + ".weight", output + ".weight"])
    #expect(trained.firstTrainedLayer == 1)
  }

  /// Names of other sources become those of Hugging Face's class, and buffers are left out.
  @Test func otherNames() throws {
    for (name, body, heads) in [
      ("bert-base-only", "bert.", ["classifier.bias", "classifier.weight"]),
      ("bert-gamma-beta", "bert.", ["classifier.bias", "classifier.weight"]),
      ("bert-model-prefix", "bert.", ["classifier.bias", "classifier.weight"]),
      ("gpt2-base-only", "transformer.", ["classifier.bias", "classifier.weight"]),
      ("gpt2-stored-masks", "transformer.", ["classifier.bias", "classifier.weight"]),
      ("distilbert", "distilbert.", Self.distilled), ("distilbert-base-only", "distilbert.", Self.distilled),
      ("roberta-base-only", "roberta.", Self.roberta), ("roberta-other-padding", "roberta.", Self.roberta),
    ] {
      let checkpoint = try Checkpoint(directory: Places.fixture("variants/" + name))
      let prepared = try checkpoint.preparedForClassification(
        name.hasPrefix("gpt2") ? .mean : .cls, labels: ["a", "b"], cleaning: .none, seed: 1)
      #expect(prepared.entries.map(\.name).filter { !$0.hasPrefix(body) }.sorted() == heads, "\(name)")
      #expect(!prepared.entries.contains { $0.name.hasPrefix("roberta.pooler") }, "\(name)")
      #expect(!prepared.entries.contains { $0.name.hasSuffix("gamma") || $0.name.hasSuffix(".attn.bias") }, "\(name)")
      let batch = try PackedBatch([[1, 2, 3]])
      let workspace = Workspace(threads: Threads(1))
      #expect(
        try Model(prepared).forward(batch, workspace: workspace).values
          == Model(checkpoint).forward(batch, workspace: workspace).values, "\(name)")
    }
  }
}
