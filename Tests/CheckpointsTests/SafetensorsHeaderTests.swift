import Checkpoints
import Files
import TestSupport
import Testing

@Suite struct SafetensorsHeaderTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func open(_ bytes: [UInt8]) throws -> SafetensorsFile {
    try SafetensorsFile(folder.write(bytes, to: "x.safetensors"))
  }

  /// Opens a file whose error must say `expected`, and name the tensor where there is one.
  private func expectMalformed(
    _ bytes: [UInt8], tensor: String?, expected: String, found: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(
      throws: CheckpointError.malformed(
        path: folder.path("x.safetensors"), tensor: tensor, expected: expected, found: found),
      sourceLocation: sourceLocation
    ) { try open(bytes) }
  }

  @Test func readsNamesShapesTypesAndMetadata() throws {
    let file = try open(
      safetensors(
        #"{"b":{"dtype":"F32","shape":[2,1],"data_offsets":[3,11]},"__metadata__":{"format":"pt"},"#
          + #""a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"e":{"dtype":"F64","shape":[0,7],"data_offsets":[3,3]},"#
          + #""s":{"dtype":"I16","shape":[],"data_offsets":[11,13]}}   "#, data: [UInt8](repeating: 1, count: 13)))
    #expect(file.names == ["a", "b", "e", "s"])
    #expect(file.metadata == ["format": "pt"])
    #expect(file.entries.map(\.type) == [.uint8, .float32, .float64, .int16])
    #expect(file.entries.map(\.shape) == [[3], [2, 1], [0, 7], []])
    #expect(file.entries.map(\.count) == [3, 2, 0, 1])
    #expect(file.entries.map(\.byteCount) == [3, 8, 0, 2])
    #expect(file.entry(named: "c") == nil)
    #expect(try file.floats("e").values.isEmpty)
  }

  @Test func readsAFileOfNoTensors() throws {
    #expect(try open(safetensors("{}")).names.isEmpty)
  }

  @Test(arguments: [0, 1, 7])
  func refusesAFileTooShortForItsLength(count: Int) {
    expectMalformed(
      [UInt8](repeating: 0, count: count), tensor: nil, expected: "8 bytes with the length of the header",
      found: "a file of \(count) bytes")
  }

  @Test(arguments: [100_000_001, UInt64(Int.max), UInt64(Int.max) - 7, UInt64.max])
  func refusesAnOversizedHeader(length: UInt64) {
    expectMalformed(
      safetensors("{}", declaredLength: length), tensor: nil, expected: "a header of at most 100000000 bytes",
      found: "\(length)")
  }

  @Test func refusesAHeaderPastTheEnd() {
    expectMalformed(
      safetensors("{}", declaredLength: 3), tensor: nil, expected: "a header of 3 bytes",
      found: "2 bytes before the end of the file")
    expectMalformed(
      safetensors("", declaredLength: 0), tensor: nil, expected: "a header that begins with \"{\"",
      found: "another byte")
    expectMalformed(
      safetensors(" {}"), tensor: nil, expected: "a header that begins with \"{\"", found: "another byte")
  }

  @Test func tellsAGitPointerFromAWeightFile() {
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"
    expectMalformed(
      Array(pointer.utf8), tensor: nil, expected: "a safetensors file",
      found: "a Git LFS pointer (run `git lfs pull` in its folder)")
  }

  @Test func refusesBrokenJSON() throws {
    let path = folder.path("x.safetensors")
    #expect(
      throws: FileError.malformed(
        path: path, location: "header, byte 1", expected: "a key in quotes", found: "\"a\"")
    ) { try open(safetensors("{a}")) }
    let entry = #""x":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}"#
    #expect(throws: FileError.self, "a name given twice") { try open(safetensors("{\(entry),\(entry)}")) }
    #expect(throws: FileError.self, "metadata that is no text") { try open(safetensors(#"{"__metadata__":{"a":1}}"#)) }
    #expect(throws: FileError.self, "metadata that is no object") { try open(safetensors(#"{"__metadata__":[]}"#)) }
    #expect(throws: FileError.self, "metadata keys that are one") {
      try open(safetensors("{\"__metadata__\":{\"\u{E9}\":\"1\",\"e\u{301}\":\"2\"}}"))
    }
  }

  @Test(arguments: [
    (#"7"#, "an object", "the number 7"),
    (#"{"dtype":"F32","shape":[1]}"#, "an array data_offsets", "none"),
    (#"{"dtype":"F32","data_offsets":[0,4]}"#, "an array shape", "none"),
    (#"{"shape":[1],"data_offsets":[0,4]}"#, "a dtype", "none"),
    (#"{"dtype":32,"shape":[1],"data_offsets":[0,4]}"#, "a dtype", "the number 32"),
    (
      #"{"dtype":"F32","shape":[1],"data_offsets":[0,4],"q":1}"#, "only dtype, shape and data_offsets",
      "the key \"q\""
    ),
    (
      #"{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}"#, "whole numbers that are not negative in shape",
      "the number -1"
    ),
    (
      #"{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}"#, "whole numbers that are not negative in shape",
      "the number 1.5"
    ),
    (
      #"{"dtype":"F32","shape":[1],"data_offsets":[0,18446744073709551615]}"#,
      "whole numbers that are not negative in data_offsets", "the number 1.8446744073709552e+19"
    ),
    (#"{"dtype":"F32","shape":[1],"data_offsets":[4]}"#, "data_offsets of a begin and an end", "[4]"),
    (#"{"dtype":"F32","shape":[1],"data_offsets":[0,4,4]}"#, "data_offsets of a begin and an end", "[0, 4, 4]"),
    (#"{"dtype":"F32","shape":[1],"data_offsets":[4,0]}"#, "data_offsets of a begin and an end", "[4, 0]"),
    (
      #"{"dtype":"F32","shape":[2],"data_offsets":[0,8]}"#, "data up to byte 8",
      "a file truncated after byte 4 of the data"
    ),
    (
      #"{"dtype":"F32","shape":[1],"data_offsets":[9223372036854775803,9223372036854775807]}"#,
      "data up to byte 9223372036854775807", "a file truncated after byte 4 of the data"
    ),
    (#"{"dtype":"F32","shape":[2],"data_offsets":[0,4]}"#, "the bytes of F32 numbers of shape [2]", "4 bytes"),
    (#"{"dtype":"F16","shape":[1],"data_offsets":[0,4]}"#, "the bytes of F16 numbers of shape [1]", "4 bytes"),
    (
      #"{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}"#,
      "the bytes of F32 numbers of shape [4294967296, 4294967296]", "4 bytes"
    ),
    (
      #"{"dtype":"F32","shape":[9223372036854775807],"data_offsets":[0,4]}"#,
      "the bytes of F32 numbers of shape [9223372036854775807]", "4 bytes"
    ),
    (
      #"{"dtype":"F32","shape":[4294967296,4294967296,0],"data_offsets":[0,0]}"#,
      "the bytes of F32 numbers of shape [4294967296, 4294967296, 0]", "0 bytes"
    ),
  ])
  func refusesABadDescription(description: String, expected: String, found: String) {
    expectMalformed(
      safetensors("{\"x\":\(description)}", data: [0, 0, 0, 0]), tensor: "x", expected: expected, found: found)
  }

  @Test func refusesATypeThatTheFormatDoesNotHave() {
    let known = "F64, F32, F16, BF16, F8_E4M3, F8_E5M2, F8_E8M0, C64, I64, I32, I16, I8, U64, U32, U16, U8, BOOL"
    expectMalformed(
      oneTensor("F4", shape: [8], data: [0, 0, 0, 0]), tensor: "x", expected: "a dtype among \(known)", found: "\"F4\"")
  }

  @Test(arguments: ElementType.allCases)
  func knowsTheWidthOfEveryType(type: ElementType) throws {
    let data = [UInt8](repeating: 0, count: 3 * type.byteWidth)
    let file = try open(oneTensor(type.rawValue, shape: [3], data: data))
    #expect(file.entry(named: "x")?.count == 3)
    let digits = type.rawValue.drop { !$0.isNumber }.prefix { $0.isNumber }
    #expect(type.byteWidth == (type == .bool ? 1 : (Int(digits) ?? 0) / 8))
  }

  @Test func refusesOverlapGapAndRest() {
    func two(_ first: String, _ second: String) -> [UInt8] {
      safetensors(
        #"{"a":{"dtype":"U8","shape":[2],"data_offsets":\#(first)},"b":{"dtype":"U8","shape":[2],"data_offsets":\#(second)}}"#,
        data: [1, 2, 3, 4, 5])
    }
    expectMalformed(
      two("[0,2]", "[1,3]"), tensor: "b", expected: "data_offsets that begin at 2",
      found: "1, which overlaps the tensor before it")
    expectMalformed(
      two("[0,2]", "[0,2]"), tensor: "b", expected: "data_offsets that begin at 2",
      found: "0, which overlaps the tensor before it")
    expectMalformed(
      two("[0,2]", "[3,5]"), tensor: "b", expected: "data_offsets that begin at 2",
      found: "3, which leaves a gap before it")
    expectMalformed(
      two("[3,5]", "[1,3]"), tensor: "b", expected: "data_offsets that begin at 0",
      found: "1, which leaves a gap before it")
    expectMalformed(
      two("[0,2]", "[2,4]"), tensor: "b", expected: "the end of the file after the last tensor", found: "1 more bytes")
  }

  @Test func refusesEveryTruncation() throws {
    let whole = oneTensor("F32", shape: [2], data: littleEndian([Float(1), 2]))
    _ = try open(whole)
    for length in 0..<whole.count {
      #expect(throws: CheckpointError.self, "\(length) bytes") { try open(Array(whole[..<length])) }
    }
  }

  @Test func namesFileTensorAndRemedyInWords() {
    let error = CheckpointError.malformed(path: "m.safetensors", tensor: "w", expected: "4 bytes", found: "3 bytes")
    #expect(
      error.description
        == "m.safetensors (tensor w): expected 4 bytes, found 3 bytes; the file is damaged: fetch or write it again")
    let unused = CheckpointError.unused(path: "m", names: (0..<9).map { "t\($0)" })
    #expect(unused.description.contains("found 9 more (t0, t1, t2, t3, t4, t5, and 3 more)"))
  }
}
