import Files
import Foundation
import Hub
import Synchronization
import TestSupport
import Testing

/// Networks and servers that fail on the way: the right bytes or an error, never a damaged cache.
@Suite struct SetbackTests {
  private final class Counter: Sendable {
    private let value = Mutex(0)
    func next() -> Int {
      value.withLock {
        $0 += 1; return $0
      }
    }
  }

  @Test func aConnectionThatIsCutAtEvery64KiB() throws {
    let tiny = try TinyHub()
    tiny.hub.change { request, answer in
      guard request.path.hasPrefix("/large/") else { return nil }
      var answer = answer
      answer.cut = 65_536
      return answer
    }
    _ = try tiny.pull()
    #expect(try tiny.bytes("model.safetensors") == TinyHub.files["model.safetensors"])
    let ranges = tiny.hub.server.requests.filter { $0.path.hasPrefix("/large/") }.map { $0.headers["range"] }
    #expect(ranges == [nil, "bytes=65536-", "bytes=131072-", "bytes=196608-", "bytes=262144-"])
    // Each wait is the first: there was progress.
    #expect(abs(tiny.slept.total - 4 * 0.5) < 0.01)
  }

  @Test func aConnectionThatNeverBringsAnything() throws {
    let tiny = try TinyHub()
    tiny.hub.change { request, answer in
      guard request.path.hasPrefix("/large/") else { return nil }
      var answer = answer
      answer.cut = 0
      return answer
    }
    #expect {
      try tiny.pull()
    } throws: { error in
      if case HubError.unavailable(_, nil, 5, _) = error { true } else { false }
    }
    // 0.5, 1, 2 and 4 seconds.
    #expect(abs(tiny.slept.total - 7.5) < 0.01)
    #expect(!tiny.cached().keys.contains { $0.hasSuffix("model.safetensors") || $0.contains("/refs/") })
  }

  @Test func retryAfterInSecondsAndAsADate() throws {
    var policy = RetryPolicy()
    policy.now = { 1_445_412_475 }
    #expect(policy.seconds("7") == 7)
    #expect(policy.seconds("Wed, 21 Oct 2015 07:28:00 GMT") == 5)
    #expect(policy.seconds("Wed, 21 Oct 2015 07:00:00 GMT") == 0)
    #expect(policy.seconds("soon") == nil)
    for retryAfter in ["3", "Wed, 21 Oct 2015 07:27:58 GMT"] {
      var tiny = try TinyHub()
      tiny.settings.retry.now = { 1_445_412_475 }
      let counter = Counter()
      tiny.hub.change { _, _ in
        counter.next() <= 2 ? HTTPServer.Answer(429, [("Retry-After", retryAfter)]) : nil
      }
      _ = try tiny.pull()
      #expect(abs(tiny.slept.total - 6) < 0.01)
    }
  }

  /// What the hub sends beside or in place of Retry-After.
  @Test func aQuotaThatIsUsedUp() throws {
    let tiny = try TinyHub()
    let counter = Counter()
    tiny.hub.change { _, _ in
      counter.next() == 1 ? HTTPServer.Answer(429, [("RateLimit", "\"api\"; r=0; t=55")]) : nil
    }
    _ = try tiny.pull()
    #expect(abs(tiny.slept.total - 55) < 0.01)
    var head = ResponseHead()
    for line in ["HTTP/2 429\r\n", "RateLimit: \"api\";r=3;t=55\r\n"] {
      _ = Array(line.utf8).withUnsafeBytes { head.add($0) }
    }
    #expect(RetryPolicy.askedDelay(head) == nil)
  }

  @Test func aWaitThatIsTooLongIsAnError() throws {
    let tiny = try TinyHub()
    tiny.hub.change { _, _ in HTTPServer.Answer(429, [("Retry-After", "3600")]) }
    #expect {
      try tiny.pull()
    } throws: { error in
      if case HubError.unavailable(_, 429, 1, let reason) = error { reason.contains("3600") } else { false }
    }
    #expect(tiny.slept.total == 0)
  }

  @Test(arguments: [408, 429, 500, 502, 503, 504]) func statusesThatAreTriedAgain(_ status: Int) throws {
    let tiny = try TinyHub()
    tiny.hub.change { _, _ in HTTPServer.Answer(status) }
    #expect {
      try tiny.pull()
    } throws: { error in
      if case HubError.unavailable(_, status, 5, _) = error { true } else { false }
    }
    #expect(tiny.hub.server.requests.count == 5)
    let healed = try TinyHub()
    let seen = Mutex<Set<String>>([])
    // Each request fails once: the list, the description of each file, the files.
    healed.hub.change { request, _ in
      seen.withLock { $0.insert(request.method + request.path).inserted } ? HTTPServer.Answer(status) : nil
    }
    _ = try healed.pull()
    #expect(try healed.bytes("model.safetensors") == TinyHub.files["model.safetensors"])
  }

  /// A name that is not found is looked up again as often as a server that does not answer.
  @Test(arguments: [nil, "http://no-such-host.invalid"]) func noServer(endpoint: String?) throws {
    var tiny = try TinyHub()
    let gone = try HTTPServer { _ in HTTPServer.Answer(200) }.port
    tiny.settings.endpoint = endpoint ?? "http://127.0.0.1:\(gone)"
    #expect {
      try tiny.pull()
    } throws: { error in
      if case HubError.unreachable = error { true } else { false }
    }
    #expect(abs(tiny.slept.total - 1.5) < 0.01)
  }

  /// The answer claims to be complete although bytes are missing, or brings too many.
  @Test func aFileOfTheWrongSize() throws {
    for change in [-1, -300_000, 1, 100_000] {
      let tiny = try TinyHub()
      let bytes = TinyHub.bytes(300_000 + change)
      tiny.hub.change { request, _ in
        request.path.hasPrefix("/large/") ? HTTPServer.Answer(200, body: bytes) : nil
      }
      #expect(throws: HubError.wrongSize(id: "o/n", file: "model.safetensors", expected: 300_000, found: bytes.count)) {
        try tiny.pull()
      }
      #expect(!tiny.cached().keys.contains { $0.contains(tiny.weightsETag) && $0.contains("blobs") })
      #expect(!tiny.cached().keys.contains { $0.contains("/refs/") })
    }
  }

  @Test func wrongBytes() throws {
    for file in ["model.safetensors", "vocab.txt"] {
      let tiny = try TinyHub()
      tiny.hub.change { request, answer in
        guard request.method == "GET", request.path.hasSuffix(file) || request.path.hasPrefix("/large/"),
          answer.status == 200, file == "vocab.txt" || request.path.hasPrefix("/large/")
        else { return nil }
        var answer = answer
        answer.body[answer.body.count / 2] ^= 1
        return answer
      }
      let good = HubServer.etag(TinyHub.files[file] ?? [], isLarge: file == "model.safetensors")
      #expect {
        try tiny.pull()
      } throws: { error in
        guard case HubError.wrongChecksum("o/n", file, good, let found) = error else { return false }
        return found.utf8.count == good.utf8.count && found != good
      }
      #expect(!tiny.cached().keys.contains { $0.contains("blobs/" + good) })
      #expect(!tiny.cached().keys.contains { $0.hasSuffix(file) })
    }
  }

  /// What a killed process leaves: a part that is right, one that is wrong, one that is too long, one without a rest.
  @Test func leftovers() throws {
    let weights = TinyHub.files["model.safetensors"] ?? []
    let wrong = TinyHub.bytes(1000, seed: 9)
    let cases: [(left: [UInt8], ranges: [String?])] = [
      (Array(weights[..<1000]), ["bytes=1000-"]), (wrong, ["bytes=1000-", nil]), (weights, []),
      (weights + [0], [nil]), ([], [nil]),
    ]
    for (left, ranges) in cases {
      let tiny = try TinyHub()
      try tiny.folder.write(left, to: tiny.weightsBlob + ".incomplete")
      _ = try tiny.pull()
      #expect(try tiny.bytes("model.safetensors") == weights)
      let asked = tiny.hub.server.requests.filter { $0.path.hasPrefix("/large/") }.map { $0.headers["range"] }
      #expect(asked == ranges)
      #expect(!tiny.cached().keys.contains { $0.hasSuffix(".incomplete") })
    }
  }

  /// A server that knows no ranges, one that answers with another range, and one that finds the range too far.
  @Test func serversThatDoNotResume() throws {
    let weights = TinyHub.files["model.safetensors"] ?? []
    let whole = try TinyHub()
    try whole.folder.write(Array(weights[..<1000]), to: whole.weightsBlob + ".incomplete")
    whole.hub.change { request, _ in
      request.path.hasPrefix("/large/") ? HTTPServer.Answer(200, body: weights) : nil
    }
    _ = try whole.pull()
    #expect(try whole.bytes("model.safetensors") == weights)

    let other = try TinyHub()
    try other.folder.write(Array(weights[..<1000]), to: other.weightsBlob + ".incomplete")
    other.hub.change { request, _ in
      guard request.path.hasPrefix("/large/") else { return nil }
      return HTTPServer.Answer(206, [("Content-Range", "bytes 5-9/300000")], body: Array(weights[5..<10]))
    }
    #expect {
      try other.pull()
    } throws: { error in
      if case HubError.unexpectedAnswer(_, _, "\"bytes 5-9/300000\"") = error { true } else { false }
    }

    let far = try TinyHub()
    try far.folder.write(Array(weights[..<1000]), to: far.weightsBlob + ".incomplete")
    far.hub.change { request, _ in
      request.path.hasPrefix("/large/") && request.headers["range"] != nil ? HTTPServer.Answer(416) : nil
    }
    _ = try far.pull()
    #expect(try far.bytes("model.safetensors") == weights)
  }

  /// A blob that is there and has another size was damaged later.
  @Test func aDamagedBlobIsReplaced() throws {
    let tiny = try TinyHub()
    try tiny.folder.write([1, 2, 3], to: tiny.weightsBlob)
    _ = try tiny.pull()
    #expect(try tiny.bytes("model.safetensors") == TinyHub.files["model.safetensors"])
  }

  @Test func aHubThatSaysNoSizes() throws {
    let tiny = try TinyHub()
    tiny.hub.change { _, answer in
      guard answer.status == 302 else { return nil }
      var answer = answer
      answer["X-Linked-Size"] = nil
      return answer
    }
    _ = try tiny.pull()
    #expect(try tiny.bytes("model.safetensors") == TinyHub.files["model.safetensors"])
  }

  /// Threads that open the lock each for themselves wait for each other as processes do.
  @Test func severalDownloadsAtOnce() async throws {
    let tiny = try TinyHub()
    tiny.hub.change { request, _ in
      if request.path.hasPrefix("/large/") { usleep(50_000) }
      return nil
    }
    try await withThrowingTaskGroup(of: HubSnapshot.self) { group in
      for _ in 0..<6 {
        group.addTask {
          try await withCheckedThrowingContinuation { done in
            Thread { done.resume(with: Result { try tiny.pull() }) }.start()
          }
        }
      }
      for try await snapshot in group { #expect(snapshot.commit == TinyHub.commit) }
    }
    #expect(try tiny.bytes("model.safetensors") == TinyHub.files["model.safetensors"])
    #expect(tiny.hub.server.requests.filter { $0.path.hasPrefix("/large/") }.count == 1)
    #expect(!tiny.cached().keys.contains { $0.hasSuffix(".incomplete") || $0.hasSuffix(".tmp") })
  }

  /// While another process holds the lock nothing is downloaded, and the wait can be given up.
  @Test func theLockOfAnotherProcessIsWaitedFor() throws {
    struct Enough: Error {}
    let tiny = try TinyHub()
    let lock = try tiny.folder.write("", to: "hub/.locks/models--o--n/\(tiny.weightsETag).lock")
    let holder = open(lock, O_RDWR)
    #expect(flock(holder, LOCK_EX) == 0)
    let counter = Counter()
    #expect(throws: Enough.self) {
      try tiny.pull { if $0.activity == .waitingForOther, counter.next() == 3 { throw Enough() } }
    }
    #expect(!tiny.asked.contains { $0.contains("/large/") })
    // Released while it is waited for, and the file removed, as some versions of the Python client do.
    _ = try tiny.pull { progress in
      if progress.activity == .waitingForOther, counter.next() == 6 {
        unlink(lock)
        close(holder)
      }
    }
    #expect(try tiny.bytes("model.safetensors") == TinyHub.files["model.safetensors"])
    #expect(Endpoints.kind(lock) == "file")
  }
}
