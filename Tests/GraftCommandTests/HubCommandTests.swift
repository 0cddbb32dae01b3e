import Files
import Foundation
import Synchronization
import TestSupport
import Testing

/// Models by their names on a hub of the tests' own, through the command.
@Suite struct HubCommandTests {
  private let folder: TemporaryFolder
  private let hub: HubServer

  init() throws {
    folder = try TemporaryFolder()
    hub = try HubServer(
      Self.repository("tiny/bert", commit: "a1", of: "imdb-bert-1"),
      Self.repository("gpt2", commit: "b2", of: "imdb-gpt2-narrow"))
  }

  /// An embedded model as a repository.
  static func repository(_ id: String, commit: String, of model: String) throws -> HubServer.Repository {
    var files: [String: [UInt8]] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: Repository.model(model)) {
      files[name] = Array(try Data(contentsOf: URL(fileURLWithPath: Repository.model(model) + "/" + name)))
    }
    return HubServer.Repository(
      id, commit: String(repeating: commit, count: 20), files: files, large: ["model.safetensors"])
  }

  private var environment: [String: String] {
    ["HF_HUB_OFFLINE": "", "HF_HOME": folder.path("home"), "HF_ENDPOINT": hub.endpoint]
  }

  private func run(_ arguments: String..., adding variables: [String: String] = [:]) throws -> GraftRun {
    try GraftProcess.run(arguments, environment: environment.merging(variables) { $1 })
  }

  @Test func aNameIsDownloadedOnceAndStamped() throws {
    let first = try run("inspect", "tiny/bert", "--json").json()
    #expect(try first["model"].string() == "tiny/bert")
    #expect(try first["model_revision"].string() == String(repeating: "a1", count: 20))
    let embedded = try GraftProcess.run("inspect", "imdb-bert-1", "--json").json()
    #expect(try first["model_sha256"].string() == embedded["model_sha256"].string())
    #expect(!embedded["model_revision"].isPresent)
    #expect(try Repository.schema("inspect").problems(in: #require(first.value)) == [])
    let asked = hub.server.connections
    let again = try run("inspect", "tiny/bert", "--json").json()
    #expect(again.value == first.value && hub.server.connections == asked)
  }

  /// Words of a lens by a name without an owner, as in the README.
  @Test func aNameIsReadLikeTheModelItIs() throws {
    let options = ["--text", "a waste of", "--json"]
    let named = try GraftProcess.run(["lens", "gpt2"] + options, environment: environment).json()
    let embedded = try GraftProcess.run(["lens", "imdb-gpt2-narrow"] + options).json()
    #expect(try named["model"].string() == "gpt2" && named["results"].value == embedded["results"].value)
  }

  @Test(arguments: [("--offline", ""), ("--color=auto", "1")])
  func offlineOpensNoConnection(_ option: String, _ variable: String) throws {
    let run = try run("inspect", "tiny/bert", option, adding: ["HF_HUB_OFFLINE": variable])
    #expect(run.status == 1 && hub.server.connections == 0)
    for part in ["tiny/bert", "the model is not in the cache \(folder.path("home"))/hub", "imdb-bert-1"] {
      #expect(run.error.contains(part), "\(run.error)")
    }
  }

  @Test func whatIsNowhereIsSaidOnce() throws {
    let run = try run("inspect", "imdb-bert-9")
    #expect(run.status == 1 && run.error.split(separator: "\n").count == 1)
    for part in ["no such directory or model", "known names: imdb-bert-1", "shows no model imdb-bert-9"] {
      #expect(run.error.contains(part), "\(run.error)")
    }
    let path = try self.run("inspect", "./tiny/bert")
    #expect(path.status == 1 && !path.error.contains("hub") && path.error.contains("no such directory"))
  }

  /// A ref is used without asking until `pull`; both commits can be named then.
  @Test func pullFollowsTheBranch() throws {
    _ = try run("inspect", "tiny/bert").output
    hub.push(try Self.repository("tiny/bert", commit: "c3", of: "imdb-bert-2"))
    func commit(_ name: String) throws -> String {
      try run("inspect", name, "--json").json()["model_revision"].string()
    }
    #expect(try commit("tiny/bert").hasPrefix("a1"))
    let pulled = try run("pull", "tiny/bert", "--json").json()
    #expect(try Repository.schema("pull").problems(in: #require(pulled.value)) == [])
    #expect(try pulled["models"].item(0)["commit"].string().hasPrefix("c3"))
    #expect(try commit("tiny/bert").hasPrefix("c3") && commit("tiny/bert@a1a1a1a").hasPrefix("a1"))
    let models = try run("models", "--json").json()
    #expect(try Repository.schema("models").problems(in: #require(models.value)) == [])
    let listed = try models["models"].array().filter { try $0["source"].string() == "cache" }
    #expect(
      try listed.map { try $0["name"].string() }.sorted()
        == ["tiny/bert", "tiny/bert@" + String(repeating: "a1", count: 20)])
    #expect(try listed.allSatisfy { try $0["licence"].string() == "apache-2.0" && !$0["refusal"].isPresent })
  }

  /// A stitched model names the commits, so that it is the same after the branches have moved.
  @Test func aStitchedModelNamesTheCommit() throws {
    hub.push(try Self.repository("tiny/sentiment", commit: "d4", of: "imdb-bert-1-sentiment"))
    let saved = folder.path("stitched")
    let stitch = try run(
      "stitch", "--pretrained", "tiny/bert", "--finetuned", "tiny/sentiment", "--keep", "2", "--transplant", "2",
      "--maps",
      "pinv", "--save", saved)
    #expect(stitch.status == 0, "\(stitch.error)")
    let file = try JSONNode.read(saved + "/stitched.json")
    #expect(try file["pretrained"]["model"].string() == "tiny/bert@" + String(repeating: "a1", count: 20))
    let text = ["--text", "a waste of time", "--json", "--offline"]
    let before = try GraftProcess.run(["classify", saved] + text, environment: environment).json()
    hub.push(try Self.repository("tiny/bert", commit: "c3", of: "imdb-bert-2"))
    _ = try run("pull", "tiny/bert")
    let after = try GraftProcess.run(["classify", saved] + text, environment: environment).json()
    #expect(after.value == before.value)
  }

  /// Two processes want one model at once: both get it, and its weights cross the line once.
  @Test func twoProcessesAtOnce() async throws {
    let environment = environment
    async let first = Task.detached {
      try GraftProcess.run(["inspect", "tiny/bert", "--json"], environment: environment)
    }
    .value
    async let second = Task.detached {
      try GraftProcess.run(["inspect", "tiny/bert", "--json"], environment: environment)
    }
    .value
    let runs = try await [first, second]
    #expect(runs.allSatisfy { $0.status == 0 } && runs[0].output == runs[1].output, "\(runs.map(\.error))")
    #expect(hub.server.requests.count { $0.method == "GET" && $0.path.hasPrefix("/large/") } == 1)
  }

  /// kill -9 while the weights are under way; the next command gets the rest and the right bytes.
  @Test func killedInTheMiddle() throws {
    let sent = Mutex(0)
    let started = DispatchSemaphore(value: 0)
    hub.change { request, answer in
      guard request.method == "GET", request.path.hasPrefix("/large/") else { return nil }
      guard
        sent.withLock({
          $0 += 1; return $0
        }) > 1
      else {
        // A part arrives, then the connection is lost.
        var part = answer
        part.cut = 100_000
        return part
      }
      if sent.withLock({ $0 }) == 2 {
        started.signal()
        Thread.sleep(forTimeInterval: 1)
      }
      return nil
    }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try #require(GraftProcess.executable))
    process.arguments = ["inspect", "tiny/bert"]
    process.environment = GraftProcess.environment(adding: environment)
    (process.standardOutput, process.standardError) = (FileHandle.nullDevice, FileHandle.nullDevice)
    try process.run()
    #expect(started.wait(timeout: .now() + 30) == .success)
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    #expect(process.terminationReason == .uncaughtSignal)
    let run = try run("inspect", "tiny/bert", "--json").json()
    let embedded = try GraftProcess.run("inspect", "imdb-bert-1", "--json").json()
    #expect(try run["model_sha256"].string() == embedded["model_sha256"].string())
    let ranges = hub.server.requests.compactMap { $0.headers["range"] }
    #expect(ranges.last == "bytes=100000-", "\(ranges)")
  }

  @Test func completesNames() throws {
    _ = try run("inspect", "tiny/bert")
    let script = try run("--generate-completion-script", "bash")
    #expect(script.status == 0 && script.output.contains("---completion"))
  }

  /// A copy of the executable away from its package finds the models that come with graft.
  @Test func theExecutableMayLieElsewhere() throws {
    let copy = folder.path("graft")
    try FileManager.default.copyItem(atPath: #require(GraftProcess.executable), toPath: copy)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: copy)
    process.arguments = ["inspect", "imdb-bert-1"]
    process.environment = GraftProcess.environment()
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
  }
}
