import Files
import Foundation
import TestSupport
import Testing

/// The datasets that commands read.
@Suite struct DatasetCommandTests {
  let folder: TemporaryFolder
  let model: String

  init() throws {
    folder = try TemporaryFolder()
    model = try WordClassifier.write([("negative", .negative), ("positive", .positive)], to: folder, as: "model")
  }

  private func evaluate(_ dataset: String, _ options: [String] = []) throws -> GraftRun {
    try GraftProcess.run(["evaluate", model, "--dataset", dataset, "--json"] + options)
  }

  @Test(arguments: [
    ("a.csv", "review,sentiment\n\"a \"\"good\"\" film,\nreally\",positive\nbad film,negative\n"),
    ("a.csv", "\u{FEFF}review,sentiment\r\ngood film,positive\r\nbad film,negative\r\n"),
    ("a.csv", ",review,sentiment,id\n0,good film,positive,a\n1,bad film,negative,b\n"),
    ("a.csv", "review,sentiment\na 5\" screen and a \"good\" film,positive\nbad film,negative\n"),
    ("a.csv", "review,sentiment\ngood film,pos\nbad film,neg\n"),
    ("a.csv", "review,sentiment\ngood film,Positive\nbad film,Negative\n"),
    ("a.csv", "review,sentiment\ngood film,1.0\nbad film,0.0\n"), ("a.csv", "text,label\ngood film,1\nbad film,0\n"),
    ("a.csv", "Review,Sentiment\ngood film,positive\nbad film,negative\n"),
    ("a.csv", "\"label\",\"sentence\"\nPOS,good film\nNEG,bad film\n"),
    ("a.tsv", "sentence\tlabel\ngood film\t1\nbad film\t0\n"),
    ("a.jsonl", "{\"text\":\"good film\",\"label\":1}\n{\"text\":\"bad film\",\"label\":0}\n"),
    ("a.jsonl", "{\"id\":7,\"text\":\"good film\",\"label\":1}\n{\"id\":8,\"text\":\"bad film\",\"label\":0}\n"),
    (
      "a.jsonl",
      "{\"content\":\"good film\",\"label\":\"POS\",\"x\":[1]}\n{\"content\":\"bad film\",\"label\":\"neg\",\"y\":2}\n"
    ),
    ("a.json", "[{\"text\":\"good film\",\"label\":\"1\"},{\"text\":\"bad film\",\"label\":\"0\"}]"),
    ("a.ndjson", "{\"text\":\"good film\",\"label\":true}\n{\"text\":\"bad film\",\"label\":false}\n"),
  ])
  func spellings(name: String, text: String) throws {
    let result = try evaluate(try folder.write(text, to: name)).json()
    #expect(try result["n"].int() == 2)
    #expect(try result["classes"].array().map { try $0["support"].int() } == [1, 1])
  }

  @Test func namedColumnsOfEveryCommand() throws {
    let data = try folder.write("body,stance\ngood film,positive\nbad film,negative\n", to: "a.csv")
    let columns = ["--text-column", "body", "--label-column", "stance"]
    let commands = [
      ["evaluate", model], ["lens-classifier", model], ["lens", model, "--head", "embedding"], ["attribute", model],
      ["identify", model, "--measure", "attention", "--lengths", "3"], ["experiment", "keep-k", model, "--k", "2"],
      ["experiment", "recall", model],
      [
        "stitch", "--pretrained", model, "--finetuned", model, "--keep", "1", "--transplant", "1", "--unlabelled", data,
        "-o", folder.path("stitch"),
      ],
      ["finetune", model, "--test", data, "--epochs", "1", "-o", folder.path("tuned")],
      ["lens-fit", model, "--head", "embedding", "-o", folder.path("lens.safetensors")],
    ]
    for command in commands {
      let plain = try GraftProcess.run(command + ["--dataset", data])
      #expect(plain.status == 1, "\(command)")
      #expect(
        plain.error.contains("a.csv (line 1)")
          && plain.error.contains(
            "found the columns \"body\", \"stance\"; --text-column and --label-column name the columns"),
        "\(command): \(plain.error)")
      let named = try GraftProcess.run(command + ["--dataset", data] + columns)
      #expect(named.status == 0, "\(command): \(named.error)")
    }
    let corpus = try GraftProcess.run(["project", model, "--ff-value", "L0:0", "--corpus", data] + columns)
    #expect(corpus.status == 0, "\(corpus.error)")
    let alone = try GraftProcess.run(["project", model, "--ff-value", "L0:0"] + columns)
    #expect(alone.status == 64 && alone.error.contains("--corpus"), "\(alone.error)")
    let options = try evaluate(data, columns).json()["options"]
    #expect(try options["text_column"].string() == "body" && options["label_column"].string() == "stance")
  }

  @Test func aFolderHasNoColumns() throws {
    for name in ["pos/1", "neg/1"] { try folder.write("good film", to: "aclImdb/test/\(name).txt") }
    let run = try evaluate(folder.path("aclImdb"), ["--label-column", "x"])
    #expect(
      run.status == 1 && run.error.contains("a folder has none") && run.error.contains("--label-column"), "\(run.error)"
    )
  }

  /// What may be unexpected is said, and counted.
  @Test func emptyAndRepairedTextsAreNoted() throws {
    let bytes = Array("text,label\n,1\nfilm ".utf8) + [0xFF] + Array(",0\n".utf8)
    let run = try evaluate(try folder.write(bytes, to: "a.csv"))
    #expect(run.status == 0)
    #expect(run.error.contains("1 of the 2 texts of a.csv are empty"), "\(run.error)")
    #expect(run.error.contains("1 of the 2 texts of a.csv hold bytes that are not UTF-8"), "\(run.error)")
    #expect(try evaluate(try folder.write("text,label\ngood,1\n", to: "b.csv")).error.isEmpty)
  }
}
