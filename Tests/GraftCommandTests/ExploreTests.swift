import Files
import Foundation
import TestSupport
import Testing

@Suite struct ExploreTests {
  /// A running `graft explore`.
  private final class Running {
    let process = Process()
    let client: ExplorerClient
    private let folder: TemporaryFolder

    init(_ arguments: String..., environment: [String: String] = [:]) throws {
      folder = try TemporaryFolder()
      process.executableURL = URL(fileURLWithPath: try #require(GraftProcess.executable))
      process.arguments = ["explore"] + arguments
      process.environment = GraftProcess.environment(adding: environment)
      process.standardInput = FileHandle.nullDevice
      process.standardOutput = FileHandle(forWritingAtPath: try folder.write("", to: "output"))
      process.standardError = FileHandle(forWritingAtPath: try folder.write("", to: "error"))
      try process.run()
      for _ in 0..<2000 where process.isRunning {
        if try folder.bytes("output").last == UInt8(ascii: "\n") { break }
        usleep(10_000)
      }
      // One line, and nothing else.
      let output = String(decoding: try folder.bytes("output"), as: UTF8.self)
      client = try ExplorerClient(String(output.dropLast()))
    }

    func end(_ signal: Int32) throws -> (status: Int32, error: String) {
      kill(process.processIdentifier, signal)
      process.waitUntilExit()
      return (
        process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus,
        String(decoding: try folder.bytes("error"), as: UTF8.self)
      )
    }

    deinit { if process.isRunning { process.terminate() } }
  }

  @Test func answersWithTheNumbersOfTheCommandUntilItIsEnded() async throws {
    let running = try Running("imdb-gpt2-narrow", "imdb-bert-1")
    let text = "a complete (and utter) waste of"
    let answer = try await running.client.object(
      "/api/lens",
      [
        "model": "imdb-gpt2-narrow", "text": .string(text), "target": " time", "versus": " money",
        "changes": ["L1H2=zero"],
      ])
    let command = try answer["command"].string()
    let words = shellWords(command)
    #expect(words.first == "graft")
    let results = try GraftProcess.run(Array(words.dropFirst()) + ["--json"]).json()["results"].array()
    let shown = try answer["maps"].array().map { try #require($0["reading"].value).serialized() }
    #expect(results.map { $0.value?.serialized() } == shown && shown.count == 2)
    let ended = try running.end(SIGINT)
    #expect(ended.status == 0 && ended.error.isEmpty, "\(ended)")
    await #expect(throws: SocketClient.NoConnection.self) { try await running.client.answer("/api/models", [:]) }
  }

  /// The files that the page saves are those that the command writes.
  @Test func savesTheFilesOfTheCommand() async throws {
    let running = try Running("imdb-bert-1")
    let folder = try TemporaryFolder()
    for format in ["svg", "pdf", "png"] {
      let request: JSON = ["model": "imdb-bert-1", "text": "the acting is [MASK] .", "format": .string(format)]
      let saved = try await running.client.answer("/api/export", request).bodyBytes
      let run = try GraftProcess.run(
        "lens", "imdb-bert-1", "--text", "the acting is [MASK] .", "--figure", folder.path("a.\(format)"))
      #expect(run.status == 0 && run.error.isEmpty, "\(run.error)")
      #expect(try !saved.isEmpty && saved == folder.bytes("a.\(format)"), "\(format)")
    }
  }

  /// Without the library that draws, or without its font, pictures are refused with words that help; all else is answered.
  @Test func saysWhatIsMissingForAPicture() async throws {
    let folder = try TemporaryFolder()
    let fonts = try folder.write(
      "<?xml version=\"1.0\"?><fontconfig><dir>/no-such-folder</dir></fontconfig>", to: "fonts.conf")
    try folder.write("no library", to: "librsvg-2.so.2")
    for (environment, message) in [
      (
        ["FONTCONFIG_FILE": fonts],
        "in the font DejaVu Sans, which is not installed; install it (Debian: fonts-dejavu-core)"
      ),
      (["LD_LIBRARY_PATH": folder.path], "drawn by librsvg, which was not found ("),
    ] {
      let running = try Running("imdb-gpt2-narrow", environment: environment)
      for format in ["pdf", "png"] {
        let reply = try await running.client.answer(
          "/api/export", ["model": "imdb-gpt2-narrow", "text": "a film", "format": .string(format)])
        #expect(
          reply.status == 503 && reply.body.hasPrefix(#"{"error":""#) && reply.body.contains(message), "\(reply.text)")
      }
      let svg = try await running.client.answer(
        "/api/export", ["model": "imdb-gpt2-narrow", "text": "a film", "format": "svg"])
      #expect(svg.status == 200 && svg.body.hasPrefix("<?xml"))
      let ended = try running.end(SIGINT)
      #expect(ended.status == 0 && ended.error.isEmpty, "\(ended)")
    }
  }

  @Test func memoryStaysFlat() async throws {
    let running = try Running("imdb-gpt2-narrow")
    func ask(_ count: Int) async throws {
      for index in 0..<count {
        let text: JSON = .string("a complete waste of time number \(index % 10)")
        let reply = try await running.client.answer("/api/lens", ["model": "imdb-gpt2-narrow", "text": text])
        #expect(reply.status == 200)
      }
    }
    func residentBytes() throws -> Int {
      let pages = try String(contentsOfFile: "/proc/\(running.process.processIdentifier)/statm", encoding: .utf8)
      return try #require(Int(pages.split(separator: " ")[1])) * 4096
    }
    try await ask(200)
    let before = try residentBytes()
    try await ask(1000)
    let after = try residentBytes()
    #expect(after < before + 8 << 20, "\(before >> 20) MB before, \(after >> 20) MB after")
  }

  @Test func takesAStitchedModel() async throws {
    let folder = try TemporaryFolder()
    let made = try GraftProcess.run(
      "stitch", "--pretrained", "imdb-gpt2-wide", "--finetuned", "imdb-gpt2-narrow-sentiment", "--keep", "4",
      "--transplant", "2", "--maps", "pinv", "--save", folder.path("stitched"))
    try #require(made.status == 0, "\(made.error)")
    let running = try Running(folder.path("stitched"))
    let about = try await running.client.object("/api/models", [:])
    let model = try #require(try about["models"].array()[0]["name"].value)
    let answer = try await running.client.object("/api/lens", ["model": model, "text": "a film"])
    #expect(try answer["maps"].array()[0]["map"]["columns"].array().count == 2)
    let whole = try await running.client.object("/api/head", ["model": model, "text": "a film", "head": "L0H0"])
    #expect(try whole["error"].string().contains("it is a stitched model"))
  }

  @Test func searchesTheAtlasThatIsGiven() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path("own.sqlite")
    let built = try GraftProcess.run("atlas", "build", "imdb-bert-1", "-o", path)
    try #require(built.status == 0, "\(built.error)")
    let running = try Running("imdb-bert-1", "--atlas", path)
    #expect(try await running.client.object("/api/models", [:])["atlas"].bool())
    for words in ["film", "great wonder*", "a"] {
      let found = try await running.client.object("/api/search", ["words": .string(words)])
      let listed = try GraftProcess.run("atlas", "search", words, "--atlas", path, "--limit", "40", "--json").json()
      #expect(try found["count"].int() == listed["count"].int())
      #expect(try found["matches"].array().map(\.value) == listed["matches"].array().map(\.value), "\(words)")
      #expect(try found["model"].string() == "imdb-bert-1")
      #expect(try words != "film" || found["matches"].array().count == 40)
    }
    let none = try await running.client.object("/api/search", ["words": "nosuchword"])
    #expect(try none["error"].string().contains("nosuchword"))
  }

  @Test func readsThroughATunedLens() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path("lens.safetensors")
    let fitted = try GraftProcess.run(LensFitTests.fit + ["-o", path])
    try #require(fitted.status == 0, "\(fitted.error)")
    let running = try Running("imdb-gpt2-narrow", "imdb-bert-1", "--tuned", path)
    #expect(
      try await running.client.object("/api/models", [:])["models"].array().map { try $0["tuned"].bool() }
        == [true, false])
    let answer = try await running.client.object(
      "/api/lens", ["model": "imdb-gpt2-narrow", "text": "This movie was a", "tuned": true])
    let command = try answer["command"].string()
    #expect(command == "graft lens imdb-gpt2-narrow --text 'This movie was a' --tuned \(path)")
    let run = try GraftProcess.run(shellWords(command).dropFirst() + ["--json"]).json()
    let levels = try #require(run["results"].array().first)["levels"].array()
    let maps = try answer["maps"].array()
    #expect(maps.count == 2)
    let shown = try maps.flatMap { try $0["reading"]["levels"].array() }
    // The output of the model, which is not translated, closes both maps.
    let plain = levels.filter { (try? $0["tuned"].bool()) == false }
    let translated = levels.filter { (try? $0["tuned"].bool()) == true }
    #expect(plain.count == 5 && translated.count == 4)
    #expect(shown.map(\.value) == (plain + translated + plain.suffix(1)).map(\.value))
    let other = try await running.client.object("/api/lens", ["model": "imdb-bert-1", "text": "a", "tuned": true])
    #expect(try other["error"].string() == "imdb-bert-1 has no tuned lens")
  }

  /// 127.0.0.2, and an address of this machine that others can reach, where it has one.
  static let addresses: [String] = {
    var list: UnsafeMutablePointer<ifaddrs>?
    getifaddrs(&list)
    defer { freeifaddrs(list) }
    var found: [String] = []
    for entry in sequence(first: list, next: { $0?.pointee.ifa_next }) {
      guard let address = entry?.pointee.ifa_addr, address.pointee.sa_family == AF_INET else { continue }
      var text = [CChar](repeating: 0, count: Int(INET_ADDRSTRLEN))
      address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
        _ = inet_ntop(AF_INET, &$0.pointee.sin_addr, &text, socklen_t(INET_ADDRSTRLEN))
      }
      found.append(String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }
    return ["127.0.0.2"] + found.filter { !$0.hasPrefix("127.") }.prefix(1)
  }()

  @Test(arguments: addresses) func listensAtTheAddressThatIsGiven(_ address: String) async throws {
    let running = try Running("imdb-gpt2-narrow", "--host", address)
    let client = running.client
    #expect(client.socket.host == address)
    let answer = try await client.object("/api/lens", ["model": "imdb-gpt2-narrow", "text": "a film"])
    #expect(try answer["maps"].array().count == 1)
    // Nowhere else, and by no other name.
    await #expect(throws: SocketClient.NoConnection.self) {
      try await SocketClient(port: client.socket.port).send(client.get("/"))
    }
    for other in ["127.0.0.1:\(client.socket.port)", "evil.example:\(client.socket.port)", address] {
      let call = client.call("/api/models", "{}", replacing: ["Host": other, "Origin": "http://\(other)"])
      #expect(try await client.socket.send(call).status == 403, "\(other)")
    }
    let ended = try running.end(SIGINT)
    let refusals = String(repeating: "graft: note: refused: another host than its own address\n", count: 3)
    let warning =
      "graft: note: \(address) can be reached from other machines, over a connection that is not encrypted\n"
    #expect(ended.status == 0 && ended.error == (address.hasPrefix("127.") ? "" : warning) + refusals, "\(ended)")
  }

  @Test func saysWhatItRefuses() async throws {
    let running = try Running("imdb-gpt2-narrow")
    let reply = try await running.client.socket.send(
      running.client.call("/api/models", "{}", replacing: ["Origin": "http://evil.example"]))
    #expect(reply.status == 403)
    let ended = try running.end(SIGTERM)
    #expect(ended.status == 0 && ended.error == "graft: note: refused: a call from another origin\n", "\(ended)")
  }

  @Test func refusesWhatItCannotOpen() throws {
    let taken = try Running("imdb-gpt2-narrow")
    let runs = [
      (["imdb-gpt2-narrow", "imdb-gpt2-narrow"], "two models are called imdb-gpt2-narrow"),
      (["imdb-gpt2-narrow", "--port", "\(taken.client.socket.port)"], "cannot listen at 127.0.0.1"),
      (["imdb-gpt2-narrow", "--atlas", "/no-such"], "no such atlas"),
      (["imdb-gpt2-narrow", "--tuned", "/no-such"], "/no-such"), (["no-such-model"], "no-such-model"),
    ]
    for (arguments, message) in runs {
      let run = try GraftProcess.run(["explore"] + arguments)
      #expect(run.status == 1 && run.output.isEmpty && run.error.contains(message), "\(arguments): \(run.error)")
    }
    for arguments in [["imdb-gpt2-narrow", "--host", "0.0.0.0"], ["imdb-gpt2-narrow", "--host", "example.org"], []] {
      #expect(try GraftProcess.run(["explore"] + arguments).status == 64, "\(arguments)")
    }
  }
}
