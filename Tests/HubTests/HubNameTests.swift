import Hub
import Testing

@Suite struct HubNameTests {
  @Test func namesWithAndWithoutOwnerAndRevision() throws {
    let plain = try HubName("gpt2")
    #expect((plain.id, plain.revision, plain.wantedRevision, plain.description) == ("gpt2", nil, "main", "gpt2"))
    let full = try HubName("google-bert/bert_base.v1@refs/pr/1")
    #expect(full.id == "google-bert/bert_base.v1")
    #expect(full.revision == "refs/pr/1")
    #expect(full.wantedRevision == "refs/pr/1")
    #expect(full.description == "google-bert/bert_base.v1@refs/pr/1")
    #expect(try HubName(String(repeating: "a", count: 96)).id.utf8.count == 96)
  }

  @Test func foldersOfTheCache() throws {
    #expect(try HubName("gpt2").folderName == "models--gpt2")
    #expect(try HubName("google-bert/bert-base").folderName == "models--google-bert--bert-base")
    #expect(HubName(folderName: "models--google-bert--bert-base")?.id == "google-bert/bert-base")
    #expect(HubName(folderName: "models--gpt2")?.id == "gpt2")
    for other in ["datasets--imdb", "models--", "models--a--b--c", "models--a@b", ".locks", "models--a---b"] {
      #expect(HubName(folderName: other) == nil)
    }
  }

  private static let badNames = [
    "", "/", "a/", "/a", "a/b/c", "../a", "a/..", "..", ".", "a..b", "a--b", "-a", "a-", ".a", "a.", "a b", "a\\b",
    "a\0b",
    "ünder", "a.git", "owner/a.git", "a\n", "a:b", "https://a", "~/a", "a%2Fb", String(repeating: "a", count: 97),
  ]

  // No arguments of the test: those are printed as they are.
  @Test func whatIsNoName() {
    for text in Self.badNames {
      #expect(throws: HubError.self, "\(text.debugDescription)") { try HubName(text) }
      #expect(throws: HubError.self, "\(text.debugDescription)") { try HubName(text + "@main") }
    }
  }

  private static let badRevisions = [
    "", "/", "a/", "/a", "a//b", "..", "a/../b", ".a", "a.", "a/.b", "a.lock", "-a", "a b", "a\u{7}", "a\\b", "a:b",
    "a~1",
    "a^", "a?", "a*", "a[", "a@{1}", "a\0", String(repeating: "a", count: 201),
  ]

  @Test func whatIsNoRevision() {
    for text in Self.badRevisions {
      #expect(throws: HubError.self, "\(text.debugDescription)") { try HubName("gpt2@" + text) }
    }
  }

  /// The message says which rule is broken, and shows nothing that could act on a terminal.
  @Test func theMessageNamesTheRule() {
    #expect {
      try HubName("a\u{1B}[2J--b")
    } throws: { error in
      let text = "\(error)"
      return text.contains("only letters") && !text.unicodeScalars.contains("\u{1B}")
    }
  }
}
