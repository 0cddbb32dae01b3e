import FlyingSocks
import Foundation

/// An address to listen at: a number, or "localhost". Names would need a look-up, and `Host` could then be any.
package struct SocketHost: Sendable, Equatable {
  /// "127.0.0.1", "::1"
  package let text: String
  private let isIP6: Bool

  /// nil for a text that is no address.
  package init?(_ text: String) {
    var (four, six) = (in_addr(), in6_addr())
    let number = text == "localhost" ? "127.0.0.1" : text
    if inet_pton(AF_INET, number, &four) == 1 {
      isIP6 = false
    } else if inet_pton(AF_INET6, number, &six) == 1 {
      isIP6 = true
    } else {
      return nil
    }
    // An address that means all of them could not be told from a foreign one.
    guard !["0.0.0.0", "::"].contains(number) else { return nil }
    self.text = number
  }

  /// As it stands in an address of a browser.
  package var authority: String { isIP6 ? "[\(text)]" : text }

  package var isLoopback: Bool { isIP6 ? text == "::1" : text.hasPrefix("127.") }

  /// A socket that listens there. - Parameter port: 0 for any that is free. - Returns: the socket and its port.
  /// - Throws: `ExplorerError.cannotListen`.
  func listen(port: UInt16) throws -> (socket: Socket, port: UInt16) {
    do {
      let socket = try Socket(domain: isIP6 ? AF_INET6 : AF_INET)
      do {
        try socket.setValue(true, for: .localAddressReuse)
        if isIP6 {
          try socket.bind(to: .inet6(ip6: text, port: port))
        } else {
          try socket.bind(to: .inet(ip4: text, port: port))
        }
        try socket.listen()
        switch try socket.sockname() {
        case .ip4(_, let port), .ip6(_, let port): return (socket, port)
        case .unix: throw SocketError.unsupportedAddress
        }
      } catch {
        try? socket.close()
        throw error
      }
    } catch {
      throw ExplorerError.cannotListen(host: text, port: Int(port), reason: "\(error.localizedDescription)")
    }
  }
}
