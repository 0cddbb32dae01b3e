import Evaluation
import Testing

/// A dataset's labels and a model's classes.
@Suite struct LabelOrderTests {
  private let folder: TestFolder

  init() throws { folder = try TestFolder() }

  private func dataset(_ labels: [String]) throws -> Dataset {
    let lines = ["text,label"] + labels.enumerated().map { "text \($0),\($1)" }
    return try Dataset.read(try folder.write(lines.joined(separator: "\n"), to: "a.csv"))
  }

  @Test(arguments: [
    (["positive", "negative"], ["negative", "positive"], [1, 0], LabelOrder.names),
    (["positive", "negative"], ["positive", "negative"], [0, 1], .names),
    (["Positive", "NEG", "pos "], ["POSITIVE", "NEGATIVE"], [0, 1, 0], .names),
    (["pos", "neg"], ["NEG", "NEU", "POS"], [2, 0], .names),
    (["pos", "neg"], ["LABEL_0", "LABEL_1"], [1, 0], .assumed),
    (["neutral", "positive"], ["negative", "neutral", "positive"], [1, 2], .names),
    (["sports", "WORLD", "Sci/Tech"], ["World", "Sports", "Business", "Sci/Tech"], [1, 0, 3], .names),
    (["1", "0", "1.0"], ["positive", "negative"], [1, 0, 1], .names),
    (["1", "0"], ["LABEL_0", "LABEL_1"], [1, 0], .assumed),
    (["LABEL_1", "LABEL_0"], ["LABEL_0", "LABEL_1"], [1, 0], .names),
    (["LABEL_1", "label_0"], ["LABEL_1", "LABEL_0"], [0, 1], .names),
    (["LABEL_1", "LABEL_1"], ["negative", "positive"], [1, 1], .names),
    (["3", "1"], ["1", "2", "3"], [2, 0], .names),
    (["True", "false"], ["negative", "positive"], [1, 0], .names),
    (["True", "True"], ["true", "false"], [0, 0], .names),
    (["True", "false"], ["LABEL_0", "LABEL_1"], [1, 0], .assumed), (["1", "0"], ["0", "1"], [1, 0], .names),
    (["positive"], ["other", "positive"], [1], .names),
  ])
  func match(labels: [String], names: [String], expected: [Int], order: LabelOrder) throws {
    let file = try dataset(labels)
    let found = try file.labelled(for: ClassNames(names, of: "model"))
    #expect(found.reviews.map(\.label) == expected)
    #expect(found.labelOrder == order)
    #expect(try found.sha256() == file.sha256(), "the digest is of the file")
  }

  @Test(arguments: [
    (
      ["positive", "mixed"], ["negative", "positive"],
      "a.csv (row/2): expected a label among the 2 classes of model "
        + "(negative, positive), found \"mixed\"; label the reviews with these names"
    ),
    (
      ["0", "2"], ["negative", "positive"],
      "a.csv (row/2): expected a label among the 2 classes of model (negative, positive), found 2;"
    ),
    (["pos", "neg"], ["LABEL_0", "LABEL_1", "LABEL_2"], "found \"positive\"; name the classes in id2label"),
    (["World", "Sports"], ["LABEL_0", "LABEL_1"], "found \"World\"; name the classes in id2label"),
    (["pos", "neg"], ["positive", "POS"], "model: expected a name of its own for each class, found positive and POS"),
    (["0", "1"], ["1", "2"], "found 0"),
    (["True"], ["a"], "found \"true\""),
  ])
  func contradictionsNameBothSides(labels: [String], names: [String], found: String) throws {
    let file = try dataset(labels)
    let error = message { _ = try file.labelled(for: ClassNames(names, of: "model")) }
    #expect(error.contains(found), "\(error)")
  }

  @Test func theDigestIsOfNumbersOrWords() throws {
    #expect(try dataset(["pos", "NEGATIVE"]).sha256() == dataset(["1", "0.0"]).sha256())
    #expect(try dataset(["World", "sports"]).sha256() == dataset(["world", "Sports"]).sha256())
    #expect(try dataset(["World", "Sports"]).sha256() != dataset(["Sports", "World"]).sha256())
    #expect(try dataset(["World", "Sports"]).sha256() != dataset(["1", "0"]).sha256())
  }

  /// A part keeps the names of the whole, so that a class without reviews keeps its number.
  @Test func partsKeepTheClasses() throws {
    let file = try dataset(["b", "a", "c", "c", "c", "c", "c", "c"])
    let part = try file.subset(limit: 1, seed: 1)
    #expect(part.classNames == ["a", "b", "c"])
    #expect(try part.labelled(for: ClassNames(["c", "b", "a"], of: "model")).reviews.map(\.label) == [0])
  }
}
