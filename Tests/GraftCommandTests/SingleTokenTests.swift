import Files
import TestSupport
import Testing

/// `lens --target` and its like take one token; a word is often another token after a space.
@Suite struct SingleTokenTests {
  private static let gpt2 = ["lens", "imdb-gpt2-wide", "--text", "a waste of"]

  @Test(arguments: [
    (["--target", "awful"], "--target \"awful\" is not one token", "2 tokens: aw ful; did you mean ' awful'"),
    (["--target", " good", "--versus", "awful"], "--versus \"awful\" is not one token", "did you mean ' awful'"),
    (["--target", "zzzqqq"], "--target \"zzzqqq\"", "begin with the space"),
  ]) func namesTheTokenThatWasMeant(_ options: [String], _ what: String, _ advice: String) throws {
    let run = try GraftProcess.run(Self.gpt2 + options)
    #expect(run.status == 1 && run.error.contains(what) && run.error.contains(advice), "\(run.error)")
  }

  /// Both are tokens; which one was followed is said, and the other one.
  @Test func notesTheTokenAfterASpace() throws {
    let plain = try GraftProcess.run(Self.gpt2 + ["--target", "time", "--json"])
    #expect(plain.error.contains("--target 'time' is the token that begins a text; after a space the word is ' time'"))
    for spaced in [" time", "␣time"] {
      let run = try GraftProcess.run(Self.gpt2 + ["--target", spaced, "--json"])
      #expect(run.status == 0 && run.error.isEmpty, "\(run.error)")
      #expect(run.output != plain.output)
    }
    // BERT's words have no space.
    let bert = try GraftProcess.run("lens", "imdb-bert-1", "--text", "a [MASK] film", "--target", "good")
    #expect(bert.status == 0 && bert.error.isEmpty, "\(bert.error)")
  }

  @Test func looksAtTheTargetsOfAFile() throws {
    let folder = try TemporaryFolder()
    let good = try folder.write(
      #"""
      {"id": "a", "text": "a waste of", "target": "time"}
      {"id": "b", "text": "a waste of", "target": " time"}
      {"id": "c", "text": "a waste of", "target": "good"}
      """#, to: "good.jsonl")
    let run = try GraftProcess.run("lens", "imdb-gpt2-wide", "--jsonl", good)
    #expect(run.status == 0 && run.error.split(separator: "\n").count == 1)
    #expect(run.error.contains("line 1: target 'time'") && run.error.contains("so for 1 more"), "\(run.error)")
    let bad = try folder.write(#"{"id": "a", "text": "a waste of", "target": "awful"}"#, to: "bad.jsonl")
    let refused = try GraftProcess.run("lens", "imdb-gpt2-wide", "--jsonl", bad)
    #expect(
      refused.status == 1 && refused.error.contains("line 1: target \"awful\" is not one token"), "\(refused.error)")
  }
}
