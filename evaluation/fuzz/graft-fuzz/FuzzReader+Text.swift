import Evaluation
import Files
import TestSupport

extension FuzzReader {
  /// The readers of JSON, and of datasets in each form.
  static func text(in folder: TemporaryFolder) throws -> [FuzzReader] {
    let fixtures = "Tests/EvaluationTests/Fixtures/"
    func dataset(_ suffix: String, _ files: [String]) throws -> FuzzReader {
      FuzzReader(name: "dataset.\(suffix)", seeds: try files.map { try seed(fixtures + $0) }) {
        let dataset = try Dataset.read(folder.write($0, to: "dataset.\(suffix)"))
        _ = try dataset.sha256()
        let part = try dataset.subset(limit: 2, seed: 1)
        guard !dataset.reviews.isEmpty, part.reviews.count == min(2, dataset.reviews.count) else {
          throw FuzzError.wrongResult("\(part.reviews.count) of \(dataset.reviews.count) reviews")
        }
      }
    }
    let documents = [
      fixtures + "datasets-array.json", "Tests/TransformerTests/Fixtures/tiny/gpt2/config.json",
      "evaluation/fuzz/seeds/wordpiece.json",
    ]
    return [
      FuzzReader(name: "json", seeds: try documents.map(seed)) {
        let value = try $0.withUnsafeBytes { try JSON.parse($0, path: "/x") }
        // A whole number reads back as an integer, which is written the same.
        let text = value.serialized(.pretty)
        guard try JSON.parse(text, path: "/x").serialized(.pretty) == text else {
          throw FuzzError.wrongResult("a value that reads back as another: \(text)")
        }
      },
      try dataset("csv", ["datasets.csv", "datasets-bool.csv"]), try dataset("tsv", ["datasets.tsv"]),
      try dataset("jsonl", ["datasets.jsonl", "datasets-bool.jsonl"]), try dataset("json", ["datasets-array.json"]),
    ]
  }
}
