import FlyingSocks
import Foundation
import Synchronization

/// One client. A phase that takes longer than it may is ended from outside by `shutdown`, which wakes whatever waits for
/// the socket.
final class Connection: Sendable {
  private enum Phase { case reading, working, closed }

  private struct State {
    var phase = Phase.reading
    var deadline: ContinuousClock.Instant?
  }

  let began = ContinuousClock.now
  private let socket: AsyncSocket
  private let limits: ServerLimits
  private let state = Mutex(State())

  init(_ socket: AsyncSocket, _ limits: ServerLimits) { (self.socket, self.limits) = (socket, limits) }

  /// Whether the request has not arrived in full.
  var isReading: Bool { state.withLock { $0.phase == .reading } }

  /// Ends the connection if its time is over.
  func check(_ now: ContinuousClock.Instant) {
    state.withLock { state in
      guard state.phase != .closed, let deadline = state.deadline, now > deadline else { return }
      shutdown(socket.socket.file.rawValue, Int32(SHUT_RDWR))
    }
  }

  /// Ends it at once; whoever works with it gets an error.
  func abort() {
    state.withLock { state in
      guard state.phase != .closed else { return }
      shutdown(socket.socket.file.rawValue, Int32(SHUT_RDWR))
    }
  }

  func close() {
    state.withLock { state in
      guard state.phase != .closed else { return }
      state.phase = .closed
      try? socket.close()
    }
  }

  private func enter(_ phase: Phase, seconds: Double?) {
    state.withLock { state in
      guard state.phase != .closed else { return }
      state.phase = phase
      state.deadline = seconds.map { .now + .seconds($0) }
    }
  }

  /// The request, after `admit` has let its head pass.
  /// - Throws: `HTTPRefusal`, `SocketError`.
  func request(_ admit: (HTTPRequest) throws -> Void) async throws -> HTTPRequest {
    enter(.reading, seconds: limits.headSeconds)
    var bytes: [UInt8] = []
    var end: Int?
    while end == nil {
      guard bytes.count <= limits.headBytes else {
        throw HTTPRefusal(.headTooLarge, "header fields of more than \(limits.headBytes) bytes")
      }
      let known = max(0, bytes.count - 3)
      bytes += try await socket.read(atMost: 4096)
      end = bytes[known...].firstRange(of: Array("\r\n\r\n".utf8))?.lowerBound
    }
    let head = end ?? 0
    guard head <= limits.headBytes else {
      throw HTTPRefusal(.headTooLarge, "header fields of more than \(limits.headBytes) bytes")
    }
    var request = try HTTPRequest(head: bytes[..<head])
    try admit(request)
    let length = try request.bodyLength(limit: limits.bodyBytes)
    enter(.reading, seconds: limits.bodySeconds)
    var body = Array(bytes[(head + 4)...])
    while body.count < length { body += try await socket.read(atMost: min(4096, length - body.count)) }
    request.body = Array(body.prefix(length))
    enter(.working, seconds: nil)
    return request
  }

  /// Whether the client has closed the connection. What it sends beside its request is left unread.
  var hasLeft: Bool {
    state.withLock { state in
      guard state.phase != .closed else { return true }
      var byte: UInt8 = 0
      let count = recv(socket.socket.file.rawValue, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT))
      return count == 0 || count < 0 && ![EAGAIN, EWOULDBLOCK, EINTR].contains(errno)
    }
  }

  /// Sends a response and takes leave: what the client still sends is read for a moment, because a connection closed
  /// before that takes the response with it.
  func send(_ response: HTTPResponse) async {
    enter(.working, seconds: limits.writeSeconds)
    do {
      try await socket.write(Data(response.bytes))
      enter(.working, seconds: 1)
      let isOpen = state.withLock { state in
        state.phase != .closed && shutdown(socket.socket.file.rawValue, Int32(SHUT_WR)) == 0
      }
      var left = 256 << 10
      while isOpen, left > 0 { left -= try await socket.read(atMost: 4096).count }
    } catch {
      // The client has gone.
    }
  }
}

/// Whether anybody still waits for a computation.
struct Cancellation: Sendable {
  private let hasLeft: @Sendable () -> Bool

  /// - Parameter hasLeft: asked whenever a computation has done a part; true ends it.
  init(_ hasLeft: @escaping @Sendable () -> Bool) { self.hasLeft = hasLeft }

  var isCancelled: Bool { hasLeft() }

  /// - Throws: `CancellationError`.
  func check() throws { if isCancelled { throw CancellationError() } }
}
