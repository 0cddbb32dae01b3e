import Files
import Foundation
import TestSupport
import Testing

/// A cased BERT as TensorFlow's first releases have it, through the command line: capitals are kept, also in what is
/// written from it.
@Suite struct FirstReleaseTests {
  private let folder: TemporaryFolder
  private static let words =
    ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "The", "the", "film", "Film", "is", "good", "bad"]

  init() throws {
    folder = try TemporaryFolder()
    let source = Repository.path + "/Tests/CheckpointsTests/Fixtures/tensorflow"
    for name in ["bert_config.json", "bert_model.ckpt.index", "bert_model.ckpt.data-00000-of-00001"] {
      try folder.write(Array(Data(contentsOf: URL(fileURLWithPath: source + "/" + name))), to: "cased/" + name)
    }
    let words = Self.words + (Self.words.count..<21).map { "[unused\($0)]" }
    try folder.write(words.joined(separator: "\n") + "\n", to: "cased/vocab.txt")
  }

  private func ids(_ model: String) throws -> [Int] {
    let run = try GraftProcess.run("tokenize", model, "--text", "The film is Film", "--json")
    return try JSONNode(JSON.parse(run.output, path: ""), path: "")["ids"].ints()
  }

  @Test func keepsCapitals() throws {
    let model = folder.path("cased")
    let run = try GraftProcess.run("tokenize", model, "--text", "The film is Film")
    #expect(run.status == 0 && run.hasOnlyNotes)
    #expect(run.error.contains("2 of 21 tokens have capital letters; text is not lower-cased"), "\(run.error)")
    #expect(try ids(model) == [2, 5, 7, 9, 8, 3])
    let inspected = try GraftProcess.run("inspect", model, "--json").json()["tokenizer"]
    #expect(try inspected["settings"]["do_lower_case"].string() == "false" && inspected["warnings"].array().count == 1)

    let converted = try GraftProcess.run("convert", model, "-o", folder.path("converted"))
    #expect(converted.status == 0, "\(converted.error)")
    let dataset = try folder.write(
      "text,label\nThe good film,1\nthe bad Film,0\nFilm is good,1\nthe film is bad,0\n", to: "reviews.csv")
    let tuned = try GraftProcess.run(
      "finetune", model, "--dataset", dataset, "--test", dataset, "--epochs", "1", "--unfreeze", "1", "-o",
      folder.path("tuned"))
    #expect(tuned.status == 0, "\(tuned.error)")
    for name in ["converted", "tuned"] {
      #expect(try ids(folder.path(name)) == [2, 5, 7, 9, 8, 3], "\(name)")
      let settings = try JSONNode.read(folder.path(name) + "/tokenizer_config.json")
      #expect(try !settings["do_lower_case"].bool())
    }
  }
}
