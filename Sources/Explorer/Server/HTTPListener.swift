import FlyingSocks
import Foundation
import Synchronization

/// What answers requests.
protocol HTTPService: Sendable {
  /// - Throws: `HTTPRefusal` for a request that is not answered, by its head alone.
  func admit(_ request: HTTPRequest) throws
  func answer(_ request: HTTPRequest, _ cancellation: Cancellation) async -> HTTPResponse
}

/// Accepts connections, each of which carries one request. Sockets and the wait for them are FlyingFox's `FlyingSocks`; its
/// own HTTP server bounds neither header fields nor the time that a client takes nor the number of clients, so requests are
/// read here.
final class HTTPListener: Sendable {
  private let socket: Socket
  private let limits: ServerLimits
  private let log: @Sendable (String) -> Void
  private let connections = Mutex<[ObjectIdentifier: Connection]>([:])

  /// - Parameter log: gets a line about each request that is refused.
  init(_ socket: Socket, _ limits: ServerLimits, log: @escaping @Sendable (String) -> Void) {
    (self.socket, self.limits, self.log) = (socket, limits, log)
  }

  /// Answers until the task is cancelled; then the socket is closed. The task ends with `SocketError` where the system's
  /// queue of events cannot be opened. It begins on a thread of its own, however busy those are that tasks share.
  func start(_ service: some HTTPService) -> Task<Void, any Error> {
    let executor = ServerExecutor { [weak self] in self?.endLateConnections() }
    return Task(executorPreference: executor) { try await self.run(service) }
  }

  private func run(_ service: some HTTPService) async throws {
    defer { try? socket.close() }
    let pool = SocketPool.make(maxEvents: 64)
    try await pool.prepare()
    let listening = try AsyncSocket(socket: socket, pool: pool)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await pool.run() }
      group.addTask { try await self.accept(listening, service) }
      defer { group.cancelAll() }
      try await group.next()
    }
  }

  private func accept(_ listening: AsyncSocket, _ service: some HTTPService) async throws {
    try await withThrowingDiscardingTaskGroup { group in
      while true {
        let connection: Connection
        do {
          connection = Connection(try await listening.accept(), limits)
        } catch let error as SocketError {
          // A connection that went before it was accepted, or no descriptor left: clients leave.
          log("a connection was not accepted: \(error.localizedDescription)")
          try await Task.sleep(for: .milliseconds(100))
          continue
        }
        guard makeRoom() else {
          log("a connection was closed: there are \(limits.connections) others")
          connection.close()
          continue
        }
        connections.withLock { $0[ObjectIdentifier(connection)] = connection }
        group.addTask { [self] in
          await serve(connection, service)
          connections.withLock { _ = $0.removeValue(forKey: ObjectIdentifier(connection)) }
          connection.close()
        }
      }
    }
  }

  private func serve(_ connection: Connection, _ service: some HTTPService) async {
    do {
      let request = try await connection.request(service.admit)
      let response = await service.answer(request, Cancellation { connection.hasLeft })
      await connection.send(response)
    } catch let refusal as HTTPRefusal {
      log("refused: \(refusal.found)")
      await connection.send(refusal.response)
    } catch {
      // The client has gone, or took too long.
    }
  }

  /// If there are as many connections as may be, ends the oldest one without a request; of those that are answered none.
  /// - Returns: whether there is room for one more.
  private func makeRoom() -> Bool {
    connections.withLock { connections in
      guard connections.count >= limits.connections else { return true }
      guard let oldest = connections.filter({ $0.value.isReading }).min(by: { $0.value.began < $1.value.began }) else {
        return false
      }
      connections.removeValue(forKey: oldest.key)
      oldest.value.abort()
      return true
    }
  }

  private func endLateConnections() {
    let all = connections.withLock { Array($0.values) }
    let now = ContinuousClock.now
    for connection in all { connection.check(now) }
  }
}
