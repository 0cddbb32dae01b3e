import Hub
import TestSupport
import Testing

@Suite struct ModelCardTests {
  @Test(arguments: [
    ("---\nlicense: apache-2.0\n---\n# x", "apache-2.0"),
    ("---\r\ntags: [a]\r\nlicense: 'mit'\r\n---\r\n", "mit"),
    ("---\nlicense:\n- mit\n- \"cc-by-4.0\"\ntags:\n- a\n---\n", "mit, cc-by-4.0"),
    ("---\nlicense: [mit, cc0-1.0]\n---\n", "mit, cc0-1.0"),
    ("---\nlicense:\ntags: x\n---\n", nil),
    ("---\nlicense: mit\n", nil),
    ("# x\nlicense: mit\n---\n", nil),
    ("---\ntags: x\n---\nlicense: mit\n", nil),
    ("", nil),
  ])
  func licences(_ card: String, _ licence: String?) {
    #expect(ModelCard.licence(card: card) == licence)
  }

  @Test func fromAFolder() throws {
    let folder = try TemporaryFolder()
    #expect(ModelCard.licence(in: folder.path) == nil)
    try folder.write("---\nlicense: mit\u{1B}[2J\n---\n", to: "README.md")
    #expect(ModelCard.licence(in: folder.path) == "mit\\u{1B}[2J")
  }
}
