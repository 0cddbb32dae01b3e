import Files
import Foundation
import TestSupport
import Testing

/// Where commands write: a file that replaces another, what a link leads to, through a pipe or a device, standard output.
@Suite struct OutputTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// The bytes of the file that a link leads to are those that come out of a pipe and of standard output.
  @Test(arguments: Writer.files) func writesTheSameToAll(_ writer: Writer) throws {
    let (link, pipe) = (folder.path("link"), folder.path("pipe"))
    try #require(symlink("target", link) == 0)
    let plain = try GraftProcess.run(writer.line(link))
    #expect(plain.status == 0 && !plain.output.isEmpty, "\(plain.error)")
    #expect(plain.hasOnlyNotes, "\(plain.error)")
    let bytes = try folder.bytes("target")
    #expect(bytes.count > 200)

    let reader = try PipeReader(pipe)
    let piped = try GraftProcess.run(writer.line(pipe))
    #expect(piped.status == 0 && piped.error == plain.error, "\(piped.error)")
    #expect(reader.bytes() == bytes)
    #expect(piped.output == plain.output.replacing(link, with: pipe))

    let printed = try GraftProcess.run(writer.line("-"))
    #expect(printed.status == 0 && printed.outputBytes == bytes)
    #expect(printed.error == plain.error + plain.output.replacing(link, with: "standard output"))
    #expect(["link", "pipe", "target"].map { Endpoints.kind(folder.path($0)) } == ["link", "pipe", "file"])
    #expect(try folder.names() == ["link", "pipe", "target"])
  }

  @Test(arguments: Writer.files) func refusesTwoUsesOfStandardOutput(_ writer: Writer) throws {
    for path in ["-", "/dev/stdout", "/dev/fd/1"] {
      let run = try GraftProcess.run(writer.line(path, "--json"), directory: folder.path)
      #expect(run.status == 64 && run.output.isEmpty)
      #expect(run.error.contains("--json and \(writer.flag) both write to standard output"), "\(run.error)")
    }
    #expect(try folder.names().isEmpty)
  }

  @Test(arguments: Writer.others) func refusesStandardOutputForAFolder(_ writer: Writer) throws {
    let run = try GraftProcess.run(writer.line("-"), directory: folder.path)
    #expect(
      run.status == 64 && run.output.isEmpty && run.error.contains("\(writer.flag) -: standard output takes one file"),
      "\(run.error)")
    #expect(try folder.names().isEmpty)
  }

  /// Before any work, and what stands there stays.
  @Test(arguments: Writer.files + Writer.others) func refusesWhatCannotBeWritten(_ writer: Writer) throws {
    let short = "/tmp/graft-\(UUID().uuidString.prefix(8))"
    defer { unlink(short) }
    try Endpoints.makeSocket(short)
    try folder.write("x", to: "full/inside")
    try folder.write("x", to: "file")
    try #require(symlink("loop", folder.path("loop")) == 0 && mkfifo(folder.path("pipe"), 0o600) == 0)
    var paths = [
      (short, "a socket"), (folder.path("loop"), String(cString: strerror(ELOOP))),
      (folder.path("file/new"), String(cString: strerror(ENOTDIR))),
    ]
    switch writer.kind {
    case .file: paths += [(folder.path("full"), "a folder"), (folder.path("none/new"), "its folder does not exist")]
    case .database:
      paths += [
        (folder.path("full"), "a folder"), (folder.path("pipe"), "a pipe"),
        (folder.path("none/new"), "its folder does not exist"),
      ]
      paths[0].1 = "an atlas or no file"
    case .folder:
      paths += [(folder.path("file"), "no folder"), (folder.path("pipe"), "no folder")]
      paths[0].1 = "no folder"
    }
    for (path, reason) in paths {
      let run = try GraftProcess.run(writer.line(path))
      #expect(run.status == 1 && run.output.isEmpty, "\(path)")
      #expect(run.error.hasPrefix("graft: error: \(path): ") && run.error.contains(reason), "\(run.error)")
    }
    #expect(Endpoints.kind(short) == "socket")
    #expect(try folder.names() == ["file", "full", "loop", "pipe"])
    #expect(Endpoints.kind(folder.path("pipe")) == "pipe" && Endpoints.kind(folder.path("loop")) == "link")
    #expect(try folder.bytes("file") == Array("x".utf8))
  }

  /// Every option that takes a path writes and stands in the lists above, or reads.
  @Test func leavesNoWriterOut() throws {
    let run = try GraftProcess.run("--experimental-dump-help")
    var found: Set<String> = []
    func walk(_ command: JSONNode, _ name: String) throws {
      for argument in try command["arguments"].optionalArray() {
        guard
          try ["path", "dir"].contains(argument["valueName"].value.map { try JSONNode($0, path: "").string() } ?? "")
        else { continue }
        let names = try argument["names"].optionalArray().map { try $0["name"].string() }
        let long = try #require(names.first { $0.count > 1 })
        if Self.readers.contains(long) { continue }
        found.insert("\(name) \(long)")
        let says = try argument["abstract"].string().hasSuffix("('-' writes standard output).")
        #expect(
          says == (Writer.files + Writer.apart).contains { "\($0.command) \($0.option)" == "\(name) \(long)" },
          "\(name) \(long)")
      }
      for subcommand in try command["subcommands"].optionalArray() {
        let own = try subcommand["commandName"].string()
        try walk(subcommand, name.isEmpty ? own : "\(name) \(own)")
      }
    }
    try walk(try run.json()["command"], "")
    #expect(found == Set((Writer.files + Writer.apart + Writer.others).map { "\($0.command) \($0.option)" }))
  }

  /// Options whose path is read.
  private static let readers: Set = [
    "atlas", "corpus", "dataset", "expected", "file", "jsonl", "mean-over", "pairs", "reviews", "test", "tuned",
    "unlabelled",
    "words",
  ]

  // MARK: Several paths

  private static let lens = ["lens", "imdb-gpt2-narrow", "--text", "a film"]

  @Test func refusesOnePathTwice() throws {
    try #require(symlink("a", folder.path("link")) == 0 && symlink(".", folder.path("here")) == 0)
    for other in [
      "a", "./a", "link", "here/a", folder.path("a"), "../\(folder.path.split(separator: "/").last ?? "")/a",
    ] {
      let run = try GraftProcess.run(Self.lens + ["--svg", "a", "--html", other], directory: folder.path)
      #expect(run.status == 64 && run.error.contains("--figure and --html write to the same place"), "\(run.error)")
    }
    for other in ["-", "/dev/stdout"] {
      let run = try GraftProcess.run(Self.lens + ["--html", other, "--svg", "-"], directory: folder.path)
      #expect(run.status == 64 && run.output.isEmpty)
      #expect(run.error.contains("--figure and --html both write to standard output"), "\(run.error)")
    }
    #expect(try folder.names() == ["here", "link"])
    let stitch = ["stitch", "--pretrained", "imdb-bert-2", "--finetuned", "imdb-bert-1-sentiment", "--dataset", "none"]
    let run = try GraftProcess.run(stitch + ["-o", "a", "--save", "./a"], directory: folder.path)
    #expect(run.status == 64 && run.error.contains("write to the same place"), "\(run.error)")
  }

  @Test func writesTwoFilesBesideEachOther() throws {
    let lines = Self.lens + ["--svg", "./-", "--html"]
    let run = try GraftProcess.run(lines + ["-"], directory: folder.path)
    let plain = try GraftProcess.run(lines + ["page"], directory: folder.path)
    #expect(run.status == 0 && plain.status == 0, "\(run.error)")
    #expect(run.outputBytes == (try folder.bytes("page")) && run.error == plain.output)
    #expect(try folder.names() == ["-", "page"])
    #expect(String(decoding: try folder.bytes("-"), as: UTF8.self).contains("<svg"))
  }

  @Test func refusesWhatIsReadToo() throws {
    let texts = try folder.write("a film\n", to: "texts")
    try #require(symlink("texts", folder.path("link")) == 0)
    for path in ["texts", "link", texts] {
      let run = try GraftProcess.run(
        "lens", "imdb-gpt2-narrow", "--file", texts, "--svg", path.hasPrefix("/") ? path : folder.path(path))
      #expect(run.status == 1 && run.error.contains("this file is read too, as --file"), "\(run.error)")
    }
    #expect(try folder.bytes("texts") == Array("a film\n".utf8))
    #expect(try folder.names() == ["link", "texts"])
  }

  @Test func replacesNoCheckpoint() throws {
    let names = ["config.json", "model.safetensors"]
    for name in names {
      try folder.write(
        Array(try Data(contentsOf: URL(fileURLWithPath: Repository.fixture("tiny/bert/\(name)")))), to: "model/\(name)")
    }
    let others = [
      "tokenizer.model", "pytorch_model-00001-of-00002.bin", "pytorch_model.bin.index.json", "bert_config.json",
      "bert_model.ckpt.index", "bert_model.ckpt.data-00000-of-00001",
    ]
    for name in others { try folder.write(name, to: "model/\(name)") }
    let before = try ShortRun.contents(folder.path("model"))
    for name in others {
      let run = try GraftProcess.run(
        ["forward", "model", "--ids", "1,2", "-o", "model/" + name], directory: folder.path)
      #expect(run.status == 1 && run.error.contains("the file of a model stands there"), "\(name): \(run.error)")
    }
    for (directory, path) in names.flatMap({ [("model", "model/\($0)"), ("./model/", "model/../model/\($0)")] }) {
      let run = try GraftProcess.run(["forward", directory, "--ids", "1,2", "-o", path], directory: folder.path)
      #expect(run.status == 1 && run.error.contains("the file of a model stands there"), "\(run.error)")
    }
    #expect(try ShortRun.contents(folder.path("model")) == before)
    let states = ["forward", "model", "--ids", "1,2", "-o", "model/states"]
    for _ in 0..<2 { #expect(try GraftProcess.run(states, directory: folder.path).status == 0) }
  }

  // MARK: Streams

  @Test func goesThroughATerminal() throws {
    let plain = try GraftProcess.run(Self.lens + ["--svg", folder.path("a")])
    let terminal = try PseudoTerminal()
    let run = try GraftProcess.run(Self.lens + ["--svg", terminal.path])
    let bytes = try folder.bytes("a")
    #expect(run.status == 0 && run.output == plain.output, "\(run.error)")
    #expect(terminal.bytes(bytes.count) == bytes)
    #expect(Endpoints.kind(terminal.path) == "device")
  }

  @Test func saysThatADeviceIsFull() throws {
    let path = try Endpoints.fullDevice(in: folder)
    let file = try GraftProcess.run(Self.lens + ["--svg", path])
    #expect(file.status == 1 && file.output.isEmpty, "\(file.error)")
    #expect(file.error.hasPrefix("graft: error: \(path): cannot write: No space left"), "\(file.error)")
    let printed = try GraftProcess.run(Self.lens + ["--svg", "-"], output: path)
    #expect(printed.status == 1 && printed.error.hasPrefix("graft: error: /dev/stdout: cannot write: No space left"))
    #expect(Endpoints.kind(path) == "device")
  }

  @Test func saysThatTheReaderWentAway() throws {
    let executable = try #require(GraftProcess.executable)
    let long = Self.lens + ["--html", "-"]
    let quoted = long.map { "'\($0)'" }.joined(separator: " ")
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", "{ '\(executable)' \(quoted) 2>error; echo $? >status; } | true"]
    process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
    process.environment = GraftProcess.environment()
    try process.run()
    process.waitUntilExit()
    #expect(try folder.bytes("status") == Array("141\n".utf8))
    let error = String(decoding: try folder.bytes("error"), as: UTF8.self)
    #expect(error.contains("/dev/stdout: cannot write: its reader went away"), "\(error)")
  }

  @Test func refusesTheFileBehindStandardOutput() throws {
    let path = try folder.write("", to: "a")
    let run = try GraftProcess.run(Self.lens + ["--svg", path], output: path)
    #expect(run.status == 64 && run.error.contains("is the file that standard output goes to"), "\(run.error)")
  }

  /// Without the check, the database is opened under the number of standard output, and the report goes into it.
  @Test func takesNoFileForAClosedStream() throws {
    let executable = try #require(GraftProcess.executable)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = [
      "-c",
      "'\(executable)' evaluate imdb-bert-1-sentiment --dataset \(ShortRun.reviews) --limit 4 --max-length 16 -o run >&- 2>error",
    ]
    process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
    process.environment = GraftProcess.environment()
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 1)
    let error = String(decoding: try folder.bytes("error"), as: UTF8.self)
    #expect(error.contains("standard output: cannot write"), "\(error)")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path("run")).sorted()
    #expect(names == ["predictions.jsonl", "results.json", "run.json"])
  }
}

extension JSONNode {
  fileprivate func optionalArray() throws -> [JSONNode] { isPresent ? try array() : [] }
}
