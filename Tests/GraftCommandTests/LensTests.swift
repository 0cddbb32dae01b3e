import Checkpoints
import Files
import Foundation
import TestSupport
import Testing

@Suite struct LensTests {
  private static let writer = "imdb-gpt2-wide"

  private func lens(_ arguments: String...) throws -> JSONNode {
    try GraftProcess.run(["lens"] + arguments + ["--json"]).json()["results"].item(0)
  }

  private func levels(_ result: JSONNode) throws -> [[JSONNode]] {
    try result["levels"].array().map { try $0["places"].array() }
  }

  /// PyTorch's results in Float64, through BERT's whole head and through ln_f and the matrix of GPT-2.
  @Test(arguments: [
    ("imdb-bert-1", "the film was directed by [MASK] spielberg, and it is one of his best."),
    ("imdb-gpt2-narrow", "This is one of the best movies I have ever seen, and the acting is"),
  ]) func matchesGoldenFiles(_ model: String, _ text: String) throws {
    let golden = try SafetensorsFile(Repository.fixture("trained/\(model)/expected.safetensors"))
    let result = try lens(model, "--text", text, "--top", "5")
    let levels = try levels(result)
    let (shape, entropy) = try golden.doubles("lens_entropy")
    #expect(levels.count == shape[0] && levels.allSatisfy { $0.count == shape[1] })
    let cells = levels.flatMap { $0 }
    expectClose(
      try cells.map { try $0["entropy"].double() }, entropy, absolute: 1e-4, relative: 1e-4, "entropy")
    expectClose(
      try cells.map { try $0["kl_to_final"].double() }, try golden.doubles("lens_kl_to_final").values, absolute: 1e-4,
      relative: 1e-4, "KL(final ‖ level)")
    let top = try cells.flatMap { try $0["top"].array() }
    expectClose(
      try top.map { log(try $0["probability"].double()) }, try golden.doubles("lens_top_logprob").values,
      absolute: 1e-4, relative: 1e-4, "log-probability of the top tokens")
  }

  /// The last level is the model's own output.
  @Test func endsWithWhatTheModelPredicts() throws {
    let result = try lens(Self.writer, "--text", "I watched this", "--sublayers", "--updates")
    let blocks = try GraftProcess.run("inspect", Self.writer, "--json").json()
    let levels = try levels(result)
    #expect(
      try result["levels"].array().prefix(5).map { try $0["level"].string() } == [
        "embed", "L0.attn", "L0.residMid", "L0.mlp", "L0",
      ])
    #expect((levels.count - 1) % 4 == 0, "\(blocks)")
    let predicted = try GraftProcess.run(
      "predict", Self.writer, "--text", "I watched this", "--top", "10", "--json"
    ).json()["results"].item(0)["places"].item(0)["top"].array()
    let last = try #require(levels.last?.last)
    #expect(try last["top"].array().map { try $0["id"].int() } == predicted.map { try $0["id"].int() })
    #expect(try last["top"].array().map { try $0["logit"].double() } == predicted.map { try $0["logit"].double() })
    #expect(try (levels.last ?? []).allSatisfy { try $0["kl_to_final"].double() == 0 && $0["final_rank"].int() == 1 })
    // The state after a block is the state between its halves plus what the feed-forward layer adds, so they differ.
    #expect(try levels[2].last?["entropy"].double() != levels[4].last?["entropy"].double())
  }

  @Test func followsTheTrueNextToken() throws {
    let result = try lens(Self.writer, "--text", "I watched this", "--target", " movie", "--versus", "␣film")
    let ids = try result["ids"].ints()
    #expect(try result["truth"].array().dropLast().map { try $0.int() } == Array(ids.dropFirst()))
    let last = try #require(try levels(result).last?.last)
    #expect(throws: (any Error).self) { try last["truth"]["rank"].int() }
    let top = try last["top"].item(0)
    #expect(try top["token"].string() == "Ġmovie")
    #expect(try last["target"]["rank"].int() == 1)
    #expect(try abs(exp(last["target"]["logprob"].double()) - top["probability"].double()) < 1e-6)
    #expect(try last["versus"]["rank"].int() > 1)
  }

  /// A token masked by the option is a token masked by hand.
  @Test func masksEachTokenInTurn() throws {
    let each = try levels(lens("imdb-bert-1", "--text", "a great film", "--mask-each"))
    let byHand = try levels(lens("imdb-bert-1", "--text", "a [MASK] film", "--tokens", "2"))
    #expect(each.allSatisfy { $0.count == 3 })
    for (one, other) in zip(each, byHand) {
      #expect(try one[1]["position"].int() == 2)
      expectClose(
        try one[1]["top"].array().map { try $0["logit"].double() },
        try other[0]["top"].array().map { try $0["logit"].double() }, absolute: 1e-4, relative: 1e-4, "logits")
      #expect(try one[1]["truth"]["rank"].int() >= 1)
    }
  }

  @Test func sliceKeepsTheContext() throws {
    let whole = try levels(lens(Self.writer, "--text", "This movie was a waste of"))
    let part = try levels(lens(Self.writer, "--text", "This movie was a waste of", "--slice", "3:5"))
    for (all, some) in zip(whole, part) {
      #expect(try some.map { try $0["position"].int() } == [3, 4])
      #expect(
        try some.map { try $0["top"].item(0)["id"].int() } == all[3..<5].map { try $0["top"].item(0)["id"].int() })
    }
  }

  @Test func borrowsAHead() throws {
    let arguments = ["lens", "imdb-bert-1-sentiment", "--text", "a [MASK] film"]
    let refused = try GraftProcess.run(arguments)
    #expect(
      refused.status == 1 && refused.error.contains("--head embedding") && refused.error.contains("--unembedding"))
    #expect(try GraftProcess.run(arguments + ["--head", "embedding"]).status == 0)
    let borrowed = try GraftProcess.run(arguments + ["--unembedding", "imdb-bert-1", "--json"]).json()
    #expect(
      try borrowed["unembedding_sha256"].string()
        == GraftProcess.run("lens", "imdb-bert-1", "--text", "a", "--json").json()["model_sha256"].string())
  }

  /// The same sizes and other words.
  @Test func refusesTheHeadOfAnotherVocabulary() throws {
    let folder = try TemporaryFolder()
    let base = folder.path("other")
    try FileManager.default.copyItem(atPath: Repository.model("imdb-bert-1"), toPath: base)
    let path = base + "/vocab.txt"
    let vocabulary = try String(contentsOfFile: path, encoding: .utf8)
    try vocabulary.replacing("\nfilm\n", with: "\nanotherfilm\n").write(toFile: path, atomically: true, encoding: .utf8)
    let run = try GraftProcess.run("lens", "imdb-bert-1-sentiment", "--text", "a", "--unembedding", base)
    #expect(run.status == 1 && run.error.contains("shares 8191 of its 8192"), "\(run.error)")
  }

  @Test(arguments: [
    (["--text", ""], 1, "at least one word"), (["--text", "a", "--slice", "4:5"], 1, "graft tokenize"),
    (["--text", "a", "--tokens", "9"], 1, "places 0 to 0"), (["--text", "a", "--mask-each"], 1, "no mask token"),
    (["--text", "a", "--target", "zzzqqq"], 1, "is not one token"), (["--text", "a", "--versus", "b"], 64, "--target"),
    (["--text", String(repeating: "good ", count: 600)], 1, "--max-length 512"),
    (["--text", "a", "--show", "target"], 64, "--target"), (["--text", "a", "--top", "0"], 64, "at least 1"),
  ]) func saysWhatToDoInstead(_ arguments: [String], _ status: Int32, _ advice: String) throws {
    let run = try GraftProcess.run(["lens", Self.writer] + arguments)
    #expect(run.status == status && run.output.isEmpty && run.error.contains(advice), "\(run.error)")
  }

  @Test func writesPictures() throws {
    let folder = try TemporaryFolder()
    let run = try GraftProcess.run(
      "lens", Self.writer, "--text", "This movie was", "--text", "A film", "--svg", folder.path("a.svg"), "--html",
      folder.path("a.html"), "--show", "entropy")
    #expect(run.status == 0 && run.output.contains("entropy") && !run.output.contains("\u{1B}["))
    let svg = try String(contentsOfFile: folder.path("a.svg"), encoding: .utf8)
    #expect(svg.contains("␣movie") && svg.contains("entropy"))
    let html = try String(contentsOfFile: folder.path("a.html"), encoding: .utf8)
    #expect(html.components(separatedBy: "<figure class=\"heat\"").count == 3)
  }
}
