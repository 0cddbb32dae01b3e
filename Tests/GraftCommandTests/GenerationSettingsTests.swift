import Files
import TestSupport
import Testing

/// Where `predict --generate` stops and what it refuses, as `generate` of transformers 5 does with the same files. A
/// free continuation of "hello world" is 213 99 42 42 42 42 42 42; the tokenizer's end-of-text token is 273.
@Suite struct GenerationSettingsTests {
  struct Case: Sendable, CustomTestStringConvertible {
    /// config.json's eos_token_id; nil for none.
    let config: JSON?
    let generation: String?
    let expected: [Int]

    init(_ config: JSON?, _ generation: String? = nil, _ expected: [Int]) {
      self.config = config
      self.generation = generation
      self.expected = expected
    }

    var testDescription: String { "\(config.map { $0.serialized() } ?? "absent") \(generation ?? "")" }

    func checkpoint() throws -> ChangedCheckpoint {
      try ChangedCheckpoint(
        "continuation", config: ["eos_token_id": config],
        files: generation.map { ["generation_config.json": $0] } ?? [:])
    }
  }

  private static let free = [213, 99, 42, 42, 42, 42, 42, 42]
  private static let prompt = ["--text", "hello world", "--generate", "8"]

  private func generate(_ checkpoint: ChangedCheckpoint, _ options: String...) throws -> GraftRun {
    try GraftProcess.run(["predict", checkpoint.path] + Self.prompt + options)
  }

  @Test(arguments: [
    Case(273, nil, free), Case(42, nil, [213, 99, 42]), Case([273, 42], nil, [213, 99, 42]),
    Case([42, 42], nil, [213, 99, 42]), Case([-1, 99], nil, [213, 99]), Case([99_999, 99], nil, [213, 99]),
    Case(-1, nil, free), Case(.null, nil, free), Case(nil, nil, free), Case(42, "{}", free),
    Case(42, #"{"eos_token_id": null}"#, free), Case(42, #"{"eos_token_id": 99}"#, [213, 99]),
    Case(99, #"{"eos_token_id": [42, 7]}"#, [213, 99, 42]), Case(99, #"{"_from_model_config": true}"#, free),
    Case(213, nil, [213]),
  ]) func stopsAfterTheIdsOfTheFiles(_ test: Case) throws {
    let checkpoint = try test.checkpoint()
    let result = try generate(checkpoint, "--json").json()["results"].item(0)["continuation"]
    #expect(try result["ids"].ints() == test.expected)
    #expect(try result["stop"].string() == (test.expected.count < 8 ? "end_of_text" : "count"))
    let text = try generate(checkpoint).output
    #expect(text.contains("the model ended the text") == (test.expected.count < 8))
  }

  @Test(arguments: [
    Case([.null, 42], nil, []), Case("42", nil, []), Case([], nil, []), Case(true, nil, []),
    Case(42, #"{"eos_token_id": [null]}"#, []), Case(42, #"{"eos_token_id": [[42]]}"#, []),
  ]) func refusesWhatIsNoTokenId(_ test: Case) throws {
    let checkpoint = try test.checkpoint()
    let run = try generate(checkpoint)
    #expect(run.status == 1 && run.error.contains("eos_token_id"), "\(run.error)")
    #expect(try checkpoint.run("forward", "--ids", "1,2", "-o", checkpoint.folder.path("states")).status == 0)
    #expect(try checkpoint.run("predict", "--text", "hello").status == 0)
  }

  static let otherTokens = [
    "num_beams": "3", "repetition_penalty": "1.2", "no_repeat_ngram_size": "2", "min_length": "4",
    "min_new_tokens": "2", "suppress_tokens": "[99]", "begin_suppress_tokens": "[213]", "bad_words_ids": "[[99]]",
    "forced_bos_token_id": "3", "forced_eos_token_id": "3", "stop_strings": #"["a"]"#, "guidance_scale": "2.0",
    "sequence_bias": "[[[99], -10.0]]", "exponential_decay_length_penalty": "[1, 2.0]", "penalty_alpha": "0.6",
    "num_return_sequences": "2", "max_time": "1.5", "encoder_repetition_penalty": "2.0",
  ]

  /// The same key in either file, and only for the command that generates.
  @Test(arguments: otherTokens.keys.sorted()) func refusesOtherTokensByName(_ key: String) throws {
    let value = Self.otherTokens[key] ?? ""
    let inConfig = try ChangedCheckpoint("continuation", config: [key: try JSON.parse(value, path: "value")])
    let own = try ChangedCheckpoint(
      "continuation", files: ["generation_config.json": #"{"\#(key)": \#(value)}"#])
    for (checkpoint, file) in [(inConfig, "config.json"), (own, "generation_config.json")] {
      let run = try generate(checkpoint, "--json")
      #expect(run.status == 1 && run.error.contains("/\(file) (\(key))"), "\(run.error)")
      #expect(try checkpoint.run("predict", "--text", "hello").error == "")
    }
  }

  @Test func valuesThatChangeNothing() throws {
    let settings = """
      {"eos_token_id": 42, "num_beams": 1, "repetition_penalty": 1.0, "min_length": 0, "do_sample": false, "top_p": 0.9,
       "temperature": 0.6, "top_k": 20, "max_length": 3, "suppress_tokens": [], "transformers_version": "5.0.0"}
      """
    let checkpoint = try ChangedCheckpoint("continuation", files: ["generation_config.json": settings])
    let run = try generate(checkpoint, "--json")
    #expect(run.error == "")
    #expect(try run.json()["results"].item(0)["continuation"]["ids"].ints() == [213, 99, 42])
  }

  /// A model whose files draw must be told; then the files' temperature and top_k count unless options say more.
  @Test func drawingMustBeSaid() throws {
    let checkpoint = try ChangedCheckpoint(
      "continuation",
      files: ["generation_config.json": #"{"do_sample": true, "temperature": 0.5, "top_k": 1, "eos_token_id": 42}"#])
    let unsaid = try generate(checkpoint)
    #expect(unsaid.status == 1 && unsaid.error.contains("do_sample") && unsaid.error.contains("--no-sample"))
    let greedy = try generate(checkpoint, "--no-sample", "--json").json()
    #expect(try greedy["results"].item(0)["continuation"]["ids"].ints() == [213, 99, 42])
    let drawn = try generate(checkpoint, "--sample", "--json").json()
    #expect(try drawn["options"]["temperature"].double() == 0.5)
    #expect(try drawn["options"]["top_k"].int() == 1)
    #expect(try drawn["results"].item(0)["continuation"]["ids"].ints() == [213, 99, 42])
    let own = try generate(checkpoint, "--sample", "--temperature", "2", "--top-k", "7", "--json").json()
    #expect(try own["options"]["temperature"].double() == 2)
    #expect(try own["options"]["top_k"].int() == 7)
  }

  @Test(arguments: ["top_p", "min_p", "typical_p"]) func drawingFromFewerTokensIsRefused(_ key: String) throws {
    let checkpoint = try ChangedCheckpoint("continuation", files: ["generation_config.json": #"{"\#(key)": 0.5}"#])
    let run = try generate(checkpoint, "--sample")
    #expect(run.status == 1 && run.error.contains("generation_config.json (\(key))"), "\(run.error)")
    #expect(try generate(checkpoint).status == 0)
  }

  /// One note a file, with every key.
  @Test func keysThatNobodyReadAreNamedOnce() throws {
    let checkpoint = try ChangedCheckpoint(
      "continuation", config: ["hidden_sise": 3, "n_headz": 2],
      files: ["generation_config.json": #"{"stop_words": ["a"]}"#])
    let run = try generate(checkpoint)
    let notes = run.error.split(separator: "\n")
    #expect(notes.count == 2, "\(run.error)")
    #expect(notes.contains { $0.contains("/config.json") && $0.contains("hidden_sise") && $0.contains("n_headz") })
    #expect(notes.contains { $0.contains("generation_config.json") && $0.contains("stop_words") })
    #expect(try checkpoint.run("predict", "--text", "hello").error.split(separator: "\n").count == 1)
  }
}
