import Files
import TestSupport
import Testing

@Suite struct JSONSchemaTests {
  private func problems(_ value: String, _ schema: String) throws -> [String] {
    try JSONSchema(JSON.parse(schema, path: "schema")).problems(in: JSON.parse(value, path: "value"))
  }

  /// Each rule with a value that conforms and one that does not, and the problem reported for the latter.
  @Test(arguments: [
    (#"{"type":"integer"}"#, "3", "3.5", "$: expected type integer, found the number 3.5"),
    (#"{"type":"integer"}"#, "3.0", "\"3\"", "$: expected type integer, found the string \"3\""),
    (#"{"type":"number"}"#, "3", "true", "$: expected type number, found true"),
    (#"{"type":"number"}"#, "0.5", "null", "$: expected type number, found null"),
    (#"{"type":["number","null"]}"#, "null", "[]", "$: expected type number or null, found an array of 0"),
    (#"{"type":"boolean"}"#, "false", "0", "$: expected type boolean, found the number 0"),
    (#"{"type":"object"}"#, "{}", "[]", "$: expected type object, found an array of 0"),
    (#"{"required":["a","b"]}"#, #"{"a":1,"b":null}"#, #"{"a":1}"#, "$: no member \"b\""),
    (#"{"properties":{"a":{"type":"null"}}}"#, "{}", #"{"a":1}"#, "$.a: expected type null, found the number 1"),
    (
      #"{"properties":{"a":{}},"additionalProperties":false}"#, #"{"a":1}"#, #"{"a":1,"z":2}"#,
      "$: unknown member \"z\""
    ),
    (#"{"items":{"type":"string"}}"#, #"["a"]"#, #"["a",2]"#, "$[1]: expected type string, found the number 2"),
    (
      #"{"enum":["pinv","identity"]}"#, #""pinv""#, #""Pinv""#,
      "$: expected one of [\"pinv\",\"identity\"], found the string \"Pinv\""
    ),
    (#"{"enum":["\u00e9"]}"#, #""\u00e9""#, #""e\u0301""#, "$: expected one of [\"é\"], found the string \"e\u{301}\""),
    (#"{"const":1}"#, "1.0", "2", "$: expected 1, found the number 2"),
    (
      #"{"const":{"a":[1],"b":2}}"#, #"{"b":2,"a":[1.0]}"#, #"{"a":[1]}"#,
      "$: expected {\"a\":[1],\"b\":2}, found an object of 1"
    ),
    (#"{"minimum":0}"#, "0", "-0.01", "$: expected at least 0.0, found the number -0.01"),
    (#"{"maximum":1}"#, "1", "1.01", "$: expected at most 1.0, found the number 1.01"),
    (#"{"minItems":2}"#, "[1,2]", "[1]", "$: expected at least 2 items, found an array of 1"),
    (#"{"maxItems":2}"#, "[1,2]", "[1,2,3]", "$: expected at most 2 items, found an array of 3"),
    (
      #"{"pattern":"^[0-9a-f]{4}$"}"#, #""01af""#, #""01AF""#,
      "$: expected a text matching ^[0-9a-f]{4}$, found the string \"01AF\""
    ),
    (
      ##"{"$ref":"#/$defs/unit","$defs":{"unit":{"minimum":0,"maximum":1}}}"##, "0.5", "2",
      "$: expected at most 1.0, found the number 2"
    ),
  ])
  func rule(schema: String, good: String, bad: String, problem: String) throws {
    #expect(try problems(good, schema) == [])
    #expect(try problems(bad, schema).map { Array($0.unicodeScalars) } == [Array(problem.unicodeScalars)])
  }

  @Test func problemsNameThePlace() throws {
    let schema = ##"""
      {"type": "object", "required": ["points"], "additionalProperties": false,
       "properties": {"points": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/point"}}},
       "$defs": {"point": {"required": ["kept"], "properties": {"kept": {"type": "integer", "minimum": 0}}}}}
      """##
    #expect(try problems(#"{"points": [{"kept": 0}, {"kept": 1}]}"#, schema) == [])
    #expect(
      try problems(#"{"points": [{"kept": 0}, {"kept": -1}, {}], "extra": 1}"#, schema).sorted() == [
        "$.points[1].kept: expected at least 0.0, found the number -1", "$.points[2]: no member \"kept\"",
        "$: unknown member \"extra\"",
      ])
  }

  /// A rule does not apply to values of another type: that is what `type` is for.
  @Test(arguments: [#"{"minimum":5}"#, #"{"minItems":5}"#, #"{"pattern":"x"}"#, #"{"items":{"type":"null"}}"#])
  func otherKindsPass(schema: String) throws {
    #expect(try problems(#"{"a":1}"#, schema) == [])
  }

  /// Keywords that only describe change nothing.
  @Test func descriptionsAreAccepted() throws {
    let schema = ##"{"$schema":"s","title":"t","description":"d","items":{"description":"d","type":"null"}}"##
    #expect(try problems("[null]", schema) == [])
    #expect(try problems("[1]", schema) == ["$[0]: expected type null, found the number 1"])
  }

  /// What the validator does not check it refuses.
  @Test(arguments: [
    (#"{"oneOf":[]}"#, "#/oneOf: unknown keyword"),
    (#"{"properties":{"a":{"minLength":1}}}"#, "#/properties/a/minLength: unknown keyword"),
    (#"{"$defs":{"a":{"format":"date"}}}"#, "#/$defs/a/format: unknown keyword"),
    (#"{"items":{"exclusiveMinimum":1}}"#, "#/items/exclusiveMinimum: unknown keyword"),
    (#"{"items":[{}]}"#, "#/items: unexpected value: an array of 1"),
    (#"{"description":1}"#, "#/description: unexpected value: the number 1"),
    (#"{"type":"float"}"#, "#/type: unexpected value: the string \"float\""),
    (#"{"type":["null","float"]}"#, "#/type: unexpected value: an array of 2"),
    (#"{"additionalProperties":{}}"#, "#/additionalProperties: unexpected value: an object of 0"),
    (#"{"minimum":"0"}"#, "#/minimum: unexpected value: the string \"0\""),
    (##"{"$ref":"#/$defs/none"}"##, "#/$ref: nothing at #/$defs/none"),
    (#"{"$ref":"other.json"}"#, "#/$ref: nothing at other.json"),
    (#"{"pattern":"("}"#, "#/pattern: not a regular expression: ("),
    (#"{"properties":{"a":true}}"#, "#/properties/a: expected an object"),
  ])
  func badSchemaIsRefused(schema: String, problem: String) throws {
    let json = try JSON.parse(schema, path: "schema")
    let error = #expect(throws: SchemaError.self) { try JSONSchema(json) }
    #expect(error?.description == problem)
  }
}
