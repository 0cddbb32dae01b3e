import Checkpoints
import DenseMath
import Files
import Foundation
import TestSupport
import Testing

/// Every failure is one message on standard error, an exit code, and nothing half written.
@Suite struct FailureTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private static let sentiment = "imdb-bert-1-sentiment"
  private static let tiny = Repository.fixture("tiny/bert")

  @Test(arguments: [
    (["inspect", "no-such-model"], "known names: imdb-bert-1, imdb-bert-1-sentiment, imdb-bert-2"),
    (["inspect", "./no/such"], "no such directory or model"),
    (["inspect", ""], "no such directory or model"),
    (["inspect", Repository.path + "/Package.swift"], "expected a directory with config.json"),
    (["inspect", Repository.path + "/Sources//"], "/Sources: expected the file config.json, found none"),
    (["classify", sentiment, "--file", "no-such-file"], "no-such-file: no such file"),
    (["classify", sentiment, "--file", "/"], "/: cannot read: Is a directory"),
    (["classify", sentiment], "standard input: expected one text per line, found nothing"),
    (["classify", "imdb-bert-1", "--text", "x"], "imdb-bert-1 has no classifier; give a checkpoint"),
    (["classify", sentiment, "--text", "x", "--max-length", "1"], "leaves no room beside 2 special tokens"),
    (["predict", sentiment, "--text", "[MASK]"], "has no head over the vocabulary"),
    (["predict", "imdb-bert-1", "--text", "nothing to fill"], "has no [MASK]: put [MASK] where"),
    (
      ["predict", "imdb-bert-1", "--text", "[MASK]", "--generate", "3"],
      "only a causal model, such as GPT-2, continues a text; this one fills masks"
    ),
    (["predict", "imdb-bert-1", "--text", "[MASK]", "--bos"], "has no beginning-of-text token, which --bos needs"),
    (["predict", "imdb-gpt2-wide", "--text", ""], "--text: the text has no token"),
    (["forward", tiny, "--text", "x", "-o", "states"], "no tokenizer here"),
    (
      ["forward", tiny, "--ids", "1,2,500000", "-o", "states"],
      "token id 500000 at position 2 is outside the vocabulary"
    ),
    (["forward", tiny, "--ids", "1,-2", "-o", "states"], "token id -2 at position 1"),
    (["forward", tiny, "--ids", "1,2", "--token-types", "0", "-o", "states"], "1 token types for 2 tokens"),
    (["forward", tiny, "--ids", "1,2", "--token-types", "0,9", "-o", "states"], "token type 9 at position 1"),
    (["forward", tiny, "--ids", "1,2", "-o", "none/states"], "none/states: cannot create: its folder does not exist"),
    (["verify", tiny, "--expected", "no-such-file"], "no-such-file: no such file"),
    (["verify", tiny, "--expected", tiny + "/config.json"], "config.json"),
    (["tokenize", tiny, "--text", "x"], "no tokenizer here"),
    (
      ["align", "imdb-gpt2-wide", "imdb-gpt2-narrow", "--spaces", "feature"],
      "feature space compares coordinates one by one and needs equal hidden sizes"
    ),
    (["align", "imdb-bert-1", "imdb-gpt2-wide"], "the vocabularies differ, first at id 0"),
  ])
  func failsWithOneMessage(_ arguments: [String], _ message: String) throws {
    let run = try GraftProcess.run(arguments, directory: folder.path)
    #expect(run.status == 1)
    #expect(run.output.isEmpty)
    #expect(run.error.hasPrefix("graft: error: "))
    #expect(run.error.contains(message), "\(run.error)")
    #expect(run.error.split(separator: "\n").count == 1)
    #expect(try folder.names() == [])
  }

  @Test(arguments: [
    ([], "Usage"), (["no-such-command"], "'graft' has no command 'no-such-command'"),
    (["inspect"], "Missing expected argument"),
    (["forward", "m", "-o", "f"], "Give one of --text and --ids, or with --sites one of --text and --file."),
    (
      ["forward", "m", "--text", "t", "--ids", "1", "-o", "f"],
      "Give one of --text and --ids, or with --sites one of --text and --file."
    ),
    (["forward", "m", "--ids", "1,x", "-o", "f"], "The value '1,x' is invalid"),
    (["forward", "m", "--ids", "", "-o", "f"], "is invalid"),
    (["forward", "m", "--ids", "3000000000", "-o", "f"], "is invalid"),
    (["forward", "m", "--ids", "1"], "Missing expected argument '--output <path>'"),
    (["forward", "m", "--ids", "1", "-o", "f", "--max-length", "0"], "--max-length must be at least 1"),
    (["forward", "m", "--ids", "1", "-o", "f", "-t", "0"], "--threads must be from 1 to 1024"),
    (["predict", "m", "--text", "t", "--top", "0"], "--top must be at least 1"),
    (["predict", "m", "--text", "t", "--sample"], "--sample does nothing without --generate"),
    (
      ["predict", "m", "--text", "t", "--generate", "3", "--temperature", "2"],
      "--temperature does nothing without --sample"
    ),
    (["predict", "m", "--text", "t", "--generate", "3", "--sample", "--temperature", "0"], "must be above 0"),
    (["classify", "m", "--text", "t", "--file", "f"], "Give --text or --file, not both."),
    (["classify", "m", "--text", "t", "--text-cleaning", "html"], "'html' is invalid"),
    (["verify", "m", "--expected", "f", "--tolerance=-1"], "--tolerance must be 0 or a positive number"),
    (["verify", "m", "--expected", "f", "--tolerance", "nan"], "--tolerance must be 0 or a positive number"),
    (["env", "--color", "blue"], "'blue' is invalid"),
  ])
  func refusesBadOptions(_ arguments: [String], _ message: String) throws {
    let run = try GraftProcess.run(arguments)
    guard !arguments.isEmpty else {
      // No command at all: help, as for --help.
      #expect(run.status == 0 && run.output.contains("SUBCOMMANDS:"))
      return
    }
    #expect(run.status == 64)
    #expect(run.output.isEmpty)
    #expect(run.error.hasPrefix("graft: error: "))
    #expect(run.error.contains(message), "\(run.error)")
  }

  @Test func namesAnUnknownArchitecture() throws {
    try folder.write(#"{"model_type": "llama"}"#, to: "m/config.json")
    var writer = SafetensorsWriter()
    writer.add("x", Tensor(shape: [1], [1]))
    try writer.write(to: folder.path("m/model.safetensors"))
    let run = try GraftProcess.run("inspect", folder.path("m"))
    #expect(run.status == 1)
    #expect(
      run.error.contains(
        "m/config.json: model_type is the string \"llama\"; this build supports \"bert\", \"distilbert\", \"gpt2\" and")
    )
  }

  /// RLIMIT_FSIZE: the file that stood there stays, nothing else is left.
  @Test func losesNothingOnAFullDisk() throws {
    try folder.write("old", to: "states")
    let run = try GraftProcess.run(
      ["forward", "imdb-bert-1", "--text", "a full disk", "-o", folder.path("states")], fileBlocks: 40)
    #expect(run.status == 1)
    #expect(run.output.isEmpty)
    #expect(run.error.hasPrefix("graft: error: \(folder.path("states")): cannot write: "))
    #expect(try folder.names() == ["states"])
    #expect(try folder.bytes("states") == Array("old".utf8))
  }

  @Test func reportsOutputThatDoesNotFit() throws {
    let file = try folder.write(String(repeating: "good film\n", count: 4000), to: "lines")
    let run = try GraftProcess.run(["tokenize", "imdb-bert-1", "--json", "--file", file], fileBlocks: 40)
    #expect(run.status == 1)
    #expect(run.error.hasPrefix("graft: error: standard output: cannot write: "))
  }

  @Test func endsQuietlyWhenTheReaderLeaves() throws {
    let file = try folder.write(String(repeating: "good film\n", count: 4000), to: "lines")
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try #require(GraftProcess.executable))
    process.arguments = ["tokenize", "imdb-bert-1", "--json", "--file", file]
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle(forWritingAtPath: try folder.write("", to: "error"))
    try process.run()
    try output.fileHandleForReading.close()
    process.waitUntilExit()
    #expect(process.terminationStatus == 141)
    #expect(try folder.bytes("error").isEmpty)
  }

  /// A failure may come while the digest of the weights is made beside it; the moment differs from run to run.
  @Test func endsCleanlyWhileWorkGoesOnBesides() throws {
    for _ in 0..<40 {
      let run = try GraftProcess.run("forward", "imdb-bert-1", "--ids", "99999", "-o", folder.path("f"), "--json")
      #expect(run.status == 1)
      #expect(run.error.split(separator: "\n").count == 1, "\(run.error)")
    }
  }
}
