import Files
import Foundation
import TestSupport
import Testing

/// What the numbers of a classifier mean, with the values of the text-classification pipeline of transformers 5.
@Suite struct ProblemTypeTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let fixture: String
    var problem: JSON? = nil
    let logits: [Double]
    let probabilities: [Double]?
    let expected: String

    var testDescription: String { "\(fixture) \(problem.map { $0.serialized() } ?? "as it is")" }

    func checkpoint() throws -> ChangedCheckpoint {
      try ChangedCheckpoint(fixture, config: problem.map { ["problem_type": $0] } ?? [:])
    }
  }

  private static let one = [-0.9317603707313538]
  private static let three = [-0.6623347401618958, -1.4776124954223633, -0.5833740830421448]
  private static let two = [-2.5601985454559326, 3.6823112964630127]
  static let (single, multi, regression) = (
    "single_label_classification", "multi_label_classification", "regression"
  )

  static let cases = [
    Case(fixture: "one-label", logits: one, probabilities: [0.28256770968437195], expected: multi),
    Case(
      fixture: "one-label", problem: .string(multi), logits: one, probabilities: [0.28256770968437195], expected: multi),
    Case(fixture: "one-label", problem: .string(regression), logits: one, probabilities: nil, expected: regression),
    Case(
      fixture: "multi-label", logits: three,
      probabilities: [0.3402153551578522, 0.18578830361366272, 0.35815662145614624], expected: multi),
    Case(fixture: "multi-label", problem: .string(regression), logits: three, probabilities: nil, expected: regression),
    // Softmax of the three.
    Case(
      fixture: "multi-label", problem: .null, logits: three,
      probabilities: [0.39609009252049354, 0.17527636143460748, 0.428633546044899], expected: single),
    Case(
      fixture: "single-label", logits: two, probabilities: [0.0019411920802667737, 0.9980587363243103], expected: single
    ),
    Case(
      fixture: "single-label", problem: .string(multi), logits: two,
      probabilities: [0.07174431859351606, 0.9754529752213603], expected: multi),
  ]

  private func expect(_ result: JSONNode, _ test: Case) throws {
    func close(_ key: String, _ values: [Double]) throws {
      expectClose(
        try result[key].array().map { try $0.double() }, values, absolute: 2e-6, relative: 1e-5, key)
    }
    try close("logits", test.logits)
    if let probabilities = test.probabilities {
      try close("probabilities", probabilities)
      let best = test.logits.indices.max { test.logits[$0] < test.logits[$1] }
      #expect(try result["predicted"].int() == best)
    } else {
      #expect(result["probabilities"].value == .null && result["predicted"].value == .null)
    }
  }

  @Test(arguments: cases) func classify(_ test: Case) throws {
    let object = try test.checkpoint().run("classify", "--text", "hello good film", "--json").json()
    #expect(try object["problem_type"].string() == test.expected)
    try expect(object["results"].item(0), test)
  }

  /// The last level is the classifier's own answer.
  @Test(arguments: cases) func lensClassifier(_ test: Case) throws {
    let checkpoint = try test.checkpoint()
    let object = try checkpoint.run("lens-classifier", "--text", "hello good film", "--json").json()
    #expect(try object["problem_type"].string() == test.expected)
    try expect(try #require(try object["results"].item(0)["levels"].array().last), test)
    let text = try checkpoint.run("lens-classifier", "--text", "hello good film").output
    let shown = test.probabilities.map { String(format: "%.3f", $0[0]) } ?? String(format: "%.2f", test.logits[0])
    #expect(text.contains(shown), "\(text)")
  }

  @Test(arguments: cases) func attribute(_ test: Case) throws {
    let object = try test.checkpoint().run(
      "attribute", "--text", "hello good film", "--method", "integrated", "--class", "0", "--json"
    ).json()
    #expect(try object["problem_type"].string() == test.expected)
    let score = try object["results"].item(0)["score"].double()
    expectClose([score], [test.logits[0]], absolute: 2e-6, relative: 1e-5, "score")
  }

  @Test func tablesSayWhatTheyShow() throws {
    let regression = try ChangedCheckpoint("one-label", config: ["problem_type": "regression"])
    let number = try regression.run("classify", "--text", "hello good film").output
    #expect(number.contains("-0.9318") && number.contains("not probabilities") && !number.contains("1.000"))
    let several = try ChangedCheckpoint("multi-label").run("classify", "--text", "hello good film").output
    for shown in ["LABEL_0", "LABEL_2", "0.340", "0.186", "0.358"] { #expect(several.contains(shown), "\(several)") }
    let of3 = try ChangedCheckpoint("multi-label", config: ["problem_type": "regression"])
    let unnamed = try of3.run("attribute", "--text", "good", "--method", "integrated")
    #expect(unnamed.status != 0 && unnamed.error.contains("--class"))
  }

  /// What counts right answers refuses what has none.
  @Test(arguments: [cases[0], cases[2], cases[3], cases[7]]) func accuracyIsRefused(_ test: Case) throws {
    let checkpoint = try test.checkpoint()
    let data = try checkpoint.folder.write(
      #"{"id": "a", "text": "good", "label": 0}"# + "\n" + #"{"id": "b", "text": "film", "label": 1}"# + "\n",
      to: "data.jsonl")
    let out = checkpoint.folder.path("out")
    for options in [
      ["evaluate", checkpoint.path, "--dataset", data], ["lens-classifier", checkpoint.path, "--dataset", data],
      ["finetune", checkpoint.path, "--dataset", data, "--test", data, "-o", out],
      [
        "stitch", "--pretrained", checkpoint.path, "--finetuned", checkpoint.path, "--transplant", "1", "--dataset",
        data,
        "-o", out,
      ],
    ] {
      let run = try GraftProcess.run(options)
      #expect(run.status == 1 && run.error.contains("problem_type"), "\(options[0]): \(run.error)")
    }
  }

  @Test func contradictionsAreRefused() throws {
    let three: JSON = ["0": "a", "1": "b", "2": "c"]
    for (fixture, changes, key) in [
      ("one-label", ["problem_type": .string(Self.single)], "problem_type"),
      ("single-label", ["problem_type": "single"], "problem_type"),
      ("single-label", ["problem_type": 2], "problem_type"),
      ("single-label", ["id2label": three], "id2label"),
      ("single-label", ["id2label": ["1": "a", "2": "b"]], "id2label"),
      ("single-label", ["num_labels": 3], "num_labels"), ("multi-label", ["id2label": ["0": "a"]], "id2label"),
      ("multi-label", ["num_labels": 2], "num_labels"),
    ] as [(String, [String: JSON?], String)] {
      let checkpoint = try ChangedCheckpoint(fixture, config: changes)
      let run = try checkpoint.run("classify", "--text", "good")
      #expect(run.status == 1 && run.error.contains(key), "\(changes): \(run.error)")
      #expect(try checkpoint.run("forward", "--ids", "2,10", "-o", checkpoint.folder.path("s")).status == 0)
    }
  }
}
