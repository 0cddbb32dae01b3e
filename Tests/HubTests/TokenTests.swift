import Foundation
import Hub
import TestSupport
import Testing

/// Who gets to see the token.
@Suite struct TokenTests {
  @Test func theHubGetsItAndAnotherHostDoesNot() throws {
    let tiny = try TinyHub(environment: ["HF_TOKEN": "hf_secret"]) { $0.token = "hf_secret" }
    _ = try tiny.pull()
    let requests = tiny.hub.server.requests
    let (other, own) = (
      requests.filter { $0.path.hasPrefix("/large/") }, requests.filter { !$0.path.hasPrefix("/large/") }
    )
    #expect(other.count == 1 && own.count > 5)
    #expect(own.allSatisfy { $0.headers["authorization"] == "Bearer hf_secret" })
    #expect(own.allSatisfy { $0.headers["host"] == "127.0.0.1:\(tiny.hub.server.port)" })
    #expect(other[0].headers["host"] == "localhost:\(tiny.hub.server.port)")
    #expect(!other[0].headers.values.contains { $0.contains("hf_secret") })
  }

  /// A host that leads back does not get the token sent after it.
  @Test func notAgainAfterAnotherHost() throws {
    let tiny = try TinyHub(environment: ["HF_TOKEN": "hf_secret"])
    let port = tiny.hub.server.port
    tiny.hub.change { request, _ in
      if request.path.hasPrefix("/large/") {
        return HTTPServer.Answer(302, [("Location", "http://127.0.0.1:\(port)/back\(request.path.dropFirst(6))")])
      }
      return request.path.hasPrefix("/back/")
        ? HTTPServer.Answer(200, body: TinyHub.files["model.safetensors"] ?? []) : nil
    }
    _ = try tiny.pull()
    #expect(try tiny.bytes("model.safetensors") == TinyHub.files["model.safetensors"])
    let back = tiny.hub.server.requests.filter { $0.path.hasPrefix("/back/") }
    #expect(back.count == 1)
    #expect(back[0].headers["authorization"] == nil)
  }

  /// Another port is another server.
  @Test func notToAnotherPort() throws {
    let tiny = try TinyHub(environment: ["HF_TOKEN": "hf_secret"])
    let other = try HTTPServer { _ in HTTPServer.Answer(200, body: TinyHub.files["model.safetensors"] ?? []) }
    tiny.hub.change { [port = other.port] request, answer in
      guard answer.status == 302 else { return nil }
      var answer = answer
      answer["Location"] = "http://127.0.0.1:\(port)/x"
      return answer
    }
    _ = try tiny.pull()
    #expect(other.requests.map(\.method) == ["GET"])
    #expect(other.requests.first?.headers["authorization"] == nil)
  }

  /// Plain http to a host that is not this machine: here through a proxy, which would see all.
  @Test func notOverPlainHTTP() throws {
    var tiny = try TinyHub(environment: ["HF_TOKEN": "hf_secret"])
    tiny.settings.endpoint = "http://hub.example"
    tiny.settings.proxies = ProxySettings(environment: ["http_proxy": "http://127.0.0.1:\(tiny.hub.server.port)"])
    // The proxy of these tests knows no such repository.
    #expect(throws: HubError.repositoryNotFound(id: "o/n", endpoint: "http://hub.example", withToken: false)) {
      try tiny.pull()
    }
    #expect(tiny.asked == ["GET http://hub.example/api/models/o/n/revision/main"])
    #expect(tiny.hub.server.requests.first?.headers["authorization"] == nil)
  }

  @Test func redirectsThatAreNotFollowed() throws {
    func head(_ location: String) throws -> ResponseHead {
      var head = ResponseHead()
      for line in ["HTTP/1.1 302 Found\r\n", "Location: \(location)\r\n"] {
        _ = Array(line.utf8).withUnsafeBytes { head.add($0) }
      }
      return head
    }
    func target(_ location: String, from url: String) throws -> String {
      try HubClient.target(of: head(location), from: #require(HubURL(url))).text
    }
    #expect(try target("https://b/x?sig=1", from: "https://a/y/z") == "https://b/x?sig=1")
    #expect(try target("/x", from: "https://a/y/z") == "https://a/x")
    #expect(try target("x", from: "https://a:8443/y/z") == "https://a:8443/y/x")
    #expect(try target("//b/x", from: "https://a/y") == "https://b/x")
    #expect(try target("https://b/x", from: "http://a/y") == "https://b/x")
    for bad in [
      "http://b/x", "http://a/x", "ftp://a/x", "file:///etc/passwd", "https://u:p@b/x", "https://", "https://b:99999/x",
    ] {
      #expect(throws: HubError.self, "\(bad)") { try target(bad, from: "https://a/y") }
    }
  }

  @Test func anEndlessRedirectEnds() throws {
    let tiny = try TinyHub()
    tiny.hub.change { request, _ in HTTPServer.Answer(302, [("Location", request.path + "x")]) }
    #expect {
      try tiny.pull()
    } throws: { error in
      if case HubError.refusedRedirect(_, _, let reason) = error { reason.contains("10") } else { false }
    }
    #expect(tiny.hub.server.requests.count == 11)
  }

  @Test func anEndpointThatIsNone() throws {
    for endpoint in [
      "huggingface", "ftp://a", "https://u:p@a", "https://a/?x=1", "https://a/#x", "", "https://", "a\0b",
    ] {
      var tiny = try TinyHub()
      tiny.settings.endpoint = endpoint
      #expect {
        try tiny.pull()
      } throws: { error in
        if case HubError.badEndpoint = error { true } else { false }
      }
      #expect(tiny.hub.server.connections == 0)
    }
  }
}
