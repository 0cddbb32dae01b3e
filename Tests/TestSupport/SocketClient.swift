import Foundation

/// What a server sent back.
public struct SocketReply: Sendable {
  /// Empty where the server closed the connection without one.
  public let bytes: [UInt8]
  public var text: String { String(decoding: bytes, as: UTF8.self) }

  public init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// 0 without a response.
  public var status: Int {
    let words = text.prefix { $0 != "\r\n" }.split(separator: " ")
    return words.count > 1 ? Int(words[1]) ?? 0 : 0
  }

  public var head: String { text.components(separatedBy: "\r\n\r\n")[0] }
  public var body: String { text.components(separatedBy: "\r\n\r\n").dropFirst().joined(separator: "\r\n\r\n") }

  public var bodyBytes: [UInt8] {
    bytes.firstRange(of: Array("\r\n\r\n".utf8)).map { Array(bytes[$0.upperBound...]) } ?? []
  }

  /// The values of a header field.
  public func fields(_ name: String) -> [String] {
    head.components(separatedBy: "\r\n").dropFirst().compactMap { line in
      let parts = line.components(separatedBy: ": ")
      return parts[0].lowercased() == name.lowercased() ? parts.dropFirst().joined(separator: ": ") : nil
    }
  }
}

/// A client that sends bytes as they are, also what no browser would send. Its waiting keeps none of the threads that run
/// Swift's tasks.
public struct SocketClient: Sendable {
  /// A number.
  public let host: String
  public let port: UInt16

  public init(host: String = "127.0.0.1", port: UInt16) { (self.host, self.port) = (host, port) }

  public struct NoConnection: Error {}

  /// Sends parts with pauses between, and reads until the server closes. - Parameters:
  ///   - closing: whether to close without reading.
  ///   - seconds: the longest wait for the next bytes.
  public func send(
    _ parts: [[UInt8]], pause: Double = 0, closing: Bool = false, seconds: Int = 20
  ) async throws -> SocketReply {
    try await withCheckedThrowingContinuation { continuation in
      Thread.detachNewThread {
        continuation.resume(with: Result { try exchange(parts, pause, closing, seconds) })
      }
    }
  }

  public func send(_ text: String) async throws -> SocketReply { try await send([Array(text.utf8)]) }

  private func exchange(_ parts: [[UInt8]], _ pause: Double, _ closing: Bool, _ seconds: Int) throws -> SocketReply {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { throw NoConnection() }
    defer { close(descriptor) }
    var wait = timeval(tv_sec: seconds, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = inet_addr(host)
    let connected = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard connected == 0 else { throw NoConnection() }
    for (index, part) in parts.enumerated() {
      if index > 0, pause > 0 { usleep(UInt32(pause * 1e6)) }
      var sent = 0
      while sent < part.count {
        let count = part[sent...].withUnsafeBytes {
          Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        guard count > 0 else { break }
        sent += count
      }
    }
    if closing { return SocketReply([]) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = read(descriptor, &chunk, chunk.count)
      // A process that was stopped and goes on.
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return SocketReply(bytes) }
      bytes += chunk[..<count]
    }
  }
}
