import Files
import Foundation
import TestSupport
import Testing

/// Datasets meet models by the names of classes, in every command that uses labels.
@Suite struct LabelOrderCommandTests {
  let folder: TemporaryFolder
  let reviews: String

  init() throws {
    folder = try TemporaryFolder()
    reviews = try folder.write(WordClassifier.reviews, to: "reviews.csv")
  }

  private func model(
    _ classes: [(name: String, meaning: WordClassifier.Meaning)], label2id: JSON? = nil, as name: String = "model"
  ) throws -> String {
    try WordClassifier.write(classes, label2id: label2id, to: folder, as: name)
  }

  private static let orders: [[(name: String, meaning: WordClassifier.Meaning)]] = [
    [("negative", .negative), ("positive", .positive)], [("positive", .positive), ("negative", .negative)],
    [("Positive", .positive), ("NEGATIVE", .negative)], [("NEG", .negative), ("NEU", .never), ("POS", .positive)],
    [("neutral", .never), ("positive", .positive), ("negative", .negative)],
  ]

  @Test(arguments: 0..<orders.count) func wordsAreMatchedByName(order: Int) throws {
    let model = try model(Self.orders[order])
    let result = try GraftProcess.run("evaluate", model, "--dataset", reviews, "--json").json()
    #expect(try result["accuracy"].double() == 1 && result["n"].int() == 4)
    #expect(try result["label_order"].string() == "names")
    #expect(try result["labels"].strings() == Self.orders[order].map(\.name))
    let table = try GraftProcess.run("evaluate", model, "--dataset", reviews)
    #expect(table.output.contains("matched by the names of the classes"), "\(table.output)")
    let classified = try GraftProcess.run("classify", model, "--text", "good film", "--json").json()
    #expect(try classified["results"].item(0)["label"].string().lowercased().hasPrefix("pos"))
  }

  @Test func numbersAreThePlacesOfClasses() throws {
    let numbers = try folder.write("text,label\ngood film,1\nbad film,0\n", to: "numbers.csv")
    for (index, accuracy) in [1.0, 0.0].enumerated() {
      let model = try model(Self.orders[index], as: "\(index)")
      let result = try GraftProcess.run("evaluate", model, "--dataset", numbers, "--json").json()
      #expect(try result["accuracy"].double() == accuracy && result["label_order"].string() == "names")
      let table = try GraftProcess.run("evaluate", model, "--dataset", numbers)
      #expect(table.output.contains("numbers are their places"), "\(table.output)")
    }
  }

  @Test func withoutNamesLabelOneIsAssumedPositive() throws {
    let model = try model([("LABEL_0", .negative), ("LABEL_1", .positive)])
    let result = try GraftProcess.run("evaluate", model, "--dataset", reviews, "--json").json()
    #expect(try result["accuracy"].double() == 1 && result["label_order"].string() == "assumed")
    let table = try GraftProcess.run("evaluate", model, "--dataset", reviews)
    #expect(table.output.contains("assumed: the model's classes have no names, label 1 is taken for positive"))
  }

  @Test func contradictionsFail() throws {
    let named = try model(Self.orders[0], as: "named")
    let spam = try model([("ham", .negative), ("spam", .positive)], as: "spam")
    let swapped = try model(Self.orders[0], label2id: ["negative": 1, "positive": 0], as: "swapped")
    let unnamed = try model(
      [("LABEL_0", .negative), ("LABEL_1", .positive)], label2id: ["positive": 0, "negative": 1], as: "unnamed")
    let three = try folder.write("text,label\ngood film,1\nbad film,2\n", to: "three.csv")
    for (model, dataset, found) in [
      (named, three, "expected a label among the 2 classes of named (negative, positive), found 2"),
      (spam, reviews, "expected a label among the 2 classes of spam (ham, spam), found \"positive\""),
      (swapped, reviews, "label2id): expected id2label and label2id to agree, found negative for class 1"),
      (unnamed, reviews, "label2id): expected id2label and label2id to agree, found negative for class 1"),
    ] {
      for command in [
        ["evaluate", model], ["lens-classifier", model],
        ["finetune", named, "--labels", "x,y", "-o", folder.path("f")],
        [
          "stitch", "--pretrained", model, "--finetuned", model, "--keep", "1", "--transplant", "1", "-o",
          folder.path("s"),
        ],
      ] where command[0] != "finetune" || dataset == reviews {
        let run = try GraftProcess.run(command + ["--dataset", dataset])
        #expect(run.status == 1, "\(command): \(run.output)")
        #expect(
          command[0] == "finetune" ? run.error.contains("(x, y), found") : run.error.contains(found), "\(run.error)")
      }
    }
    // Placeholders beside names say nothing else.
    let harmless = try model(Self.orders[1], label2id: ["LABEL_0": 0, "LABEL_1": 1], as: "harmless")
    #expect(try GraftProcess.run("evaluate", harmless, "--dataset", reviews, "--json").json()["accuracy"].double() == 1)
  }

  @Test func everyCommandWithLabels() throws {
    let model = try model(Self.orders[1])
    let lens = try GraftProcess.run("lens-classifier", model, "--dataset", reviews, "--json").json()
    #expect(try lens["label_order"].string() == "names")
    #expect(try #require(lens["levels"].array().last)["accuracy"].double() == 1)
    #expect(
      try GraftProcess.run("lens-classifier", model, "--dataset", reviews).output.contains("matched by the names"))
    let stitched = try GraftProcess.run(
      "stitch", "--pretrained", model, "--finetuned", model, "--keep", "1", "--transplant", "1", "--maps", "identity",
      "--dataset", reviews, "-o", folder.path("stitch"), "--json"
    ).json()
    #expect(try stitched["label_order"].string() == "names")
    #expect(try stitched["baselines"]["finetuned"].double() == 1)
    let other = try self.model(Self.orders[0], as: "other")
    let grid = try folder.write(
      """
      {"schema": 1, "models": [{"pretrained": ["\(model)"], "finetuned": ["\(model)", "\(other)"]}], "keep": [1],
       "transplant": [1], "maps": ["identity"], "dataset": "\(reviews)", "text_column": "REVIEW"}
      """, to: "grid.json")
    let experiment = try GraftProcess.run("experiment", "stitch", grid, "-o", folder.path("grid"), "--json").json()
    #expect(try experiment["label_orders"].strings() == ["names", "names"])
    let again = try GraftProcess.run("experiment", "stitch", grid, "-o", folder.path("grid"), "--resume")
    #expect(again.output.contains("labels: matched by the names of the classes"), "\(again.error)")
    #expect(try experiment["baselines"].array().map { try $0["finetuned"].double() } == [1, 1])
  }

  /// Two models whose classes stand in other orders are compared by the names of the classes.
  @Test func comparedByName() throws {
    for index in 0...1 {
      let model = try model(Self.orders[index], as: "\(index)")
      _ = try GraftProcess.run("evaluate", model, "--dataset", reviews, "-o", folder.path("run\(index)"))
    }
    let result = try GraftProcess.run("compare", folder.path("run0"), folder.path("run1"), "--json").json()
    #expect(try result["both_correct"].int() == 4 && result["n"].int() == 4)
    let numbers = try folder.write("review,sentiment\ngood film,0\nbad film,0\ngood world,1\nbad cafe,0\n", to: "n.csv")
    _ = try GraftProcess.run("evaluate", folder.path("0"), "--dataset", numbers, "-o", folder.path("numbers"))
    let other = try GraftProcess.run("compare", folder.path("run1"), folder.path("numbers"))
    #expect(
      other.status == 1 && other.error.contains("row/1: the first run has the label positive, the second negative"),
      "\(other.error)")
  }

  private func tune(_ start: String, _ dataset: String, _ options: [String] = [], name: String = "tuned") throws
    -> GraftRun
  {
    try GraftProcess.run(
      ["finetune", start, "--dataset", dataset, "--test", dataset, "--epochs", "1", "-o", folder.path(name), "--json"]
        + options)
  }

  private func names(_ name: String = "tuned") throws -> [String] {
    let config = try JSONNode.read(folder.path(name) + "/config.json")
    let places = try config["id2label"].members().map(\.key).sorted()
    let names = try places.map { try config["id2label"][$0].string() }
    for (place, name) in names.enumerated() { #expect(try config["label2id"][name].int() == place) }
    return names
  }

  @Test func fineTuningKeepsNames() throws {
    let base = try model([], as: "base")
    let result = try tune(base, reviews).json()
    #expect(try names() == ["negative", "positive"])
    #expect(
      try result["label_order"].string() == "names"
        && result["options"]["labels"].strings() == ["negative", "positive"])
    for (number, order) in Self.orders.enumerated() {
      let start = try model(order, as: "start\(number)")
      // A rate at which nothing moves: the classifier goes on from its own weights, and must still be right.
      let tuned = try tune(start, reviews, ["--learning-rate", "1e-12"], name: "tuned\(number)").json()
      #expect(try names("tuned\(number)") == order.map(\.name))
      #expect(try tuned["accuracy"].double() == 1)
    }
    let topics = try folder.write(
      "text,label\ngood,World\nbad,Sports\nfilm,Sci/Tech\nworld,sports\n", to: "topics.csv")
    _ = try tune(base, topics, name: "topics").json()
    #expect(try names("topics") == ["Sci/Tech", "Sports", "World"])
    let again = try GraftProcess.run("evaluate", folder.path("topics"), "--dataset", topics, "--json").json()
    #expect(
      try again["label_order"].string() == "names"
        && again["classes"].array().map { try $0["support"].int() } == [1, 2, 1])
    let numbers = try folder.write("text,label\ngood film,1\nbad film,0\n", to: "numbers.csv")
    _ = try tune(base, numbers, name: "unnamed").json()
    #expect(try names("unnamed") == ["LABEL_0", "LABEL_1"])
    _ = try tune(folder.path("start1"), numbers, name: "kept").json()
    #expect(try names("kept") == ["positive", "negative"])
    _ = try tune(base, reviews, ["--labels", "positive,negative"], name: "given").json()
    #expect(try names("given") == ["positive", "negative"])
    // The weights of a class stay with its name.
    let turned = try tune(
      folder.path("start0"), reviews, ["--labels", "positive,negative", "--learning-rate", "1e-12"], name: "turned"
    ).json()
    #expect(try names("turned") == ["positive", "negative"] && turned["accuracy"].double() == 1)
  }

  @Test func fineTuningOnAFolder() throws {
    for (name, text) in [("pos/1", "good film"), ("neg/1", "bad film")] {
      for split in ["train", "test"] { try folder.write(text, to: "aclImdb/\(split)/\(name).txt") }
    }
    _ = try tune(try model([], as: "base"), folder.path("aclImdb")).json()
    #expect(try names() == ["negative", "positive"])
  }
}
