import Checkpoints
import DenseMath
import Evaluation
import Files
import Foundation
import Stitching
import TestSupport
import Testing
import Tokenization
import Transformer

/// The reference's logits for 400 real reviews, every recorded cut and map, review by review.
@Suite struct ReferenceStitchTests {
  @Test(arguments: [
    ("imdb-bert-2", "imdb-bert-1-sentiment"), ("imdb-gpt2-wide", "imdb-gpt2-narrow-sentiment"),
  ])
  func everyRecordedLogitMatches(_ pretrained: String, _ finetuned: String) throws {
    let stored = try JSONNode.read(Places.fixture("trained/\(pretrained)-to-\(finetuned)/stitch.json"))
    let (a, b) = (try Model(directory: Places.model(pretrained)), try Model(directory: Places.model(finetuned)))
    let transplanted = try stored["transplanted"].int()
    let maps = try StitchingMaps(a, b, allowsPartialVocabulary: false, seed: 1, threads: .available)
    let kinds: [MapRecipe] =
      a.dimensions.hidden == b.dimensions.hidden ? [.pinv, .transpose, .identity] : [.pinv, .transpose]
    let sweep = try StitchSweep(
      pretrained: a, finetuned: b, kept: Array(0...a.dimensions.layers), transplanted: [transplanted],
      maps: kinds.map { try maps.map($0) }, options: .plain)

    let dataset = try Dataset.read(Places.reviews).selecting(idsIn: Places.referenceIDs)
    let encoded = try EncodedReviews(
      dataset, tokenizer: Tokenizer.load(directory: a.tokenizerDirectory, modelType: a.modelType), cleaning: .br,
      maxLength: try stored["max_length"].int(), threads: .available)
    let workspace = Workspace()
    var logits: [String: [String: [Float]]] = [:]
    var correct: [String: Int] = [:]
    for batch in encoded.batches {
      let reviews = Array(encoded.reviews[batch])
      for record in try sweep.records(readByA: reviews, readByB: reviews, workspace: workspace) {
        let (point, prediction) = (record.point, record.prediction)
        let key = "\(point.map)/\(point.cut.kept)"
        logits[key, default: [:]][prediction.id] = prediction.logits
        correct[key, default: 0] += prediction.isCorrect ? 1 : 0
      }
    }
    // The classifier itself, whole, without the sweep.
    for index in encoded.batches.indices {
      for prediction in try encoded.predictions(of: b, batch: index, workspace: workspace) {
        logits["B", default: [:]][prediction.id] = prediction.logits
        correct["B", default: 0] += prediction.isCorrect ? 1 : 0
      }
    }
    let end = b.dimensions.layers - transplanted
    #expect(logits["self/\(end)"] == logits["B"], "B fed its own state must be B, bit for bit")

    let ids = try stored["reviews"].array().map { try $0.string() }
    #expect(ids.count == 400)
    let exact = try SafetensorsFile(Places.fixture("trained/\(pretrained)-to-\(finetuned)/stitch.safetensors"))
    for member in try stored["logits"].members() {
      let actual = ids.flatMap { logits[member.key]?[$0] ?? [] }
      let isTransposed = member.key.hasPrefix("transpose")
      // Largest measured error: 3.0e-6 of the largest magnitude, and 6.8e-5 where BERT's transposed map, whose states
      // are a hundred times as long as its own, saturates attention.
      expectCloseToLargest(
        actual, try exact.doubles(member.key).values, fraction: isTransposed ? 1e-4 : 2e-5, "\(member.key), float64")
      // The stored reference is Float32 and itself up to 1.2e-4 off there; 3.0e-6 elsewhere.
      let expected = try stored["logits"][member.key].array().flatMap { try $0.array().map { try $0.double() } }
      expectCloseToLargest(actual, expected, fraction: isTransposed ? 2e-4 : 2e-5, member.key)
      let accuracy = try stored["accuracy"][member.key].double()
      #expect(Double(correct[member.key] ?? 0) / 400 == accuracy, "accuracy of \(member.key)")
    }
  }
}
