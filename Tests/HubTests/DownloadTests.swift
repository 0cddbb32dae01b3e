import Files
import Foundation
import Hub
import Synchronization
import TestSupport
import Testing

@Suite struct DownloadTests {
  /// Every file and link, as the Python client leaves them, and nothing that is not read.
  @Test func theLayoutIsThatOfThePythonClient() throws {
    let tiny = try TinyHub()
    let snapshot = try tiny.pull()
    let repository = "models--o--n"
    #expect(
      snapshot
        == HubSnapshot(
          id: "o/n", revision: "main", commit: TinyHub.commit,
          folder: tiny.folder.path("hub/\(repository)/snapshots/\(TinyHub.commit)")))
    let read = ["config.json", "vocab.txt", "tokenizer.json", "README.md", "model.safetensors"]
    var expected: [String: String?] = [:]
    expected.updateValue(nil, forKey: "\(repository)/refs/main")
    expected.updateValue(nil, forKey: "CACHEDIR.TAG")
    for file in read {
      let etag = HubServer.etag(TinyHub.files[file] ?? [], isLarge: file == "model.safetensors")
      expected.updateValue(nil, forKey: "\(repository)/blobs/\(etag)")
      expected.updateValue(nil, forKey: ".locks/\(repository)/\(etag).lock")
      expected.updateValue("../../blobs/\(etag)", forKey: "\(repository)/snapshots/\(TinyHub.commit)/\(file)")
      #expect(try tiny.bytes(file) == TinyHub.files[file])
    }
    for file in ModelFiles.optional where !read.contains(file) {
      expected.updateValue(nil, forKey: "\(repository)/.no_exist/\(TinyHub.commit)/\(file)")
    }
    #expect(tiny.cached() == expected)
    #expect(try tiny.folder.bytes("hub/\(repository)/refs/main") == Array(TinyHub.commit.utf8))
    #expect(try HubCache(tiny.settings.cacheFolder).repositories().first?.revisions.first?.refs == ["main"])
  }

  @Test func aCachedModelIsNotAskedFor() throws {
    let tiny = try TinyHub()
    let snapshot = try tiny.resolve()
    let connections = tiny.hub.server.connections
    #expect(connections > 0)
    for name in ["o/n", "o/n@main", "o/n@" + TinyHub.commit, "o/n@" + TinyHub.commit.prefix(9)] {
      #expect(try tiny.resolve(name).folder == snapshot.folder)
      #expect(try tiny.resolve(name, offline: true).folder == snapshot.folder)
    }
    #expect(tiny.hub.server.connections == connections)
  }

  @Test func offlineOpensNoSocket() throws {
    var tiny = try TinyHub()
    #expect(
      throws: HubError.offline(id: "o/n", revision: "main", missing: "the model", cache: tiny.settings.cacheFolder)
    ) { try tiny.resolve(offline: true) }
    tiny.settings.isOffline = true
    #expect(
      throws: HubError.offline(id: "o/n", revision: "dev", missing: "the model", cache: tiny.settings.cacheFolder)
    ) { try tiny.resolve("o/n@dev") }
    #expect(
      throws: HubError.offline(
        id: "o/n", revision: "main", missing: "its newest commit", cache: tiny.settings.cacheFolder)
    ) { try tiny.pull() }
    #expect(tiny.hub.server.connections == 0)
    #expect(tiny.cached().isEmpty)
  }

  @Test func pullFollowsTheBranchAndKeepsWhatIsShared() throws {
    let tiny = try TinyHub()
    let old = try tiny.pull()
    var next = tiny.repository
    next.commit = String(repeating: "b2", count: 20)
    next.files["vocab.txt"] = Array("[PAD]\nother\n".utf8)
    tiny.hub.push(next)
    #expect(try tiny.resolve() == old)
    let asked = tiny.asked.count
    let new = try tiny.pull()
    #expect(new.commit == next.commit)
    #expect(try tiny.resolve() == new)
    #expect(try tiny.bytes("vocab.txt", commit: next.commit) == next.files["vocab.txt"])
    #expect(try tiny.bytes("vocab.txt") == TinyHub.files["vocab.txt"])
    // The large file is the same blob: asked about, not downloaded.
    #expect(!tiny.asked[asked...].contains { $0.contains("/large/") })
    #expect(try tiny.bytes("model.safetensors", commit: next.commit) == TinyHub.files["model.safetensors"])
    // Nothing is new: one question.
    let before = tiny.asked.count
    #expect(try tiny.pull() == new)
    #expect(tiny.asked[before...] == ["GET /api/models/o/n/revision/main"])
  }

  @Test func aPinnedCommitHasNoRef() throws {
    let tiny = try TinyHub()
    #expect(try tiny.pull("o/n@" + TinyHub.commit).commit == TinyHub.commit)
    #expect(!tiny.cached().keys.contains { $0.contains("/refs/") })
    _ = try tiny.pull("o/n@refs/pr/1")
    #expect(try tiny.folder.bytes("hub/models--o--n/refs/refs/pr/1") == Array(TinyHub.commit.utf8))
    #expect(tiny.asked.contains("GET /api/models/o/n/revision/refs%2Fpr%2F1"))
  }

  /// What another client left half done is completed at its commit, and the branch stays.
  @Test func anIncompleteSnapshotIsCompletedAtItsCommit() throws {
    let tiny = try TinyHub()
    try tiny.folder.write("{}", to: "hub/models--o--n/snapshots/\(TinyHub.commit)/config.json")
    try tiny.folder.write(TinyHub.commit, to: "hub/models--o--n/refs/dev")
    let snapshot = try tiny.resolve("o/n@dev")
    #expect((snapshot.revision, snapshot.commit) == ("dev", TinyHub.commit))
    #expect(try tiny.bytes("model.safetensors") == TinyHub.files["model.safetensors"])
    #expect(try tiny.bytes("config.json") == Array("{}".utf8))
    #expect(
      !tiny.asked.contains { $0.contains("config.json") && !$0.contains("tokenizer") && !$0.contains("generation") })
    #expect(tiny.cached().keys.filter { $0.contains("/refs/") } == ["models--o--n/refs/dev"])
  }

  @Test func weightsInTheOrderOfPreference() throws {
    func index(_ end: String) -> [UInt8] {
      Array(#"{"weight_map": {"a": "s-1.\#(end)", "b": "s-2.\#(end)", "c": "s-1.\#(end)"}}"#.utf8)
    }
    let choices: [(String, [String: [UInt8]])] = [
      ("model.safetensors", ["model.safetensors": [1]]),
      (
        "model.safetensors.index.json s-1.safetensors s-2.safetensors",
        ["model.safetensors.index.json": index("safetensors"), "s-1.safetensors": [1, 2], "s-2.safetensors": [3]]
      ),
      ("pytorch_model.bin", ["pytorch_model.bin": [4]]),
      (
        "pytorch_model.bin.index.json s-1.bin s-2.bin",
        ["pytorch_model.bin.index.json": index("bin"), "s-1.bin": [5], "s-2.bin": [6]]
      ),
    ]
    for first in choices.indices {
      let weights = choices[first...].reduce(into: [String: [UInt8]]()) { $0.merge($1.1) { $1 } }
      let files = weights.merging(["config.json": [123, 125], "vocab.txt": [65], "flax_model.msgpack": [7]]) { $1 }
      let tiny = try TinyHub(files: files, large: [])
      let snapshot = try tiny.resolve()
      let names = try tiny.folder.names("hub/models--o--n/snapshots/" + snapshot.commit)
      #expect(
        names == (["config.json", "vocab.txt"] + choices[first].0.split(separator: " ").map(String.init)).sorted())
      let connections = tiny.hub.server.connections
      #expect(try tiny.resolve() == snapshot)
      #expect(tiny.hub.server.connections == connections)
    }
  }

  @Test func aRepositoryWithoutWeightsThatAreRead() throws {
    let tiny = try TinyHub(files: ["config.json": [1], "tf_model.h5": [2], "a/model.gguf": [3]])
    #expect(throws: HubError.noWeights(id: "o/n", revision: "main", found: ["a/model.gguf", "tf_model.h5"])) {
      try tiny.pull()
    }
    let bare = try TinyHub(files: ["model.safetensors": [2]])
    #expect(throws: HubError.fileNotFound(id: "o/n", revision: "main", file: "config.json")) { try bare.pull() }
    #expect(bare.cached().isEmpty)
  }

  /// A repository that was renamed answers under its old name with a redirect on the hub itself.
  @Test func aRenamedRepositoryIsFollowed() throws {
    let tiny = try TinyHub(environment: ["HF_TOKEN": "hf_t"]) { $0.token = "hf_t" }
    tiny.hub.change { request, answer in
      guard request.path.contains("/old/n/") || request.path.hasPrefix("/old/n") else { return nil }
      return HTTPServer.Answer(307, [("Location", request.path.replacingOccurrences(of: "old/n", with: "o/n"))])
    }
    let snapshot = try tiny.pull("old/n")
    #expect(snapshot.folder == tiny.folder.path("hub/models--old--n/snapshots/\(TinyHub.commit)"))
    #expect(try tiny.resolve("old/n", offline: true) == snapshot)
  }

  @Test func progressCountsAllBytes() throws {
    let tiny = try TinyHub()
    let seen = Mutex<[HubProgress]>([])
    _ = try tiny.pull { progress in seen.withLock { $0.append(progress) } }
    let all = seen.withLock { $0 }
    #expect(all.first == HubProgress(.asking))
    let downloading = all.filter { $0.activity == .downloading }
    let total = ["config.json", "vocab.txt", "tokenizer.json", "README.md", "model.safetensors"]
      .reduce(0) { $0 + (TinyHub.files[$1]?.count ?? 0) }
    #expect(downloading.allSatisfy { $0.bytesTotal == total })
    #expect(downloading.map(\.bytesDone) == downloading.map(\.bytesDone).sorted())
    #expect(
      downloading.last == HubProgress(.downloading, file: "model.safetensors", bytesDone: total, bytesTotal: total))
  }

  @Test func whatTheProgressThrowsEndsTheCallAndALaterOneResumes() throws {
    struct Enough: Error {}
    let bytes = TinyHub.bytes(3_000_000)
    let tiny = try TinyHub(files: TinyHub.files.merging(["model.safetensors": bytes]) { $1 })
    #expect(throws: Enough.self) {
      try tiny.pull { if $0.file == "model.safetensors", $0.bytesDone > 1_000_000 { throw Enough() } }
    }
    let etag = HubServer.etag(bytes, isLarge: true)
    let left = try tiny.folder.bytes("hub/models--o--n/blobs/\(etag).incomplete")
    #expect(left.count >= 1_000_000 && left.count < 3_000_000 && left == Array(bytes[..<left.count]))
    #expect(!tiny.cached().keys.contains { $0.contains("/refs/") || $0.hasSuffix("model.safetensors") })
    _ = try tiny.pull()
    #expect(try tiny.bytes("model.safetensors") == bytes)
    let ranges = tiny.hub.server.requests.filter { $0.path.hasPrefix("/large/") }.map { $0.headers["range"] }
    #expect(ranges == [nil, "bytes=\(left.count)-"])
    #expect(!tiny.cached().keys.contains { $0.hasSuffix(".incomplete") })
  }
}
