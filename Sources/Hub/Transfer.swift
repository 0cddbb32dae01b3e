import CCurl

/// One request to one URL through libcurl; redirects come back as answers.
final class Transfer {
  private let handle: OpaquePointer
  private let certificates: String?
  private static let connectSeconds = 20
  private static let stallSeconds = 30

  /// Why no complete answer came.
  enum Failure: Error {
    /// No connection.
    case unreachable(String)
    /// The connection was lost on the way.
    case cut(String)
    /// The server is not to be trusted.
    case untrusted(String)
    case other(String)
  }

  /// - Parameter certificates: a file of certificates in place of the system's.
  /// - Throws: `Failure.other` when libcurl cannot start.
  init(certificates: String?) throws {
    guard let handle = graft_curl_create() else { throw Failure.other("libcurl cannot start") }
    self.handle = handle
    self.certificates = certificates
  }

  deinit { graft_curl_free(handle) }

  /// Sends a request and waits for the end of the answer.
  /// - Parameters:
  ///   - body: gets the answer's bytes as they come.
  ///   - proceed: called several times per second.
  /// - Throws: `Failure`; what `body` and `proceed` throw, which ends the transfer.
  func perform(
    _ url: HubURL, isHead: Bool, headers: [String], proxy: String,
    body: @escaping (ResponseHead, UnsafeRawBufferPointer) throws -> Void, proceed: @escaping () throws -> Void
  ) throws -> ResponseHead {
    let receiver = Receiver(body: body, proceed: proceed)
    var error = graft_curl_error()
    let complete = Self.withCStrings(headers) { headers, count in
      url.text.withCString { url in
        proxy.withCString { proxy in
          Self.withOptionalCString(certificates) { certificates in
            var request = graft_curl_request(
              url: url, head: isHead, headers: headers, header_count: count, proxy: proxy, certificates: certificates,
              connect_seconds: Self.connectSeconds, stall_seconds: Self.stallSeconds)
            var callbacks = receiver.callbacks
            return withExtendedLifetime(receiver) { graft_curl_perform(handle, &request, &callbacks, &error) }
          }
        }
      }
    }
    if let thrown = receiver.thrown { throw thrown }
    guard !complete else { return receiver.head }
    let text = withUnsafeBytes(of: error.text) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    switch error.failure {
    case GRAFT_CURL_UNREACHABLE: throw Failure.unreachable(HubError.shown(text))
    case GRAFT_CURL_CUT: throw Failure.cut(HubError.shown(text))
    case GRAFT_CURL_UNTRUSTED: throw Failure.untrusted(HubError.shown(text))
    default: throw Failure.other(HubError.shown(text))
    }
  }

  private static func withOptionalCString<Result>(
    _ text: String?, _ body: (UnsafePointer<CChar>?) -> Result
  ) -> Result {
    guard let text else { return body(nil) }
    return text.withCString(body)
  }

  /// All strings in one block, each with its NUL.
  private static func withCStrings<Result>(
    _ strings: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>?, Int) -> Result
  ) -> Result {
    let block = strings.flatMap { Array($0.utf8CString) }
    return block.withUnsafeBufferPointer { block in
      var pointers: [UnsafePointer<CChar>?] = []
      var offset = 0
      for string in strings {
        pointers.append(block.baseAddress.map { $0 + offset })
        offset += string.utf8CString.count
      }
      return pointers.withUnsafeBufferPointer { body($0.baseAddress, $0.count) }
    }
  }
}

/// Takes what C hands over to Swift closures, and keeps the first error that they throw.
private final class Receiver {
  var head = ResponseHead()
  var thrown: (any Error)?
  private let body: (ResponseHead, UnsafeRawBufferPointer) throws -> Void
  private let proceed: () throws -> Void

  init(
    body: @escaping (ResponseHead, UnsafeRawBufferPointer) throws -> Void, proceed: @escaping () throws -> Void
  ) {
    self.body = body
    self.proceed = proceed
  }

  /// Valid as long as this object lives.
  var callbacks: graft_curl_receiver {
    graft_curl_receiver(
      context: Unmanaged.passUnretained(self).toOpaque(),
      header: { context, line, count in
        Receiver.from(context)?.header(UnsafeRawBufferPointer(start: line, count: count)) ?? false
      },
      body: { context, bytes, count in
        Receiver.from(context)?.attempt { try $0.body($0.head, UnsafeRawBufferPointer(start: bytes, count: count)) }
          ?? false
      },
      proceed: { context in Receiver.from(context)?.attempt { try $0.proceed() } ?? false })
  }

  private static func from(_ context: UnsafeMutableRawPointer?) -> Receiver? {
    context.map { Unmanaged<Receiver>.fromOpaque($0).takeUnretainedValue() }
  }

  private func header(_ line: UnsafeRawBufferPointer) -> Bool {
    guard !head.add(line) else { return true }
    thrown = Transfer.Failure.other("the answer's header is too long")
    return false
  }

  private func attempt(_ call: (Receiver) throws -> Void) -> Bool {
    do {
      try call(self)
      return true
    } catch {
      thrown = error
      return false
    }
  }
}
