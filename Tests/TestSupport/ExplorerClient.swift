import Files
import Foundation

/// A browser that has come by the first address of an explorer: requests as its page sends them.
public struct ExplorerClient: Sendable {
  public let socket: SocketClient
  public let token: String

  public struct NoAddress: Error {}

  /// - Parameter address: as `graft explore` prints it.
  public init(_ address: String) throws {
    guard let match = address.firstMatch(of: /^http:\/\/([0-9.]+):([0-9]+)\/\?token=([0-9a-f]{64})$/),
      let port = UInt16(match.2)
    else { throw NoAddress() }
    socket = SocketClient(host: String(match.1), port: port)
    token = String(match.3)
  }

  public var authority: String { "\(socket.host):\(socket.port)" }
  public var cookie: String { "Cookie: graft-explore-\(socket.port)=\(token)" }

  /// The text of a call; fields that are given replace those of the same name, an empty one leaves it out.
  public func call(_ path: String, _ body: String, replacing fields: [String: String] = [:]) -> String {
    let own = [
      "Host": authority, "Origin": "http://\(authority)", "Cookie": "graft-explore-\(socket.port)=\(token)",
      "Content-Type": "application/json", "Content-Length": "\(body.utf8.count)", "Sec-Fetch-Site": "same-origin",
    ].merging(fields) { $1 }.filter { !$0.value.isEmpty }
    let lines = own.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)\r\n" }
    return "POST \(path) HTTP/1.1\r\n\(lines.joined())\r\n\(body)"
  }

  public func get(_ target: String, _ fields: [String] = []) -> String {
    "GET \(target) HTTP/1.1\r\nHost: \(authority)\r\n" + fields.map { $0 + "\r\n" }.joined() + "\r\n"
  }

  public func answer(_ path: String, _ body: JSON) async throws -> SocketReply {
    try await socket.send(call(path, body.serialized()))
  }

  /// The object of an answer that must be one.
  public func object(_ path: String, _ body: JSON) async throws -> JSONNode {
    let reply = try await answer(path, body)
    return JSONNode(try JSON.parse(reply.body, path: "answer"), path: "answer \(reply.status) to \(path)")
  }
}
