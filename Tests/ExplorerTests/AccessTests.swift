import Files
import TestSupport
import Testing

/// Who is answered, and who is not.
@Suite(.ownThread) struct AccessTests {
  @Test func theFirstAddressBecomesACookie() async throws {
    let server = try RunningExplorer("imdb-gpt2-narrow")
    let client = server.client
    let entrance = try await client.socket.send(client.get("/?token=\(client.token)", ["Sec-Fetch-Site: none"]))
    #expect(entrance.status == 303)
    #expect(entrance.fields("Location") == ["/"])
    #expect(
      entrance.fields("Set-Cookie") == [
        "graft-explore-\(client.socket.port)=\(client.token); Path=/; HttpOnly; SameSite=Strict"
      ])
    let page = try await client.socket.send(client.get("/", [client.cookie]))
    #expect(page.status == 200 && page.fields("Content-Type") == ["text/html; charset=utf-8"])
    #expect(!page.text.contains(client.token) && page.body.hasPrefix("<!DOCTYPE html>"))
    for path in ["/explorer.js", "/explorer.css", "/icon.svg"] {
      let part = try await client.socket.send(client.get(path, [client.cookie, "Sec-Fetch-Site: same-origin"]))
      #expect(part.status == 200 && !part.body.isEmpty && !part.text.contains(client.token), "\(path)")
    }
    #expect(server.log.isEmpty)
  }

  @Test func everyTokenIsAnother() throws {
    let servers = try (0..<3).map { _ in try RunningExplorer("imdb-gpt2-narrow") }
    #expect(Set(servers.map(\.client.token)).count == 3)
  }

  @Test func nothingFromElsewhereIsAllowed() async throws {
    let server = try RunningExplorer("imdb-gpt2-narrow")
    let client = server.client
    for request in [client.get("/", [client.cookie]), client.get("/none"), client.call("/api/models", "{}")] {
      let reply = try await client.socket.send(request)
      let policy = reply.fields("Content-Security-Policy").joined()
      #expect(policy.hasPrefix("default-src 'none'; script-src 'self'; style-src 'self';"))
      #expect(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"))
      #expect(reply.fields("X-Content-Type-Options") == ["nosniff"])
      #expect(reply.fields("Cross-Origin-Resource-Policy") == ["same-origin"])
      #expect(reply.fields("Cache-Control") == ["no-store"])
      #expect(reply.fields("Access-Control-Allow-Origin").isEmpty)
    }
  }

  /// A request that is refused, made from one that is answered.
  struct Refused: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let status: Int
    let request: @Sendable (ExplorerClient) -> String

    init(_ name: String, _ status: Int, _ request: @escaping @Sendable (ExplorerClient) -> String) {
      (testDescription, self.status, self.request) = (name, status, request)
    }

    init(_ name: String, _ status: Int, _ fields: @escaping @Sendable (ExplorerClient) -> [String: String]) {
      self.init(name, status) { $0.call("/api/models", "{}", replacing: fields($0)) }
    }
  }

  static let refused: [Refused] = [
    Refused("no cookie", 403) { _ in ["Cookie": ""] },
    Refused("a wrong token", 403) {
      ["Cookie": "graft-explore-\($0.socket.port)=\(String(repeating: "0", count: 64))"]
    },
    Refused("a part of the token", 403) { ["Cookie": "graft-explore-\($0.socket.port)=\($0.token.prefix(63))"] },
    Refused("another cookie", 403) { ["Cookie": "other=\($0.token)"] },
    Refused("another host", 403) {
      ["Host": "evil.example:\($0.socket.port)", "Origin": "http://evil.example:\($0.socket.port)"]
    },
    Refused("a host without the port", 403) { _ in ["Host": "127.0.0.1"] },
    Refused("another port", 403) { _ in ["Host": "127.0.0.1:1"] },
    Refused("no host", 403) { _ in ["Host": ""] },
    Refused("a foreign origin", 403) { _ in ["Origin": "http://evil.example"] },
    Refused("an origin of another port", 403) { _ in ["Origin": "http://127.0.0.1:1"] },
    Refused("the origin null", 403) { _ in ["Origin": "null"] },
    Refused("no origin", 403) { _ in ["Origin": ""] },
    Refused("another site", 403) { _ in ["Sec-Fetch-Site": "cross-site"] },
    Refused("another port of this site", 403) { _ in ["Sec-Fetch-Site": "same-site"] },
    Refused("an export without the cookie", 403) { $0.call("/api/export", "{}", replacing: ["Cookie": ""]) },
    Refused("an export for a foreign origin", 403) {
      $0.call("/api/export", "{}", replacing: ["Origin": "http://evil.example"])
    },
    Refused("an export by GET", 404) { $0.get("/api/export", [$0.cookie]) },
    Refused("a form", 415) { _ in ["Content-Type": "text/plain"] },
    Refused("no type", 415) { _ in ["Content-Type": ""] },
    Refused("a body of unknown length", 411) { _ in ["Content-Length": ""] },
    Refused("a body in chunks", 501) { _ in ["Content-Length": "", "Transfer-Encoding": "chunked"] },
    Refused("a length below 0", 400) { _ in ["Content-Length": "-1"] },
    Refused("a length of too many digits", 413) { _ in ["Content-Length": "99999999999999999999999"] },
    Refused("a body over the bound", 413) { _ in ["Content-Length": "65537"] },
    Refused("head without the token", 403) { $0.get("/") },
    Refused("a wrong token in the address", 403) { $0.get("/?token=\(String(repeating: "a", count: 64))") },
    Refused("the token on another path", 403) { $0.get("/explorer.js?token=\($0.token)") },
    Refused("a script for another site", 403) { $0.get("/explorer.js", [$0.cookie, "Sec-Fetch-Site: cross-site"]) },
    Refused("a path upwards", 404) { $0.get("/../../../etc/passwd", [$0.cookie]) },
    Refused("a path upwards in escapes", 404) { $0.get("/%2e%2e/%2e%2e/etc/passwd", [$0.cookie]) },
    Refused("a call upwards", 404) { $0.call("/api/../api/models", "{}") },
    Refused("an unknown call", 404) { $0.call("/api/none", "{}") },
    Refused("a call by GET", 404) { $0.get("/api/models", [$0.cookie]) },
    Refused("a target with a host", 400) { "GET http://evil.example/ HTTP/1.1\r\nHost: \($0.authority)\r\n\r\n" },
    Refused("another method", 405) { "PUT / HTTP/1.1\r\nHost: \($0.authority)\r\n\r\n" },
    Refused("another version", 400) { "GET / HTTP/2.0\r\nHost: \($0.authority)\r\n\r\n" },
    Refused("no request line", 400) { _ in "\r\n\r\n" },
    Refused("two hosts", 400) { $0.get("/", ["Host: evil.example", $0.cookie]) },
    Refused("two lengths", 400) { $0.call("/api/models", "{}", replacing: ["content-length": "2"]) },
    Refused("a folded field", 400) { $0.get("/", ["A: b\r\n c"]) },
    Refused("a field without a name", 400) { $0.get("/", [": b"]) },
    Refused("a field without a colon", 400) { $0.get("/", ["A"]) },
    Refused("a field with a line feed", 400) { $0.get("/", ["A: b\nHost: c"]) },
    Refused("a GET with a body", 400) { $0.get("/", [$0.cookie, "Content-Length: 2"]) + "{}" },
    Refused("a head over the bound", 431) { $0.get("/", ["A: " + String(repeating: "a", count: 20_000)]) },
    Refused("a line without an end", 431) { _ in "GET /" + String(repeating: "a", count: 40_000) },
  ]

  @Test(arguments: refused) func refuses(_ refused: Refused) async throws {
    let server = try RunningExplorer("imdb-gpt2-narrow")
    let client = server.client
    let reply = try await client.socket.send(refused.request(client))
    #expect(reply.status == refused.status, "\(reply.text)")
    #expect(!reply.body.contains("root:") && !reply.text.contains(client.token) && !reply.body.contains("imdb"))
    #expect(server.log.count == 1 && server.log[0].hasPrefix("refused: "), "\(server.log)")
    #expect(try await client.answer("/api/models", [:]).status == 200)
  }

  /// What is no request of this page's is answered with an error, not with a trap.
  @Test func answersBadBodiesWithAnError() async throws {
    let server = try RunningExplorer("imdb-gpt2-narrow")
    let text: JSON = "a film"
    let lens: [JSON] = [
      [:], ["model": 1], ["model": "none", "text": text], ["model": "imdb-gpt2-narrow"],
      ["model": "imdb-gpt2-narrow", "text": 3], ["model": "imdb-gpt2-narrow", "text": ""],
      ["model": "imdb-gpt2-narrow", "text": text, "top": 0], ["model": "imdb-gpt2-narrow", "text": text, "top": 51],
      ["model": "imdb-gpt2-narrow", "text": text, "positions": [-1]],
      ["model": "imdb-gpt2-narrow", "text": text, "positions": [99]],
      ["model": "imdb-gpt2-narrow", "text": text, "positions": [-9]],
      ["model": "imdb-gpt2-narrow", "text": text, "positions": [.integer(.max)]],
      ["model": "imdb-gpt2-narrow", "text": text, "positions": [.integer(.min)]],
      ["model": "imdb-gpt2-narrow", "text": text, "show": "none"],
      ["model": "imdb-gpt2-narrow", "text": text, "tuned": true],
      ["model": "imdb-gpt2-narrow", "text": text, "mask_each": true],
      ["model": "imdb-gpt2-narrow", "text": text, "target": "no such single token"],
      ["model": "imdb-gpt2-narrow", "text": text, "changes": ["nonsense"]],
      ["model": "imdb-gpt2-narrow", "text": text, "changes": ["L99H0=zero"]],
      ["model": "imdb-gpt2-narrow", "text": text, "changes": ["L0.mlp@99=zero"]],
      ["model": "imdb-gpt2-narrow", "text": text, "changes": .array(Array(repeating: "L0.mlp=zero", count: 33))],
      ["model": "imdb-gpt2-narrow", "text": .string(String(repeating: "word ", count: 3000))],
      ["model": "imdb-gpt2-narrow", "text": .string(String(repeating: "a", count: 20_001))],
    ]
    var calls = lens.map { ("/api/lens", $0.serialized()) }
    let exports: [JSON] = [
      ["model": "imdb-gpt2-narrow", "text": text], ["model": "imdb-gpt2-narrow", "text": text, "format": "gif"],
      ["model": "imdb-gpt2-narrow", "text": text, "format": 1], ["text": text, "format": "pdf"],
      ["model": "imdb-gpt2-narrow", "text": "", "format": "png"],
    ]
    calls += exports.map { ("/api/export", $0.serialized()) }
    calls += ["", "{", "[]", "nul", String(repeating: "[", count: 60_000)].map { ("/api/lens", $0) }
    calls += [
      ("/api/head", #"{"model":"imdb-gpt2-narrow","text":"a","head":"L9H9"}"#),
      ("/api/head", #"{"model":"imdb-gpt2-narrow","text":"a","head":"L1"}"#),
      ("/api/pairs", #"{"model":"imdb-gpt2-narrow","head":"L0H0","matrix":"no"}"#),
      ("/api/neuron", #"{"model":"imdb-gpt2-narrow","text":"a","neuron":"L0:999999"}"#),
      ("/api/neurons", #"{"model":"imdb-gpt2-narrow","text":"a","layer":-1,"position":0}"#),
      ("/api/neurons", #"{"model":"imdb-gpt2-narrow","text":"a","layer":0,"position":7}"#),
      ("/api/attribution", #"{"model":"imdb-gpt2-narrow","text":"a","position":-4}"#),
      ("/api/decision", #"{"model":"imdb-gpt2-narrow","text":"a"}"#), ("/api/search", #"{"words":"a"}"#),
    ]
    for (path, body) in calls {
      let reply = try await server.client.socket.send(server.client.call(path, body))
      #expect(reply.status == 400 && reply.body.hasPrefix(#"{"error":""#), "\(path) \(body.prefix(90)): \(reply.text)")
    }
    #expect(try await server.client.answer("/api/models", [:]).status == 200)
  }
}
