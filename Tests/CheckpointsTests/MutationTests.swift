import Checkpoints
import DenseMath
import Files
import TestSupport
import Testing

/// Damaged files must open and read, or throw one of the two error types; nothing may trap.
@Suite struct MutationTests {
  private let tensors: [String] = ["bert.e.weight", "bert.h.0.LayerNorm.gamma", "cls.bias", "ids", "mask"]

  private func weights() throws -> [UInt8] {
    let folder = try TemporaryFolder()
    var writer = SafetensorsWriter(metadata: ["format": "pt"])
    writer.add(tensors[0], Tensor(shape: [2, 3], [1, 2, 3, 4, 5, 6]))
    writer.add(tensors[1], Tensor(shape: [3], [1, 1, 1]))
    writer.add(tensors[2], shape: [2], doubles: [0.5, -0.5])
    writer.add(tensors[3], shape: [4], integers: [1, -2, 3, 4])
    writer.add(tensors[4], shape: [], integers: [1])
    try writer.write(to: folder.path("a"))
    return try folder.bytes("a")
  }

  /// Reads all tensors; returns whether none was refused.
  private func read(_ folder: CheckpointFolder) throws -> Bool {
    do {
      let checkpoint = try folder.open()
      _ = try checkpoint.sha256()
      _ = try checkpoint.config["hidden_size"].int()
      _ = try checkpoint.config["architectures"].array().map { try $0.string() }
      let file = try checkpoint.entries.first.map { try SafetensorsFile(checkpoint.path(holding: $0.name)) }
      for name in file?.names ?? [] {
        _ = try? file?.integers(name)
        _ = try? file?.doubles(name)
      }
      var reader = try WeightReader(checkpoint, anchor: "e.weight")
      _ = try reader.take("e.weight", shape: [2, 3])
      _ = try reader.take("h.0.LayerNorm.weight", shape: [3])
      _ = try reader.takeIfPresent("cls.bias", .head, shape: [2])
      try reader.finish(ignoring: [.head("ids"), .head("mask")], body: [])
      return true
    } catch let error as CheckpointError {
      #expect(error.description.contains(folder.path))
    } catch let error as FileError {
      #expect(error.description.contains(folder.path))
    }
    return false
  }

  /// Damages the file `name` repeatedly; some cases must be refused and some must still read.
  private func mutate(_ name: String, in folder: CheckpointFolder, cases: Int, seed: UInt64) throws {
    let whole = try folder.folder.bytes(name)
    #expect(try read(folder))
    var mutator = Mutator(seed: seed)
    var refused = 0
    for _ in 0..<cases {
      try folder.folder.write(mutator.damaged(whole), to: name)
      if try !read(folder) { refused += 1 }
    }
    #expect(refused > cases / 3)
    #expect(refused < cases)
  }

  private let config = #"{"hidden_size": 3, "architectures": ["X"], "rate": 1e-12, "inner": {"on": true, "no": null}}"#

  @Test func damagedWeights() throws {
    let folder = try CheckpointFolder(config: config)
    try folder.folder.write(weights(), to: "model.safetensors")
    try mutate("model.safetensors", in: folder, cases: 12_000, seed: 1)
  }

  @Test func damagedIndex() throws {
    let folder = try CheckpointFolder(config: config)
    try folder.folder.write(weights(), to: "1.safetensors")
    try folder.writeIndex(tensors.map { "\"\($0)\": \"1.safetensors\"" }.joined(separator: ", "))
    try mutate("model.safetensors.index.json", in: folder, cases: 4_000, seed: 2)
  }

  @Test func damagedConfig() throws {
    let folder = try CheckpointFolder(config: config)
    try folder.folder.write(weights(), to: "model.safetensors")
    try mutate("config.json", in: folder, cases: 4_000, seed: 3)
  }
}
