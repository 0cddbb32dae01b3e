import Foundation
import Hub
import TestSupport
import Testing

/// Damaged answers and files: an error or a good value, never a trap, and no name that leads out.
@Suite struct MutationTests {
  private static let rounds = 20_000

  @Test func lists() throws {
    let files = ["a/b/c.bin", "config.json", "a./.b", "model-00001-of-00002.safetensors"].map {
      #"{"rfilename":"\#($0)"}"#
    }
    let text = #"{"id":"o/n","sha":"\#(TinyHub.commit)","siblings":[\#(files.joined(separator: ","))]}"#
    let name = try HubName("o/n")
    var mutator = Mutator(seed: 1)
    var (read, refused) = (0, 0)
    for _ in 0..<Self.rounds {
      do {
        let listing = try RepositoryListing(answer: mutator.damaged(Array(text.utf8)), of: name, url: "u")
        read += 1
        #expect(HubName.isCommit(listing.commit))
        for file in listing.files {
          let parts = file.split(separator: "/", omittingEmptySubsequences: false)
          #expect(!parts.contains("..") && !parts.contains("") && !parts.contains(".") && !file.utf8.contains(0))
        }
      } catch is HubError { refused += 1 }
    }
    #expect(read > 100 && refused > 10_000)
  }

  @Test func indicesOfShards() throws {
    let folder = try TemporaryFolder()
    let text = #"{"metadata":{},"weight_map":{"a":"m-1.bin","b":"m-2.bin","c":"m-3.safetensors"}}"#
    var mutator = Mutator(seed: 2)
    var (read, refused) = (0, 0)
    for _ in 0..<500 {
      let path = try folder.write(mutator.damaged(Array(text.utf8)), to: "index.json")
      do {
        for shard in try ModelFiles.shards(index: path, of: "o/n") { #expect(!shard.contains("/") && shard != "..") }
        read += 1
      } catch is HubError { refused += 1 }
    }
    #expect(read > 20 && refused > 100)
  }

  @Test func headersURLsETagsAndDates() throws {
    let lines = [
      "HTTP/1.1 302 Found\r\n", "Location: https://u@cdn.example:443/a/../b?x=%2F#f\r\n", "ETag: W/\"ab-12\"\r\n",
      "Retry-After: Wed, 21 Oct 2015 07:28:00 GMT\r\n", "X-Linked-Size: 123\r\n",
    ]
    let base = try #require(HubURL("https://hub.example/o/n"))
    let policy = RetryPolicy()
    var mutator = Mutator(seed: 3)
    var followed = 0
    for _ in 0..<Self.rounds {
      var head = ResponseHead()
      for line in lines { _ = mutator.damaged(Array(line.utf8)).withUnsafeBytes { head.add($0) } }
      if let target = try? HubClient.target(of: head, from: base) {
        followed += 1
        #expect(target.scheme == "https" && !target.host.isEmpty && !target.hasCredentials)
      }
      if let etag = head["etag"].flatMap(FileDescription.normalized) {
        #expect(!etag.contains("/") && !etag.hasPrefix("."))
      }
      if let seconds = head["retry-after"].flatMap(policy.seconds) { #expect(seconds >= 0) }
    }
    #expect(followed > 100)
  }

  @Test func names() {
    var mutator = Mutator(seed: 4)
    var read = 0
    for _ in 0..<Self.rounds {
      let text = String(decoding: mutator.damaged(Array("owner/bert-base.v1@refs/pr/1".utf8)), as: UTF8.self)
      guard let name = try? HubName(text) else { continue }
      read += 1
      #expect(!name.folderName.contains("/") && !name.folderName.hasPrefix(".") && name.folderName.utf8.count < 255)
      #expect(!name.wantedRevision.split(separator: "/").contains("..") && !name.wantedRevision.hasPrefix("/"))
      #expect(HubName(folderName: name.folderName)?.id == name.id)
    }
    #expect(read > 1000)
  }
}
