import Foundation

/// A small HTTP/1.1 server on this machine: a thread per connection, answers from a closure, a record of what was asked.
public final class HTTPServer: Sendable {
  public struct Request: Sendable {
    public let method: String
    /// With the query, as it was sent.
    public let path: String
    /// By names in lower case.
    public let headers: [String: String]
  }

  public struct Answer: Sendable {
    public var status: Int
    public var headers: [(String, String)]
    public var body: [UInt8]
    /// The connection is closed after so many bytes of the body.
    public var cut: Int?

    public init(_ status: Int, _ headers: [(String, String)] = [], body: [UInt8] = [], cut: Int? = nil) {
      (self.status, self.headers, self.body, self.cut) = (status, headers, body, cut)
    }

    /// The first value of a header; a new one replaces all.
    public subscript(name: String) -> String? {
      get { headers.first { $0.0.lowercased() == name.lowercased() }?.1 }
      set {
        headers.removeAll { $0.0.lowercased() == name.lowercased() }
        if let newValue { headers.append((name, newValue)) }
      }
    }
  }

  public let port: UInt16
  private let state: State

  /// Listens on 127.0.0.1, on a port that is free.
  public init(_ answer: @escaping @Sendable (Request) -> Answer) throws {
    // A client that goes away in the middle is part of the tests.
    signal(SIGPIPE, SIG_IGN)
    state = try State(answer)
    port = state.port
    Thread { [state] in state.acceptAll() }.start()
  }

  deinit { state.stop() }

  /// What was asked, in the order of arrival.
  public var requests: [Request] { state.lock.withLock { state.requests } }

  /// How many connections were made.
  public var connections: Int { state.lock.withLock { state.connections } }

  private final class State: @unchecked Sendable {
    let lock = NSLock()
    var requests: [Request] = []
    var connections = 0
    let port: UInt16
    private var open: Set<Int32> = []
    private var isStopped = false
    private let listener: Int32
    private let answer: @Sendable (Request) -> Answer

    init(_ answer: @escaping @Sendable (Request) -> Answer) throws {
      self.answer = answer
      #if canImport(Glibc)
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      #else
        listener = socket(AF_INET, SOCK_STREAM, 0)
      #endif
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
      var length = socklen_t(MemoryLayout<sockaddr_in>.size)
      let listener = listener
      let ready = withUnsafeMutablePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          bind(listener, $0, length) == 0 && listen(listener, 64) == 0 && getsockname(listener, $0, &length) == 0
        }
      }
      guard ready else { throw Endpoints.Failure(call: "listen") }
      port = UInt16(bigEndian: address.sin_port)
    }

    func stop() {
      lock.withLock {
        isStopped = true
        for descriptor in open { shutdown(descriptor, Int32(SHUT_RDWR)) }
      }
      shutdown(listener, Int32(SHUT_RDWR))
    }

    func acceptAll() {
      while true {
        let descriptor = accept(listener, nil, nil)
        if descriptor < 0, errno == EINTR || errno == ECONNABORTED { continue }
        guard descriptor >= 0 else { break }
        let goesOn = lock.withLock {
          connections += 1
          open.insert(descriptor)
          return !isStopped
        }
        guard goesOn else { break }
        Thread { [self] in serve(descriptor) }.start()
      }
      close(listener)
    }

    private func serve(_ descriptor: Int32) {
      var buffer: [UInt8] = []
      while let request = next(descriptor, &buffer) {
        lock.withLock { requests.append(request) }
        let answer = answer(request)
        guard send(answer, to: request, descriptor), answer.cut == nil else { break }
      }
      lock.withLock { _ = open.remove(descriptor) }
      shutdown(descriptor, Int32(SHUT_RDWR))
      close(descriptor)
    }

    private func next(_ descriptor: Int32, _ buffer: inout [UInt8]) -> Request? {
      let end = Array("\r\n\r\n".utf8)
      while true {
        if let range = buffer.firstRange(of: end) {
          let lines = String(decoding: buffer[..<range.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
          buffer.removeSubrange(..<range.upperBound)
          let first = lines[0].split(separator: " ").map(String.init)
          guard first.count == 3 else { return nil }
          var headers: [String: String] = [:]
          for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { continue }
            headers[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces)
          }
          return Request(method: first[0], path: first[1], headers: headers)
        }
        var chunk = [UInt8](repeating: 0, count: 1 << 14)
        let count = read(descriptor, &chunk, chunk.count)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { return nil }
        buffer += chunk[..<count]
      }
    }

    private func send(_ answer: Answer, to request: Request, _ descriptor: Int32) -> Bool {
      var answer = answer
      if answer["Content-Length"] == nil { answer["Content-Length"] = String(answer.body.count) }
      let head =
        "HTTP/1.1 \(answer.status) Status\r\n" + answer.headers.map { "\($0.0): \($0.1)\r\n" }.joined() + "\r\n"
      let body = request.method == "HEAD" ? [] : answer.body.prefix(answer.cut ?? answer.body.count)
      let bytes = Array(head.utf8) + body
      var sent = 0
      while sent < bytes.count {
        let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress! + sent, $0.count - sent) }
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { return false }
        sent += count
      }
      return true
    }
  }
}
