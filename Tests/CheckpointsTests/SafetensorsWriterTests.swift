import Checkpoints
import DenseMath
import Files
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
