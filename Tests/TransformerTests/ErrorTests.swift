import Checkpoints
import DenseMath
import Files
import Foundation
import TestSupport
import Testing
import Transformer

/// Bad input gives an error that says where and what.
@Suite struct ErrorTests {
  private func forward(_ name: String, _ sequences: [[Int32]], types: [[Int32]]? = nil) throws {
    let model = try Model(directory: Fixtures.path("tiny/" + name))
    _ = try model.forward(try PackedBatch(sequences, tokenTypes: types), workspace: Workspace())
  }

  @Test func sequencesWithoutTokens() {
    #expect(throws: TransformerError.emptySequence(index: 0)) { try PackedBatch([[]]) }
    #expect(throws: TransformerError.emptySequence(index: 2)) { try PackedBatch([[1], [2], [], []]) }
  }

  @Test(arguments: [("bert", 271), ("gpt2", 243)]) func idsOutsideTheVocabulary(_ model: (name: String, count: Int)) {
    for id in [-1, model.count, Int(Int32.max), Int(Int32.min)] {
      #expect(throws: TransformerError.idOutOfRange(id: id, position: 2, vocabulary: model.count)) {
        try forward(model.name, [[1, 2], [0, Int32(model.count - 1), Int32(id), 3]])
      }
    }
  }

  @Test(arguments: ["bert", "gpt2"]) func textsLongerThanThePositions(_ name: String) throws {
    try forward(name, [[Int32](repeating: 5, count: 64)])
    #expect(throws: TransformerError.tooLong(tokens: 65, positions: 64)) {
      try forward(name, [[1], [Int32](repeating: 5, count: 65)])
    }
    #expect(throws: TransformerError.tooLong(tokens: 5000, positions: 64)) {
      try forward(name, [[Int32](repeating: 5, count: 5000)])
    }
  }

  @Test func tokenTypes() throws {
    try forward("bert", [[1], [2, 3]], types: [[1], [0, 1]])
    for type in [2, -1, Int(Int32.max)] {
      #expect(throws: TransformerError.tokenTypeOutOfRange(type: type, position: 1, types: 2)) {
        try forward("bert", [[1], [2, 3]], types: [[0], [1, Int32(type)]])
      }
    }
    try forward("gpt2", [[1], [2, 3]], types: [[0], [0, 0]])
    #expect(throws: TransformerError.tokenTypeOutOfRange(type: 1, position: 0, types: 0)) {
      try forward("gpt2", [[1], [2, 3]], types: [[0], [1, 0]])
    }
  }

  @Test func tokenTypesForOtherTokens() {
    #expect(throws: TransformerError.tokenTypesMismatch(expected: 2, found: 1)) {
      try PackedBatch([[1], [2, 3]], tokenTypes: [[0], [0]])
    }
    #expect(throws: TransformerError.tokenTypesMismatch(expected: 2, found: 0)) {
      try PackedBatch([[1], [2, 3]], tokenTypes: [[0]])
    }
    #expect(throws: TransformerError.tokenTypesMismatch(expected: 3, found: 6)) {
      try PackedBatch([[1], [2, 3]], tokenTypes: [[0], [0, 0], [0, 0, 0]])
    }
  }

  /// Every tensor of the tiny checkpoints in turn: missing, of another shape, holding NaN or an infinity.
  @Test(arguments: TinyCheckpoint.Kind.allCases) func everyTensorIsChecked(_ kind: TinyCheckpoint.Kind) throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/model.safetensors"
    let whole = TinyCheckpoint.make(kind)
    // Without it an encoder has no head over the vocabulary, and the rest of that head is left over.
    let headAnchors = ["cls.predictions.transform.dense.weight", "vocab_transform.weight", "lm_head.dense.weight"]
    for (name, tensor) in whole.tensors.sorted(by: { $0.key < $1.key }) {
      var checkpoint = whole
      checkpoint.tensors[name] = nil
      let error = #expect(throws: CheckpointError.self, "\(name) removed") { try checkpoint.open(in: directory) }
      switch error {
      case .missingTensor(path, let missing, let stored)?:
        #expect(missing == name || name == kind.wE && name.hasSuffix(missing))
        #expect(stored.count == whole.tensors.count - 1)
      case .unused(path, let names)?:
        #expect(headAnchors.contains(name))
        #expect(names.allSatisfy { $0.hasPrefix(kind.vocabularyHead) })
      default: Issue.record("\(name) removed: \(String(describing: error))")
      }

      let longer = [tensor.shape[0] + 1] + tensor.shape.dropFirst()
      checkpoint.add(name, longer)
      #expect(
        throws: CheckpointError.wrongShape(path: path, tensor: name, expected: tensor.shape, found: longer)
      ) { try checkpoint.open(in: directory) }

      for poison in [Float.nan, .infinity, -.infinity] {
        var values = tensor.values
        values[values.count - 1] = poison
        checkpoint.tensors[name] = Tensor(shape: tensor.shape, values)
        let error = #expect(throws: CheckpointError.self) { try checkpoint.open(in: directory) }
        guard case .notFinite(path, name, values.count - 1, let value)? = error else {
          Issue.record("\(name) with \(poison): \(String(describing: error))")
          continue
        }
        #expect(value.bitPattern == poison.bitPattern || value.isNaN && poison.isNaN)
      }
    }
  }

  @Test(arguments: TinyCheckpoint.Kind.allCases) func tensorsThatNothingUses(_ kind: TinyCheckpoint.Kind) throws {
    let directory = try TemporaryDirectory()
    var checkpoint = TinyCheckpoint.make(kind)
    checkpoint.add("adapter.down.weight", [2, 12])
    checkpoint.add("qa_outputs.weight", [2, 12])
    #expect(
      throws: CheckpointError.unused(
        path: directory.path + "/model.safetensors", names: ["adapter.down.weight"])
    ) { try checkpoint.open(in: directory) }
  }

  @Test func everyDescriptionSaysWhatToDo() {
    let path = "DIR/config.json"
    let texts: [(TransformerError, [String])] = [
      (
        .unknownModelType(path: path, found: "the string \"t5\""),
        [path, "t5", "bert", "distilbert", "gpt2", "roberta"]
      ),
      (.unsupportedOption(path: path, option: "is_decoder", found: "true", supported: "false"), [path, "is_decoder"]),
      (.impossibleSize(path: path, option: "n_head", found: "7", expected: "a divisor"), [path, "n_head", "7"]),
      (.contradiction(path: "W", tensor: "a", other: "b"), ["W", "a", "b", "tie_word_embeddings"]),
      (.emptySequence(index: 3), ["3"]), (.idOutOfRange(id: 9, position: 4, vocabulary: 8), ["9", "4", "0 to 7"]),
      (.tokenTypeOutOfRange(type: 2, position: 4, types: 2), ["2", "4", "0 to 1"]),
      (.tokenTypeOutOfRange(type: 1, position: 4, types: 0), ["no token types"]),
      (.tokenTypesMismatch(expected: 3, found: 2), ["3", "2"]), (.tooLong(tokens: 9, positions: 8), ["9", "8"]),
      (.differentShape(path: "E", tensor: "hidden", expected: [1], found: [2]), ["E", "hidden", "[1]", "[2]"]),
      (.missingHead(model: "m", head: "classifier", advice: "give another"), ["m", "classifier", "give another"]),
    ]
    for (error, parts) in texts {
      for part in parts { #expect(error.description.contains(part), "\(error.description)") }
    }
  }
}
