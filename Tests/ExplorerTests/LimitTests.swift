import Explorer
import Files
import Foundation
import Synchronization
import TestSupport
import Testing

/// A slow or broken client harms nobody.
@Suite(.serialized, .ownThread) struct LimitTests {
  private static let prompt: JSON = ["model": "imdb-gpt2-narrow", "text": "a complete waste of"]

  /// The status of a reply, and how long it took in seconds.
  private func timed(_ body: () async throws -> SocketReply) async throws -> (status: Int, seconds: Double) {
    let start = ContinuousClock.now
    let status = try await body().status
    return (status, seconds(since: start))
  }

  private func seconds(since start: ContinuousClock.Instant) -> Double {
    Double((ContinuousClock.now - start).components.attoseconds) / 1e18
      + Double((ContinuousClock.now - start).components.seconds)
  }

  @Test func aSlowHeadAndASlowBodyAreEnded() async throws {
    var limits = ServerLimits()
    (limits.headSeconds, limits.bodySeconds) = (0.5, 0.5)
    let server = try RunningExplorer("imdb-gpt2-narrow", limits: limits)
    let client = server.client
    let call = Array(client.call("/api/models", "{}").utf8)
    let drops = call.map { [$0] }
    // Each byte comes in time, the whole does not.
    let slowHead = try await timed { try await client.socket.send(Array(drops.prefix(60)), pause: 0.05) }
    #expect(slowHead.status == 0 && slowHead.seconds < 6)
    let slowBody = try await timed {
      try await client.socket.send([Array(call.dropLast()), Array(call.suffix(1))], pause: 1.5)
    }
    #expect(slowBody.status == 0 && slowBody.seconds < 4)
    // In time, however many parts it is in.
    #expect(
      try await client.socket.send(
        stride(from: 0, to: call.count, by: 40).map { Array(call[$0..<min($0 + 40, call.count)]) }, pause: 0.01
      ).status == 200)
  }

  @Test func aConnectionThatAsksNothingMakesRoom() async throws {
    var limits = RunningExplorer.patient
    (limits.connections, limits.headSeconds) = (4, 30)
    let server = try RunningExplorer("imdb-gpt2-narrow", limits: limits)
    let client = server.client
    let start = ContinuousClock.now
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<12 { group.addTask { _ = try await client.socket.send([[UInt8(ascii: "G")]], seconds: 3) } }
      await pause(seconds: 0.3)
      for _ in 0..<5 {
        let reply = try await client.answer("/api/models", [:])
        #expect(reply.status == 200)
      }
    }
    #expect(seconds(since: start) < 15)
  }

  @Test func fiftyClientsOfWhichHalfAreBroken() async throws {
    let server = try RunningExplorer(
      "imdb-gpt2-narrow", "imdb-bert-1",
      limits: {
        var limits = RunningExplorer.patient
        limits.waiting = 60
        return limits
      }())
    let client = server.client
    let texts = ["a complete waste of", "one of the best", "the plot is", "I loved this movie", "a film about"]
    var expected: [String: String] = [:]
    for text in texts {
      expected[text] = try await client.answer("/api/lens", ["model": "imdb-gpt2-narrow", "text": .string(text)]).body
    }
    #expect(Set(expected.values).count == texts.count)
    let whole = expected
    try await withThrowingTaskGroup(of: Void.self) { group in
      for index in 0..<25 {
        let text = texts[index % texts.count]
        group.addTask {
          let reply = try await client.answer("/api/lens", ["model": "imdb-gpt2-narrow", "text": .string(text)])
          #expect(reply.status == 200 && reply.body == whole[text], "\(text)")
        }
        group.addTask {
          let call = Array(client.call("/api/lens", Self.prompt.serialized()).utf8)
          switch index % 5 {
          case 0: _ = try await client.socket.send([call], closing: true)
          case 1: _ = try await client.socket.send([Array(call.prefix(call.count / 2))], closing: true)
          case 2: _ = try await client.socket.send([Array(call.prefix(30))], seconds: 1)
          case 3: _ = try await client.socket.send([(0..<5000).map { UInt8(truncatingIfNeeded: $0 &* 37) }])
          default: _ = try await client.socket.send([call.map { $0 == 0x22 ? 0x27 : $0 }])
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(try await client.answer("/api/lens", Self.prompt).body == whole["a complete waste of"])
  }

  @Test func moreThanWaitIsRefused() async throws {
    var limits = RunningExplorer.patient
    limits.waiting = 1
    let server = try RunningExplorer("imdb-bert-1", limits: limits)
    let client = server.client
    let long: JSON = [
      "model": "imdb-bert-1", "text": .string(String(repeating: "a great film . ", count: 60)), "mask_each": true,
    ]
    let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
      for _ in 0..<6 { group.addTask { try await client.answer("/api/lens", long).status } }
      return try await group.reduce(into: [Int]()) { $0.append($1) }
    }
    #expect(statuses.filter { $0 == 200 }.count >= 2)
    #expect(statuses.filter { $0 == 503 }.count >= 1 && statuses.allSatisfy { [200, 503].contains($0) }, "\(statuses)")
  }

  /// Nobody waits for the masks of a client that has gone: the next one is answered long before they would be done.
  @Test func aClientThatLeavesEndsItsComputation() async throws {
    let server = try RunningExplorer("imdb-bert-1")
    let client = server.client
    let long: JSON = [
      "model": "imdb-bert-1", "text": .string(String(repeating: "a great film . ", count: 110)), "mask_each": true,
    ]
    let whole = try await timed { try await client.answer("/api/lens", long) }
    #expect(whole.status == 200)
    for _ in 0..<6 {
      _ = try await client.socket.send(
        [Array(client.call("/api/lens", long.serialized()).utf8), []], pause: 0.1, closing: true)
    }
    let after = try await timed {
      try await client.answer("/api/lens", ["model": "imdb-bert-1", "text": "a film"])
    }
    #expect(after.status == 200)
    #expect(
      after.seconds < 2 * whole.seconds, "\(after.seconds) s after six that left, \(whole.seconds) s for one")
  }

  private final class Flag: Sendable {
    private let value = Mutex(false)
    var isSet: Bool { value.withLock { $0 } }
    func set() { value.withLock { $0 = true } }
  }

  /// The threads that tasks share are held until the server has answered.
  @Test func answersWhileAllSharedThreadsAreBusy() async throws {
    let isAnswered = Flag()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<4 * ProcessInfo.processInfo.activeProcessorCount {
        group.addTask(executorPreference: globalConcurrentExecutor) {
          let end = ContinuousClock.now + .seconds(40)
          while !isAnswered.isSet, ContinuousClock.now < end {}
        }
      }
      // So long that the tasks have begun.
      await pause(seconds: 0.3)
      let server = try RunningExplorer("imdb-gpt2-narrow")
      let reply = try await server.client.answer("/api/lens", Self.prompt)
      #expect(reply.status == 200)
      isAnswered.set()
      try await group.waitForAll()
    }
  }
}
