import Files
import Testing

@Suite struct JSONParserTests {
  @Test(arguments: [
    ("null", JSON.null), (" true ", .bool(true)), ("false", .bool(false)), ("0", .integer(0)), ("-12", .integer(-12)),
    ("9223372036854775807", .integer(.max)), ("9223372036854775808", .number(9_223_372_036_854_775_808)),
    ("1.5", .number(1.5)), ("1e-05", .number(1e-5)), ("-2E+3", .number(-2000)), ("\"\"", .string("")),
    ("[]", .array([])), ("{}", .object([])), ("\t[1 ,\r\n2]", .array([1, 2])),
    ("{\"b\": 1, \"a\": [null]}", .object([.init("b", 1), .init("a", .array([.null]))])),
    ("\u{FEFF}7", .integer(7)),
  ])
  func parsesValues(text: String, expected: JSON) throws {
    #expect(try JSON.parse(text, path: "x.json") == expected)
  }

  @Test func parsesEscapes() throws {
    let text = #""\" \\ \/ \b\f\n\r\t \u0041 \u00e9 \uD83D\uDE00 \u0000 é""#
    guard case .string(let value) = try JSON.parse(text, path: "x.json") else { throw Unexpected() }
    let expected = "\" \\ / \u{8}\u{C}\n\r\t A \u{E9} \u{1F600} \0 é"
    #expect(Array(value.unicodeScalars) == Array(expected.unicodeScalars))
  }

  @Test(arguments: [
    ("", 0), ("nul", 0), ("01", 1), ("-", 1), ("1.", 2), ("1e", 2), ("1e999", 0), ("NaN", 0), ("+1", 0), (".5", 0),
    ("[1,]", 3), ("[1 2]", 3), ("[1", 2), ("{\"a\" 1}", 5), ("{a:1}", 1), ("{\"a\":1,}", 7), ("{\"a\":1,\"a\":2}", 7),
    ("\"a", 2), ("\"\n\"", 1), (#""\x""#, 2), (#""\uD800""#, 7), (#""\uDC00""#, 7), (#""\uD800\u0041""#, 13),
    (#""\u12G4""#, 5), ("1 1", 2), ("'a'", 0), ("/**/1", 0),
  ])
  func refusesBadSyntaxAtItsByte(text: String, byte: Int) {
    let error = #expect(throws: FileError.self) { try JSON.parse(text, path: "x.json") }
    if case .malformed("x.json", let location, _, _)? = error {
      #expect(location == "byte \(byte)")
    } else {
      Issue.record("\(String(describing: error))")
    }
  }

  @Test(arguments: [
    [0x22, 0xFF, 0x22], [0x22, 0xC3, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22], [0x22, 0x5C, 0x6E, 0x80, 0x22],
  ])
  func refusesBadUTF8(bytes: [UInt8]) {
    #expect(throws: FileError.self) { try bytes.withUnsafeBytes { try JSON.parse($0, path: "x.json") } }
  }

  @Test func keepsKeysApartThatAreCanonicallyEquivalent() throws {
    let value = try JSON.parse("{\"e\u{301}\": 1, \"\u{E9}\": 2}", path: "x.json")
    #expect(value["e\u{301}"] == 1)
    #expect(value["\u{E9}"] == 2)
  }

  @Test func boundsNesting() throws {
    func nested(_ depth: Int) -> String { String(repeating: "[", count: depth) + String(repeating: "]", count: depth) }
    _ = try JSON.parse(nested(129), path: "x.json")
    #expect(throws: FileError.self) { try JSON.parse(nested(130), path: "x.json") }
    #expect(throws: FileError.self) { try JSON.parse(String(repeating: "[", count: 1_000_000), path: "x.json") }
  }

  @Test func refusesEveryTruncation() {
    let text = Array(#"{"a": [1.5e3, "bé\n", true, null], "c": {"d": -7}}"#.utf8)
    for length in 0..<text.count {
      #expect(throws: FileError.self, "\(length) bytes") {
        try text[..<length].withUnsafeBytes { try JSON.parse($0, path: "x.json") }
      }
    }
  }
}

struct Unexpected: Error {}
