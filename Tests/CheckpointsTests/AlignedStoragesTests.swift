import Checkpoints
import Files
import TestSupport
import Testing

/// The older container may put Float32 numbers at any byte; they are read as if they stood at a multiple of 4.
@Suite struct AlignedStoragesTests {
  /// More than a chunk, so that the second storage begins within the second chunk.
  private static let count = 600_000

  /// A file of two tensors whose numbers stand `offset` bytes later than without.
  private static func file(offset: Int, first: [Float], second: [Float] = [1, -2, 0.5]) -> [UInt8] {
    func tensor(_ key: String, _ count: Int) -> [UInt8] {
      Pickle.tensor(shape: [count], strides: [1], key: key, count: count)
    }
    let name = "w" + String(repeating: "x", count: offset)
    return Pickle.stream(
      Pickle.dict([(name, tensor("0", first.count)), ("b", tensor("1", second.count))]), [("0", first), ("1", second)])
  }

  @Test(arguments: 0..<4)
  func alignsNumbersTogether(offset: Int) throws {
    let numbers = (0..<Self.count).map { Float($0) * 0.25 - 1000 }
    let file = try TorchFile(MappedFile("/x", content: Self.file(offset: offset, first: numbers)))
    let first = try file.floats("w" + String(repeating: "x", count: offset))
    let second = try file.floats("b")
    for tensor in [first, second] { #expect(Int(bitPattern: tensor.pointer) % 4 == 0) }
    #expect(first.values == numbers)
    #expect(second.values == [1, -2, 0.5])
    // In the file, or in one copy of it, 8 bytes stand between the two.
    #expect(second.pointer - first.pointer == Self.count + 2)
    #expect(try file.floats("b").pointer == second.pointer)
    // The bytes alone need no copy of the others.
    #expect(try file.content(of: "b")?.bytes == littleEndian([Float(1), -2, 0.5]))
  }

  @Test(arguments: 0..<4)
  func findsNumbersThatAreNotFinite(offset: Int) throws {
    var numbers = [Float](repeating: 1, count: Self.count)
    numbers[Self.count - 1] = .infinity
    let folder = try CheckpointFolder()
    let path = try folder.folder.write(Self.file(offset: offset, first: numbers), to: "pytorch_model.bin")
    let name = "w" + String(repeating: "x", count: offset)
    var reader = try WeightReader(folder.open(), anchor: name)
    #expect(
      throws: CheckpointError.notFinite(path: path, tensor: name, index: Self.count - 1, value: .infinity)
    ) { try reader.take(name, shape: [Self.count]) }
    // It shares a chunk with the infinite one.
    #expect(try reader.take("b", shape: [3]).values == [1, -2, 0.5])
  }

  /// A tensor of another type between two of Float32 moves what follows it.
  @Test func readsStoragesThatAreDifferentlyOdd() throws {
    let half = Pickle.tensor(shape: [1], strides: [1], key: "1", count: 1, storage: "HalfStorage")
    for offset in 0..<4 {
      func tensor(_ key: String) -> [UInt8] { Pickle.tensor(shape: [2], strides: [1], key: key, count: 2) }
      let pickle = Pickle.dict([
        ("w" + String(repeating: "x", count: offset), tensor("0")), ("h", half), ("b", tensor("2")),
      ])
      var bytes = Pickle.stream(pickle, [("0", [1, 2]), ("1", [3]), ("2", [4, 5])])
      // The half in the middle takes 2 of the 4 bytes: 0x3C00 is 1.
      let half = bytes.count - 8 - 8 - 4
      bytes.replaceSubrange(half..<half + 4, with: [0x00, 0x3C])
      let file = try TorchFile(MappedFile("/x", content: bytes))
      #expect(try file.names.sorted().map { try file.floats($0).values } == [[4, 5], [1], [1, 2]])
    }
  }
}
