import Foundation
import Hub
import TestSupport
import Testing

/// What a hub refuses, each with what to do.
@Suite struct RefusalTests {
  private func failure(_ tiny: TinyHub, _ name: String = "o/n") -> HubError? {
    do {
      _ = try tiny.pull(name)
      return nil
    } catch { return error as? HubError }
  }

  @Test func absentAndPrivateRepositories() throws {
    let tiny = try TinyHub()
    let absent = failure(tiny, "o/other")
    #expect(absent == .repositoryNotFound(id: "o/other", endpoint: tiny.hub.endpoint, withToken: false))
    #expect("\(try #require(absent))".contains("HF_TOKEN"))
    let secret = try TinyHub { $0.token = "hf_t" }
    #expect(failure(secret) == .repositoryNotFound(id: "o/n", endpoint: secret.hub.endpoint, withToken: false))
    let wrong = try TinyHub(environment: ["HF_TOKEN": "hf_x"]) { $0.token = "hf_t" }
    let refused = failure(wrong)
    #expect(refused == .repositoryNotFound(id: "o/n", endpoint: wrong.hub.endpoint, withToken: true))
    #expect(!"\(try #require(refused))".contains("hf_x"))
    // Not one byte is kept of what may not be seen.
    for tiny in [tiny, secret, wrong] { #expect(tiny.cached().isEmpty) }
  }

  @Test func gatedRepositories() throws {
    let tiny = try TinyHub { $0.isGated = true }
    let error = failure(tiny)
    #expect(error == .gated(id: "o/n", endpoint: tiny.hub.endpoint, withToken: false))
    #expect("\(try #require(error))".contains("\(tiny.hub.endpoint)/o/n"))
    // The list may be open where the files are not.
    let files = try TinyHub(environment: ["HF_TOKEN": "hf_t"])
    files.hub.change { request, _ in
      request.path.contains("/resolve/") ? HTTPServer.Answer(403, [("X-Error-Code", "GatedRepo")]) : nil
    }
    #expect(failure(files) == .gated(id: "o/n", endpoint: files.hub.endpoint, withToken: true))
  }

  @Test func tokensAndRevisionsThatTheHubDoesNotKnow() throws {
    let tiny = try TinyHub(environment: ["HF_TOKEN": "hf_t"])
    #expect(failure(tiny, "o/n@dev") == .revisionNotFound(id: "o/n", revision: "dev"))
    tiny.hub.change { _, _ in
      HTTPServer.Answer(401, [("X-Error-Message", "Invalid credentials in Authorization header")])
    }
    #expect(failure(tiny) == .tokenRefused(endpoint: tiny.hub.endpoint))
  }

  /// A file that the list has and the hub does not is noted as absent where it may be, and an error where it may not.
  @Test func filesThatAreListedAndNotThere() throws {
    let tiny = try TinyHub()
    func refuse(_ file: String) {
      tiny.hub.change { request, _ in
        request.path.hasSuffix(file)
          ? HTTPServer.Answer(404, [("X-Error-Code", "EntryNotFound"), ("X-Repo-Commit", TinyHub.commit)]) : nil
      }
    }
    refuse("/model.safetensors")
    #expect(failure(tiny) == .fileNotFound(id: "o/n", revision: "main", file: "model.safetensors"))
    refuse("/README.md")
    _ = try tiny.pull()
    #expect(tiny.cached().keys.contains("models--o--n/.no_exist/\(TinyHub.commit)/README.md"))
  }

  /// A proxy's page of its own, or a server that is no hub.
  @Test func whatIsNoHub() throws {
    func isUnexpected(_ change: @escaping HubServer.Change) throws -> Bool {
      let tiny = try TinyHub()
      tiny.hub.change(change)
      if case .unexpectedAnswer? = failure(tiny) { return tiny.cached().keys.allSatisfy { !$0.contains("snapshots") } }
      return false
    }
    for body in [
      "", "<html>Log in</html>", "[]", "{}", #"{"sha": "main", "siblings": []}"#, #"{"sha": 1, "siblings": []}"#,
      #"{"sha": "\#(TinyHub.commit)"}"#, #"{"sha": "\#(TinyHub.commit)", "siblings": [{"name": "a"}]}"#,
      #"{"sha": "\#(TinyHub.commit)", "siblings": [1]}"#,
    ] {
      #expect(try isUnexpected { _, _ in HTTPServer.Answer(200, body: Array(body.utf8)) }, "\(body)")
    }
    func changedHead(_ field: String, _ value: String?) throws -> Bool {
      try isUnexpected { request, answer in
        guard request.method == "HEAD" else { return nil }
        var answer = answer
        answer[field] = value
        return answer
      }
    }
    #expect(try changedHead("X-Repo-Commit", nil))
    #expect(try changedHead("X-Repo-Commit", String(repeating: "c3", count: 20)))
    #expect(try changedHead("ETag", nil))
    for size in ["x", "-1", "99999999999999999999", "1e3", ""] {
      #expect(try changedHead("X-Linked-Size", size), "\(size)")
    }
    let packed = try TinyHub()
    packed.hub.change { request, answer in
      guard request.path.hasPrefix("/large/") else { return nil }
      var answer = answer
      answer["Content-Encoding"] = "gzip"
      return answer
    }
    #expect {
      try packed.pull()
    } throws: { error in
      if case HubError.unexpectedAnswer(_, _, "\"gzip\"") = error { true } else { false }
    }
  }

  @Test func otherRefusals() throws {
    let tiny = try TinyHub()
    tiny.hub.change { _, _ in HTTPServer.Answer(403, [("X-Error-Message", "over \u{1B}[31mquota")]) }
    #expect(failure(tiny) == .refused(id: "o/n", status: 403, message: "over \\u{1B}[31mquota"))
  }
}
