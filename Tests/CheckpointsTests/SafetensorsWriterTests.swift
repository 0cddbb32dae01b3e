import Checkpoints
import DenseMath
import Files
import Foundation
import TestSupport
import Testing

@Suite struct SafetensorsWriterTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func readsBackWhatItWrites() throws {
    var writer = SafetensorsWriter(schema: 3, metadata: ["tool": "\"é\n"])
    writer.add("w", Tensor(shape: [1, 3], [1, -0.0, .nan]))
    writer.add("d", shape: [2], doubles: [0.1, -.infinity])
    writer.add("ids", shape: [2, 1], integers: [.min, .max])
    writer.add(
      "stack", stacking: [Tensor(shape: [2], [1, 2]), Tensor(shape: [2], [3, 4]), Tensor(shape: [2], [5, 6])])
    writer.add("scalar", shape: [], doubles: [7])
    writer.add("empty", Tensor(shape: [0, 4], []))
    try writer.write(to: folder.path("a"))
    let file = try SafetensorsFile(folder.path("a"))
    #expect(file.metadata == ["graft.schema": "3", "tool": "\"é\n"])
    #expect(file.names == ["d", "empty", "ids", "scalar", "stack", "w"])
    #expect(try file.floats("w").values.map(\.bitPattern) == [Float(1), -0.0, .nan].map(\.bitPattern))
    #expect(try file.doubles("d").values == [0.1, -.infinity])
    #expect(try file.integers("ids").values == [.min, .max])
    #expect(try file.integers("ids").shape == [2, 1])
    #expect(try file.floats("stack", shape: [3, 2]).values == [1, 2, 3, 4, 5, 6])
    #expect(try file.doubles("scalar").values == [7])
    #expect(file.entry(named: "scalar")?.shape == [])
    #expect(file.entry(named: "empty")?.shape == [0, 4])
    #expect(try folder.names() == ["a"])
  }

  @Test func writesTheFormatByteForByte() throws {
    var writer = SafetensorsWriter()
    writer.add("b", Tensor(shape: [1], [1]))
    writer.add("z", shape: [1], integers: [-2])
    try writer.write(to: folder.path("a"))
    let header =
      #"{"__metadata__":{"graft.schema":"1"},"b":{"data_offsets":[8,12],"dtype":"F32","shape":[1]},"#
      + #""z":{"data_offsets":[0,8],"dtype":"I64","shape":[1]}}"#
    let padded = header + String(repeating: " ", count: 144 - header.utf8.count)
    #expect(
      try folder.bytes("a")
        == safetensors(padded, data: [0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0x80, 0x3F]))
  }

  @Test func writesTheSameBytesInAnyOrder() throws {
    let tensors = ["a", "b", "B", "\u{E9}", "e\u{301}"].map { ($0, Tensor(shape: [1], [Float($0.utf8.count)])) }
    for (path, tensors) in [("x", tensors), ("y", tensors.reversed())] {
      var writer = SafetensorsWriter(metadata: ["k": "1", "l": "2", "m": "3"])
      for (name, tensor) in tensors { writer.add(name, tensor) }
      try writer.write(to: folder.path(path))
    }
    #expect(try folder.bytes("x") == folder.bytes("y"))
    #expect(try SafetensorsFile(folder.path("x")).entries.count == 5)
  }

  @Test(arguments: ["a", "__metadata__"])
  func refusesANameThatIsTaken(name: String) throws {
    var writer = SafetensorsWriter()
    writer.add("a", Tensor(shape: [1], [1]))
    writer.add(name, shape: [1], integers: [1])
    #expect(throws: CheckpointError.self) { try writer.write(to: folder.path("x")) }
    #expect(try folder.names().isEmpty)
  }
}

/// Files whose tensors are written piece by piece.
@Suite struct SafetensorsStreamTests {
  @Test func piecesGiveTheBytesOfTheWhole() throws {
    let folder = try TemporaryFolder()
    let values = (0..<12).map { Float($0) + 0.25 }
    var whole = SafetensorsWriter()
    whole.add("offsets", shape: [2], integers: [0, 3])
    whole.add("ids", shape: [3], integers: [7, 8, 9])
    whole.add("a", Tensor(shape: [3, 4], values))
    try whole.write(to: folder.path("whole"))
    var parts = SafetensorsWriter()
    parts.reserve("a", shape: [3, 4])
    parts.add("offsets", shape: [2], integers: [0, 3])
    parts.reserve("ids", shape: [3], integers: true)
    let stream = try parts.begin(folder.path("parts"))
    try values[4...].withUnsafeBytes { try stream.write($0, to: "a", at: 16) }
    try [Int64(8), 9].withUnsafeBytes { try stream.write($0, to: "ids", at: 8) }
    #expect(!FileManager.default.fileExists(atPath: folder.path("parts")))
    try values[..<4].withUnsafeBytes { try stream.write($0, to: "a", at: 0) }
    try [Int64(7)].withUnsafeBytes { try stream.write($0, to: "ids", at: 0) }
    try stream.commit()
    #expect(try folder.bytes("parts") == folder.bytes("whole"))
  }

  @Test func aStreamThatEndsEarlyLeavesNothing() throws {
    let folder = try TemporaryFolder()
    var writer = SafetensorsWriter()
    writer.reserve("a", shape: [3])
    _ = try writer.begin(folder.path("parts"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
  }
}
