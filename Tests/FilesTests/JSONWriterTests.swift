import Files
import Testing

@Suite struct JSONWriterTests {
  @Test func sortsKeysByTheirBytes() {
    let value: JSON = ["b": 1, "a": 2, "\u{E9}": 3, "Z": 4, "": 5]
    #expect(value.serialized() == "{\"\":5,\"Z\":4,\"a\":2,\"b\":1,\"\u{E9}\":3}")
  }

  @Test func laysOutOneMemberALine() {
    let value: JSON = ["a": [1, 2], "b": [:], "c": []]
    #expect(value.serialized(.pretty) == "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": {},\n  \"c\": []\n}")
  }

  @Test func writesShortestDecimalsAndNullForNonFinite() {
    let values: JSON = [0.1, 1e-05, 1e21, -0.0, .number(.nan), .number(.infinity), .float(0.1), .float(.nan)]
    #expect(values.serialized() == "[0.1,1e-05,1e+21,-0.0,null,null,0.1,null]")
  }

  @Test func escapesWhatMustBeEscaped() {
    #expect(JSON.string("\"\\\n\r\t\u{1}\u{7F}/é\u{1F600}").serialized() == #""\"\\\n\r\t\u0001\u007f/é😀""#)
    #expect(JSON.string("\r\n").serialized() == #""\r\n""#)
  }

  @Test(arguments: [
    #"{"a":[1,2.5,-3e-07,"x\ny",null,true,{}],"b":{"c":[]}}"#, #"["\u0000\u001f","é","é"]"#, "[1e+300,5e-324,-0.0]",
  ])
  func readsBackWhatItWrites(text: String) throws {
    let value = try JSON.parse(text, path: "x.json")
    #expect(value.serialized() == text)
    #expect(try JSON.parse(value.serialized(.pretty), path: "x.json").serialized() == text)
  }
}

@Suite struct JSONNodeTests {
  private let node = JSONNode(
    ["size": 3, "rate": 0.5, "name": "x", "on": true, "list": [1, "two"], "inner": ["deep": nil]], path: "config.json")

  @Test func readsValues() throws {
    #expect(try node["size"].int() == 3)
    #expect(try node["size"].double() == 3)
    #expect(try node["rate"].double() == 0.5)
    #expect(try node["name"].string() == "x")
    #expect(try node["on"].bool())
    #expect(try node["list"].array().map(\.location) == ["list[0]", "list[1]"])
    #expect(try node["inner"].members().map(\.key) == ["deep"])
    #expect(node["size"].isPresent)
    #expect(!node["inner"]["deep"].isPresent)
    #expect(!node["absent"]["deeper"].isPresent)
  }

  @Test func namesFileAndKeyOfAWrongValue() {
    #expect(
      throws: FileError.malformed(
        path: "config.json", location: "inner.deep", expected: "an integer", found: "null")
    ) { try node["inner"]["deep"].int() }
    #expect(
      throws: FileError.malformed(
        path: "config.json", location: "list[1]", expected: "a number", found: "the string \"two\"")
    ) { try node["list"].array()[1].double() }
    #expect(
      throws: FileError.malformed(path: "config.json", location: "absent", expected: "a string", found: "nothing")
    ) { try node["absent"].string() }
    #expect(throws: FileError.self) { try node["size"].bool() }
    #expect(throws: FileError.self) { try node["size"].array() }
    #expect(throws: FileError.self) { try node["rate"].int() }
    #expect(throws: FileError.self) { try node["list"].members() }
  }
}
