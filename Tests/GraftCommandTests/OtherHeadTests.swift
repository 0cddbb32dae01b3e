import Checkpoints
import Files
import TestSupport
import Testing

/// Checkpoints whose head is not computed: the body runs with one note, and what needs the head fails by name.
@Suite struct OtherHeadTests {
  @Test(arguments: [
    ("question-answering", "BertForQuestionAnswering", "qa_outputs"),
    ("token-classification", "BertForTokenClassification", "classifier"),
  ]) func theBodyRunsWithOneNote(_ test: (fixture: String, modelClass: String, head: String)) throws {
    let checkpoint = try ChangedCheckpoint(test.fixture)
    let states = checkpoint.folder.path("states")
    let run = try checkpoint.run("forward", "--ids", "2,10,20,3", "-o", states, "--json")
    #expect(try run.json()["tensors"]["hidden"].ints() == [3, 4, 8])
    #expect(run.error.split(separator: "\n").count == 1)
    #expect(run.error.contains("the head \(test.head) (\(test.modelClass)) is left out"), "\(run.error)")
    for command in [["classify"], ["lens-classifier"], ["attribute", "--method", "integrated"]] {
      let failed = try GraftProcess.run([command[0], checkpoint.path, "--text", "good"] + command.dropFirst())
      #expect(failed.status == 1)
      #expect(
        failed.error.contains("\(test.modelClass): its head \(test.head) is not a sequence classifier"),
        "\(failed.error)")
    }
    let inspected = try checkpoint.run("inspect", "--json").json()["other_head"]
    #expect(try inspected["model_class"].string() == test.modelClass)
    #expect(try inspected["modules"].strings() == [test.head])
    #expect(try checkpoint.run("inspect").output.contains("left out"))
    let verified = try checkpoint.run("verify", "--expected", states)
    #expect(verified.status == 0 && verified.output.contains("left out: the head \(test.head)"), "\(verified.error)")
  }

  @Test(arguments: ["tied-name-listed", "total-size"]) func anIndexIsReadAsTheReferenceReadsIt(_ name: String) throws {
    let checkpoint = try ChangedCheckpoint(name)
    let result = try checkpoint.run("predict", "--text", "good [MASK] film", "--top", "1", "--json").json()
    let best = try result["results"].item(0)["places"].item(0)["top"].item(0)
    expectClose([try best["logit"].double()], [3.5279154777526855], absolute: 1e-5, relative: 1e-5, "logit")
  }

  @Test func aNeededTensorThatNoShardHoldsIsNamed() throws {
    let checkpoint = try ChangedCheckpoint("tied-name-listed", config: ["tie_word_embeddings": false])
    let run = try checkpoint.run("predict", "--text", "good [MASK] film")
    #expect(run.status == 1 && run.error.contains("cls.predictions.decoder.weight"), "\(run.error)")
  }
}
