import Foundation
import Hub
import TestSupport
import Testing

/// A hub, or somebody on the way, that means harm: nothing is written outside the cache.
@Suite struct HostileHubTests {
  /// What is in the folder beside the cache, before and after; the cache is below it.
  private func pullFails(_ tiny: TinyHub, _ check: (HubError) -> Bool) throws -> Bool {
    let beside = try tiny.folder.names().filter { $0 != "hub" }
    do {
      _ = try tiny.pull()
      return false
    } catch let error as HubError {
      let after = try tiny.folder.names().filter { $0 != "hub" }
      return check(error) && after == beside
    }
  }

  @Test func namesInTheList() throws {
    for name in [
      "../config.json", "a/../../config.json", "..", "/etc/passwd", "a//b", "./a", "a/./b", "a\\b", "..\\config.json",
      "C:\\x", "a\0b", "a\nb", "", "a/", String(repeating: "a", count: 256), String(repeating: "a/", count: 600) + "a",
    ] {
      let tiny = try TinyHub(files: TinyHub.files.merging([name: [1]]) { $1 })
      let failed = try pullFails(tiny) {
        if case .unsafeFileName("o/n", let shown, _) = $0 { shown == HubError.shown(name) } else { false }
      }
      #expect(failed, "\(name.debugDescription)")
      #expect(tiny.asked == ["GET /api/models/o/n/revision/main"])
      #expect(tiny.cached().isEmpty)
    }
  }

  @Test func namesInAnIndexOfShards() throws {
    for name in ["../../../../x.bin", "/tmp/x.safetensors", "a/b.bin", "..", "config.json", "", "a\\b.bin", "a\0.bin"] {
      let index = Array(#"{"weight_map": {"w": "\#(name.replacingOccurrences(of: "\\", with: "\\\\"))"}}"#.utf8)
        .flatMap { $0 == 0 ? Array("\\u0000".utf8) : [$0] }
      let files: [String: [UInt8]] = [
        "config.json": [123, 125], "model.safetensors.index.json": index, "a/b.bin": [1],
      ]
      let tiny = try TinyHub(files: files, large: [])
      let failed = try pullFails(tiny) {
        if case .unsafeFileName("o/n", HubError.shown(name), _) = $0 { true } else { false }
      }
      #expect(failed, "\(name.debugDescription)")
      #expect(!tiny.cached().keys.contains { $0.contains("/refs/") })
    }
    let absent = try TinyHub(files: [
      "config.json": [123, 125], "model.safetensors.index.json": Array(#"{"weight_map": {"w": "s.safetensors"}}"#.utf8),
    ])
    #expect(try pullFails(absent) { $0 == .fileNotFound(id: "o/n", revision: "main", file: "s.safetensors") })
    for text in ["", "{}", "[]", #"{"weight_map": {}}"#, #"{"weight_map": {"w": 1}}"#, #"{"weight_map": ["a"]}"#] {
      let tiny = try TinyHub(files: ["config.json": [123, 125], "model.safetensors.index.json": Array(text.utf8)])
      let failed = try pullFails(tiny) { if case .damagedCache = $0 { true } else { false } }
      #expect(failed, "\(text)")
    }
  }

  @Test func eTagsThatAreNoNames() throws {
    #expect(FileDescription.normalized("\"abc-1\"") == "abc-1")
    #expect(FileDescription.normalized("W/\"abc\"") == "abc")
    #expect(FileDescription.normalized("abc") == "abc")
    for etag in [
      "", "\"\"", "\"../x\"", "\"a/b\"", "..", ".", "\"a\0\"", "\"a b\"", String(repeating: "a", count: 129),
    ] {
      #expect(FileDescription.normalized(etag) == nil, "\(etag.debugDescription)")
      guard !etag.utf8.contains(0) else { continue }
      let tiny = try TinyHub()
      tiny.hub.change { request, answer in
        guard request.method == "HEAD" else { return nil }
        var answer = answer
        answer["ETag"] = etag
        answer["X-Linked-Etag"] = etag
        return answer
      }
      let failed = try pullFails(tiny) { if case .unexpectedAnswer = $0 { true } else { false } }
      #expect(failed, "\(etag)")
    }
  }

  @Test func sizesThatNoDiskHolds() throws {
    for size in ["9223372036854775807", "1000000000000000"] {
      let tiny = try TinyHub()
      tiny.hub.change { request, answer in
        guard request.method == "HEAD" else { return nil }
        var answer = answer
        answer["X-Linked-Size"] = size
        return answer
      }
      let failed = try pullFails(tiny) {
        if case .diskFull(_, let needed, _) = $0 { needed >= Int(size) ?? 0 } else { false }
      }
      #expect(failed)
      #expect(!tiny.asked.contains { $0.hasPrefix("GET /o/n/resolve") })
    }
  }

  /// An answer that never ends is cut off: a list, an error's page, a header, a file.
  @Test func answersWithoutEnd() throws {
    let lists = try TinyHub()
    lists.hub.change { _, _ in HTTPServer.Answer(200, body: [UInt8](repeating: 32, count: 20_000_000)) }
    #expect(
      try pullFails(lists) {
        if case .unexpectedAnswer(_, let text, _) = $0 { text.contains("16777216") } else { false }
      })

    let pages = try TinyHub()
    pages.hub.change { _, _ in
      HTTPServer.Answer(403, [("Content-Length", "9000000000000")], body: [UInt8](repeating: 32, count: 20_000_000))
    }
    #expect(try pullFails(pages) { $0 == .refused(id: "o/n", status: 403, message: "") })

    let headers = try TinyHub()
    headers.hub.change { _, _ in
      HTTPServer.Answer(200, (0..<200).map { ("X-\($0)", String(repeating: "x", count: 1000)) })
    }
    #expect(try pullFails(headers) { if case .unreachable = $0 { true } else { false } })

    let many = try TinyHub()
    many.hub.change { _, _ in
      let list = String(repeating: #"{"rfilename":"a"},"#, count: 100_000) + #"{"rfilename":"a"}"#
      return HTTPServer.Answer(200, body: Array(#"{"sha":"\#(TinyHub.commit)","siblings":[\#(list)]}"#.utf8))
    }
    #expect(try pullFails(many) { if case .unexpectedAnswer(_, _, "100001") = $0 { true } else { false } })
  }

  /// Links that lie in the cache already: a write through them would land elsewhere.
  @Test func linksThatLeadOut() throws {
    for inside in [
      "models--o--n", "models--o--n/blobs", "models--o--n/refs", "models--o--n/snapshots", ".locks",
      "models--o--n/.no_exist",
    ] {
      let tiny = try TinyHub()
      let outside = tiny.folder.path("outside")
      try FileManager.default.createDirectory(atPath: outside, withIntermediateDirectories: true)
      let path = tiny.folder.path("hub/" + inside)
      try FileManager.default.createDirectory(
        at: URL(fileURLWithPath: path).deletingLastPathComponent(), withIntermediateDirectories: true)
      try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: outside)
      let failed = try pullFails(tiny) {
        if case .leavesCache(path, let target) = $0 { target.hasSuffix("/outside") } else { false }
      }
      #expect(failed, "\(inside)")
      #expect(try tiny.folder.names("outside") == [])
    }
    // The file that a download goes into.
    let tiny = try TinyHub()
    let victim = try tiny.folder.write("precious", to: "victim")
    try FileManager.default.createDirectory(
      atPath: tiny.folder.path("hub/models--o--n/blobs"), withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(
      atPath: tiny.folder.path(tiny.weightsBlob + ".incomplete"), withDestinationPath: victim)
    #expect(throws: (any Error).self) { try tiny.pull() }
    #expect(try tiny.folder.bytes("victim") == Array("precious".utf8))
  }

  /// The cache itself may be a link, and a folder within it may lead to another place of the same cache.
  @Test func linksThatStayInside() throws {
    let tiny = try TinyHub()
    try FileManager.default.createDirectory(atPath: tiny.folder.path("disk/there"), withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(atPath: tiny.folder.path("hub"), withDestinationPath: "disk")
    try FileManager.default.createSymbolicLink(
      atPath: tiny.folder.path("disk/models--o--n"), withDestinationPath: "there")
    _ = try tiny.pull()
    #expect(try tiny.bytes("model.safetensors") == TinyHub.files["model.safetensors"])
  }
}
