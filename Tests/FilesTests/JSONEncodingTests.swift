import Files
import Testing

@Suite struct JSONEncodingTests {
  private enum Kind: String, Encodable { case plain, wordPiece = "word-piece" }

  private struct Scores: Encodable {
    var float: Float = 0.1
    var double = 0.1
    var count = UInt64(7)
    var ids: [Int32] = [1, 2]
    var kind = Kind.wordPiece
    var none: Kind?
    var text: String?
    var number: Double?
    var flag: Bool?
    var half: Float?
    var seed: UInt64?
    @Absent var left: Int?
    @Absent var kept: [Float?]? = [1, nil, .infinity]

    private enum CodingKeys: String, CodingKey {
      case float, double, count, ids, kind = "Kind", none, text, number, flag, half, seed, left, kept = "kept_ones"
    }
  }

  private static let scores: JSON = [
    "float": 0.1, "double": 0.1, "count": 7, "ids": [1, 2], "Kind": "word-piece", "none": nil, "text": nil,
    "number": nil, "flag": nil, "half": nil, "seed": nil, "kept_ones": [1.0, nil, nil],
  ]

  @Test func keysAreThoseOfTheTypeAndNilIsNull() throws {
    #expect(try JSON(encoding: Scores()) == Self.scores)
  }

  @Test(arguments: [
    (0.1, "0.1"), (1, "1.0"), (1 / 3.0, "0.3333333333333333"), (-0.0, "-0.0"), (5e-324, "5e-324"), (.nan, "null"),
    (-.infinity, "null"),
  ])
  func doublesAreShortest(value: Double, text: String) throws {
    #expect(try JSON(encoding: value).serialized() == text)
  }

  @Test(arguments: [Float(0.1), 1 / 3, 16_777_216, 1e-45, 3.4e38, .nan, .infinity])
  func floatsAreThoseOfFloat32(value: Float) throws {
    #expect(try JSON(encoding: [value]) == [JSON.float(value)])
  }

  @Test func integersAreWhole() throws {
    #expect(try JSON(encoding: [Int.min, 0, .max]).serialized() == "[-9223372036854775808,0,9223372036854775807]")
    #expect(try JSON(encoding: UInt64.max) == .integer(.max))
    #expect(try JSON(encoding: [UInt8(255)]) == [255])
  }

  /// Keys keep their scalars, where Swift's strings would be equal.
  @Test func keysAreExact() throws {
    let members: JSONMembers = ["\u{E9}": 1, "e\u{301}": 2]
    let text = try JSON(encoding: members).serialized()
    #expect(Array(text.utf8) == Array("{\"e\u{301}\":2,\"\u{E9}\":1}".utf8))
  }

  @Test func membersAreJoined() throws {
    let some: Int? = nil
    let joined = ["a": 1, "b": some] + Scores() + (["c": [1.5, .nan], "d": ["x": Kind.plain]] as JSONMembers)
    let scores = try JSON(encoding: Scores()).serialized().dropFirst().dropLast()
    let parts = try JSON.parse("{\"a\":1,\"b\":null,\(scores),\"c\":[1.5,null],\"d\":{\"x\":\"plain\"}}", path: "")
    #expect(try JSON(encoding: joined).serialized() == parts.serialized())
  }

  @Test func emptyValuesAreWritten() throws {
    struct Nothing: Encodable {}
    #expect(try JSON(encoding: [Int]()) == [])
    #expect(try JSON(encoding: [String: Int]()) == [:])
    #expect(try JSON(encoding: [:] as JSONMembers) == [:])
    #expect(try JSON(encoding: Nothing()) == [:])
    #expect(try JSON(encoding: ["a": [Nothing?.none, Nothing()]]).serialized() == "{\"a\":[null,{}]}")
  }

  @Test(arguments: [
    #"{"a":[1,2.5,-3e-07,"x\ny",null,true,{}],"b":{"c":[]}}"#, #"["\u0000\u001f","é","é"]"#, "[1e+300,5e-324,-0.0]",
    "null", "3", "[[],{}]",
  ])
  func encodesJSONAsItIs(text: String) throws {
    #expect(try JSON(encoding: JSON.parse(text, path: "x")).serialized() == text)
  }

  @Test func errorsPass() {
    struct Failing: Encodable {
      func encode(to encoder: any Encoder) throws { throw FileError.missing(path: "x") }
    }
    #expect(throws: FileError.self) { try JSON(encoding: ["a": Failing()]) }
  }
}
