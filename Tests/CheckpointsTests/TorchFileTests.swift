import Checkpoints
import Files
import TestSupport
import Testing

/// Files of torch.save hold the same bits as safetensors of the same tensors.
@Suite struct TorchFileTests {
  private let expected: SafetensorsFile

  init() throws { expected = try SafetensorsFile(FixtureFiles.path("torch/expected.safetensors")) }

  @Test(arguments: ["zip.bin", "stream.bin", "zip-protocol-5.bin"])
  func holdsTheSameBits(name: String) throws {
    let file = try TorchFile(FixtureFiles.path("torch/" + name))
    #expect(file.names == expected.names)
    #expect(file.names.count == 29)
    for name in expected.names {
      let (found, bits) = (try TensorBits(name, of: file), try TensorBits(name, of: expected))
      #expect(found != nil && found == bits, "\(name)")
    }
  }

  @Test func readsNumbersOfEveryKind() throws {
    let file = try TorchFile(FixtureFiles.path("torch/zip.bin"))
    for name in ["matrix", "transposed", "half.turned", "bfloat", "double", "cube", "scalar", "empty"] {
      #expect(try file.floats(name).values == expected.floats(name).values, "\(name)")
      #expect(try file.doubles(name).values == expected.doubles(name).values, "\(name)")
    }
    for name in ["position_ids", "int", "short", "char", "byte", "bool", "unsigned"] {
      #expect(try file.integers(name).values == expected.integers(name).values, "\(name)")
    }
    #expect(try file.integers("int").values == [1, 3, -2, -4])
    #expect(throws: CheckpointError.wrongShape(path: file.path, tensor: "matrix", expected: [7, 5], found: [5, 7])) {
      try file.floats("matrix", shape: [7, 5])
    }
  }

  /// A tensor in C order is used where it lies, once for all that share it.
  @Test func usesTheMappedFile() throws {
    let file = try TorchFile(FixtureFiles.path("torch/zip.bin"))
    let one = try file.floats("shared.one")
    #expect(try one.pointer == file.floats("shared.two").pointer)
    #expect(try one.pointer == file.floats("shared.one").pointer)
    #expect(try file.floats("shared.turned").pointer != one.pointer)
    #expect(try file.floats("flat.second").pointer == file.floats("flat.first").pointer + 12)
  }

  @Test(arguments: [
    ("module.bin", ["x_half", "x_matrix", "x_position_ids", "x_shared_one", "x_shared_two", "x_transposed"]),
    ("wrapped.bin", ["half", "matrix", "position_ids", "shared.one", "shared.two", "transposed"]),
  ])
  func findsTheStateDict(name: String, names: [String]) throws {
    let file = try TorchFile(FixtureFiles.path("torch/" + name))
    #expect(file.names == names)
    let matrix = names[1]
    #expect(try file.floats(matrix).values == expected.floats("matrix").values)
  }

  @Test func opensShards() throws {
    let folder = try CheckpointFolder()
    let shards = ["pytorch_model-00001-of-00002.bin", "pytorch_model-00002-of-00002.bin"]
    for name in shards + ["pytorch_model.bin.index.json"] {
      try folder.folder.write(FixtureFiles.bytes("torch-shards/" + name), to: name)
    }
    let checkpoint = try folder.open()
    #expect(checkpoint.weightsPath == folder.folder.path("pytorch_model.bin.index.json"))
    #expect(checkpoint.entries.map(\.name) == expected.names)
    for name in ["matrix", "transposed", "half", "double"] {
      #expect(try checkpoint.floats(name).values == expected.floats(name).values)
    }
    let digest = Digest()
    for name in shards { digest.update("\(try Digest.ofFile(folder.folder.path(name)))  \(name)\n") }
    #expect(try checkpoint.sha256() == digest.finish())
    #expect(checkpoint.path(holding: "matrix") == folder.folder.path(shards[0]))
  }

  @Test func comesAfterSafetensors() throws {
    let folder = try CheckpointFolder()
    try folder.folder.write(FixtureFiles.bytes("torch/wrapped.bin"), to: "pytorch_model.bin")
    let checkpoint = try folder.open()
    #expect(checkpoint.weightsPath == folder.folder.path("pytorch_model.bin"))
    #expect(try checkpoint.sha256() == Digest.ofFile(folder.folder.path("pytorch_model.bin")))
    try folder.write(["a": 1], to: "model.safetensors")
    #expect(try folder.open().entries.map(\.name) == ["a"])
  }
}
