import Files
import Foundation
import Hub
import TestSupport
import Testing

/// Reading a cache that another client wrote.
@Suite struct HubCacheTests {
  private let folder: TemporaryFolder
  private let cache: HubCache
  private let first = String(repeating: "0a", count: 20)
  private let second = "0a0a0a0b" + String(repeating: "0", count: 32)

  init() throws {
    folder = try TemporaryFolder()
    cache = HubCache(folder.path("hub"))
  }

  private func blob(_ text: String, _ etag: String, repository: String = "models--o--n") throws {
    try folder.write(text, to: "hub/\(repository)/blobs/\(etag)")
  }

  private func link(_ file: String, _ etag: String, _ commit: String, repository: String = "models--o--n") throws {
    let path = folder.path("hub/\(repository)/snapshots/\(commit)/\(file)")
    try FileManager.default.createDirectory(
      at: URL(fileURLWithPath: path).deletingLastPathComponent(), withIntermediateDirectories: true)
    let levels = file.split(separator: "/").count + 1
    let target = String(repeating: "../", count: levels) + "blobs/" + etag
    try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: target)
  }

  private func ref(_ name: String, _ text: String) throws {
    try folder.write(text, to: "hub/models--o--n/refs/\(name)")
  }

  private func makeModel() throws {
    try blob("{}", "c1")
    try blob("weights", "w1")
    try blob("words", "v1")
    for (file, etag) in [("config.json", "c1"), ("model.safetensors", "w1"), ("vocab.txt", "v1")] {
      try link(file, etag, first)
    }
    try ref("main", first)
  }

  private var offline: HubSettings {
    var settings = HubSettings(environment: ["HF_HUB_OFFLINE": "1"])
    settings.cacheFolder = cache.path
    return settings
  }

  @Test func findsByBranchTagAndCommit() throws {
    try makeModel()
    try ref("v1.0", first)
    try ref("refs/pr/1", first + "\n")
    let names = ["o/n", "o/n@main", "o/n@v1.0", "o/n@refs/pr/1", "o/n@" + first, "o/n@" + first.prefix(7)]
    for name in names {
      let snapshot = try #require(try cache.snapshot(of: HubName(name)))
      #expect(snapshot.commit == first)
      #expect(snapshot.id == "o/n")
      #expect(snapshot.folder == folder.path("hub/models--o--n/snapshots/") + first)
      #expect(try Hub.resolve(HubName(name), settings: offline) == snapshot)
    }
    for name in ["o/n@other", "o/n@refs", "o/n@refs/pr", "o/m", "n", "o/n@" + first.prefix(6), "o/n@" + second] {
      #expect(try cache.snapshot(of: HubName(name)) == nil)
    }
  }

  @Test func aShortCommitMustBeTheOnlyOne() throws {
    try makeModel()
    let other = first.prefix(8) + String(repeating: "f", count: 32)
    try link("config.json", "c1", String(other))
    #expect(throws: HubError.ambiguousCommit(id: "o/n", digits: "0a0a0a0a", commits: [first, String(other)])) {
      try cache.snapshot(of: HubName("o/n@0a0a0a0a"))
    }
    #expect(try cache.snapshot(of: HubName("o/n@0a0a0a0af"))?.commit == String(other))
  }

  @Test func aDamagedRefIsNamed() throws {
    try makeModel()
    try ref("main", "../../..")
    #expect(
      throws: HubError.damagedCache(
        path: folder.path("hub/models--o--n/refs/main"), expected: "a commit's hash of 40 hexadecimal digits",
        found: "\"../../..\"")
    ) { try cache.snapshot(of: HubName("o/n")) }
    try ref("main", String(repeating: "x", count: 2000))
    #expect(throws: HubError.self) { try cache.snapshot(of: HubName("o/n")) }
    try ref("main", "")
    #expect(throws: HubError.self) { try cache.snapshot(of: HubName("o/n")) }
  }

  @Test func offlineNamesWhatIsMissing() throws {
    func missing(_ name: String = "o/n") -> String? {
      do {
        _ = try Hub.resolve(HubName(name), settings: offline)
        return nil
      } catch HubError.offline(let id, let revision, let missing, let cache) {
        return "\(id) \(revision) \(missing) \(cache == self.cache.path)"
      } catch { return "\(error)" }
    }
    #expect(missing() == "o/n main the model true")
    try makeModel()
    #expect(missing() == nil)
    #expect(missing("o/n@dev") == "o/n dev the model true")
    func remove(_ file: String) throws {
      try FileManager.default.removeItem(atPath: folder.path("hub/models--o--n/snapshots/\(first)/\(file)"))
    }
    try remove("vocab.txt")
    #expect(missing() == "o/n main the tokenizer true")
    // A model without a tokenizer is complete where the hub is known to have none.
    for file in ModelFileName.tokenizer { try folder.write("", to: "hub/models--o--n/.no_exist/\(first)/\(file)") }
    #expect(missing() == nil)
    try remove("model.safetensors")
    #expect(missing() == "o/n main model.safetensors or pytorch_model.bin true")
    try folder.write(
      #"{"weight_map": {"a": "model-1-of-2.safetensors", "b": "model-2-of-2.safetensors"}}"#,
      to: "hub/models--o--n/snapshots/\(first)/model.safetensors.index.json")
    try link("model-1-of-2.safetensors", "w1", first)
    #expect(missing() == "o/n main model-2-of-2.safetensors true")
    try link("model-2-of-2.safetensors", "w1", first)
    #expect(missing() == nil)
    // A link to a blob that is gone is no file.
    try FileManager.default.removeItem(atPath: folder.path("hub/models--o--n/blobs/c1"))
    #expect(missing() == "o/n main config.json true")
  }

  @Test func listsRepositories() throws {
    #expect(cache.repositories() == [])
    try makeModel()
    try ref("v1", first)
    try ref("gone", second)
    try blob("other words", "v2")
    try link("vocab.txt", "v2", second)
    try link("sub/config.json", "c1", second)
    try link("broken.bin", "none", second)
    try blob("{}", "c1", repository: "models--a")
    try link("config.json", "c1", second, repository: "models--a")
    try folder.write("", to: "hub/models--empty/refs/main")
    try folder.write("", to: "hub/datasets--o--n/snapshots/\(first)/x")
    try folder.write("", to: "hub/CACHEDIR.TAG")
    let repositories = cache.repositories()
    #expect(repositories.map(\.id) == ["a", "o/n"])
    let model = try #require(repositories.last)
    #expect(model.size == 2 + 7 + 5 + 11)
    #expect(model.revisions.map(\.commit) == [first, second])
    #expect(model.revisions.map(\.refs) == [["main", "v1"], ["gone"]])
    #expect(model.revisions[0].files.map(\.name) == ["config.json", "model.safetensors", "vocab.txt"])
    #expect(model.revisions[1].files.map(\.name) == ["sub/config.json", "vocab.txt"])
    #expect(model.revisions[1].size == 13)
    #expect(model.path == folder.path("hub/models--o--n"))
  }

  /// A blob of the Python client may itself be a link, into a store that its caches share.
  @Test func followsLinksWhenReading() throws {
    try makeModel()
    let store = try folder.write("{\"a\": 1}", to: "store/x")
    try FileManager.default.removeItem(atPath: folder.path("hub/models--o--n/blobs/c1"))
    try FileManager.default.createSymbolicLink(
      atPath: folder.path("hub/models--o--n/blobs/c1"), withDestinationPath: store)
    #expect(try Hub.resolve(HubName("o/n"), settings: offline).commit == first)
    #expect(cache.repositories().first?.size == 8 + 7 + 5)
  }
}
