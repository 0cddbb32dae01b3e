import Checkpoints
import Files
import TestSupport
import Testing

/// What a hostile or damaged TensorFlow checkpoint is refused for, by name.
@Suite struct TensorFlowRefusalTests {
  private let folder: TemporaryFolder
  private let numbers: [Float] = [1, 2, 3, 4, 5, 6]

  init() throws { folder = try TemporaryFolder() }

  private func open(_ index: [UInt8]) throws -> TensorFlowCheckpoint {
    try folder.write(index, to: "x.index")
    try folder.write(littleEndian(numbers), to: "x.data-00000-of-00001")
    return try TensorFlowCheckpoint(prefix: folder.path("x"))
  }

  private func refusal(_ index: [UInt8]) throws -> String {
    let error = #expect(throws: CheckpointError.self) {
      let file = try open(index)
      for name in file.names { _ = try file.content(of: name) }
    }
    return error?.description ?? "none"
  }

  private func table(_ change: (inout TableBytes) -> Void) -> [UInt8] {
    var table = TableBytes([
      ("bert/a/bias", TableBytes.variable([1, 2], shape: [2], offset: 0)),
      ("bert/b/kernel", TableBytes.variable([3, 4, 5, 6], shape: [2, 2], offset: 8)),
    ])
    change(&table)
    return table.file
  }

  private func one(_ value: [UInt8], name: String = "bert/a/kernel") throws -> String {
    try refusal(TableBytes([(name, value)]).file)
  }

  @Test func readsWhatTheTestsMake() throws {
    let file = try open(table { _ in })
    #expect(try file.floats("bert.a.bias").values == [1, 2])
    #expect(try file.floats("bert.b.weight").values == [3, 5, 4, 6])
  }

  @Test func refusesABrokenTable() throws {
    #expect(try refusal(table { $0.magic = 7 }).contains("the magic number of a table at the end, found 0x7"))
    #expect(try refusal([1, 2, 3]).contains("a footer of 48 bytes"))
    for (extra, size) in [(1000, "bytes from byte 0"), (Int.max - 400, "bytes from byte 0")] {
      let message = try refusal(table { $0.extraSize = extra })
      #expect(message.contains("within the") && message.contains(size), "\(message)")
    }
    for place in [100_000, Int.max - 10, Int.max, -1] {
      #expect(try refusal(table { $0.indexPlace = place }).contains("expected"))
    }
    #expect(try refusal(table { $0.indexPlace = 100_000 }).contains("the index block within the"))
    var damaged = table { _ in }
    damaged[5] ^= 1
    #expect(try refusal(damaged).contains("the block at byte 0 with its CRC-32C"))
    #expect(try refusal(table { $0.compression = 1 }).contains("with Snappy"))
    #expect(try refusal(table { $0.compression = 9 }).contains("the unknown compression 9"))
    #expect(try refusal(table { $0.entries.swapAt(1, 2) }).contains("keys in order"))
    #expect(try refusal(table { $0.change = { $0[$0.count - 1] = 0xFF } }).contains("restarts within their block"))
    #expect(try refusal(table { $0.change = { $0[0] = 9 } }).contains("an entry of a key and a value"))
  }

  @Test func refusesABrokenHeader() throws {
    let variables = [("bert/a/bias", TableBytes.variable([1, 2], shape: [2], offset: 0))]
    #expect(try refusal(TableBytes(variables, order: 1).file).contains("little-endian"))
    for shards in [0, 100_000, -1] {
      #expect(try refusal(TableBytes(variables, shards: shards).file).contains("the header of a TensorFlow checkpoint"))
    }
    #expect(throws: FileError.missing(path: folder.path("x.data-00000-of-00002"))) {
      try open(TableBytes(variables, shards: 2).file)
    }
    var empty = TableBytes(variables)
    empty.entries = []
    #expect(try refusal(empty.file).contains("the header of a TensorFlow checkpoint, found none"))
  }

  @Test func refusesVariablesThatDoNotFit() throws {
    #expect(try one(TableBytes.variable(numbers, shape: [2, 3], offset: 4)).contains("within the data files"))
    #expect(try one(TableBytes.variable(numbers, shape: [2, 3], offset: .max)).contains("within the data files"))
    #expect(
      try one(TableBytes.variable(numbers, shape: [2, 3], offset: 0, shard: 1)).contains("within the data files"))
    #expect(try one(TableBytes.variable(numbers, shape: [3, 3], offset: 0)).contains("shape [3, 3]"))
    #expect(try one(TableBytes.variable(numbers, shape: [1 << 40, 1 << 40], offset: 0)).contains("the bytes of F32"))
    #expect(
      try one(TableBytes.variable(numbers, shape: [-2, -3], offset: 0)).contains("a variable with type and shape"))
    #expect(
      try one(TableBytes.variable(numbers, shape: [2, 3], offset: -1)).contains("a variable with type and shape"))
    #expect(try one(TableBytes.variable(numbers, shape: [6], offset: 0)).contains("a matrix, found shape [6]"))
    #expect(try one(TableBytes.variable(numbers, shape: [2, 3], offset: 0, sliced: true)).contains("one in slices"))
    #expect(try one(TableBytes.variable(numbers, shape: [2, 3], offset: 0, checksum: 9)).contains("CRC-32C"))
    #expect(try one([0xFF]).contains("a variable with type and shape"))
    let whole = TableBytes.variable(numbers, shape: [2, 3], offset: 0)
    #expect(try refusal(TableBytes([("a", whole), ("b", whole)]).file).contains("share no bytes"))
    let half = [0, 4].map { TableBytes.variable([1], shape: [1], offset: $0) }
    #expect(
      try refusal(TableBytes([("bert/x/beta", half[0]), ("bert/x/bias", half[1])]).file).contains("bert.x.bias again"))
  }

  @Test func refusesOtherKindsOfCheckpoints() throws {
    for (name, expected) in [
      ("tensorflow-sliced/model.ckpt", "(tensor bert/a/kernel): expected a variable in one piece"),
      ("tensorflow-objects", "a checkpoint of objects"),
    ] {
      let error = #expect(throws: CheckpointError.self) {
        try TensorFlowCheckpoint(prefix: FixtureFiles.path(name))
      }
      #expect(error?.description.contains(expected) == true, "\(String(describing: error))")
    }
  }
}
