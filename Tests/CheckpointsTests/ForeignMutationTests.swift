import Checkpoints
import Files
import TestSupport
import Testing

/// Damaged files of torch.save and TensorFlow open and read, or throw a typed error; nothing may trap.
@Suite struct ForeignMutationTests {
  /// Opens and reads the whole directory; gives whether nothing was refused.
  private func reads(_ folder: CheckpointFolder) throws -> Bool {
    do {
      let checkpoint = try folder.open()
      for entry in checkpoint.entries { _ = try? checkpoint.floats(entry.name) }
      for entry in checkpoint.entries { _ = try checkpoint.content(of: entry.name) }
      return true
    } catch let error as CheckpointError {
      #expect(error.description.contains(folder.path))
    } catch let error as FileError {
      #expect(error.description.contains(folder.path))
    }
    return false
  }

  private func mutate(_ name: String, in folder: CheckpointFolder, cases: Int, seed: UInt64) throws {
    let whole = try folder.folder.bytes(name)
    #expect(try reads(folder))
    var mutator = Mutator(seed: seed)
    var refused = 0
    for _ in 0..<cases {
      try folder.folder.write(mutator.damaged(whole), to: name)
      if try !reads(folder) { refused += 1 }
    }
    #expect(refused > cases / 3)
    #expect(refused < cases)
  }

  @Test(
    arguments: [("torch/module.bin", 21), ("torch/stream.bin", 22), ("torch/zip-protocol-5.bin", 23)]
      as [(String, UInt64)])
  func damagedTorchFiles(name: String, seed: UInt64) throws {
    let folder = try CheckpointFolder()
    try folder.folder.write(FixtureFiles.bytes(name), to: "pytorch_model.bin")
    try mutate("pytorch_model.bin", in: folder, cases: 20_000, seed: seed)
  }

  /// Damage to the pickle alone, with a checksum that is right again, so that it reaches the pickle reader.
  @Test func damagedPickles() throws {
    let folder = try CheckpointFolder()
    let tensors = [
      ("a", Pickle.tensor(shape: [2, 2], strides: [2, 1])), ("b", Pickle.tensor(shape: [2, 2], strides: [1, 2])),
      ("c", Pickle.tensor(shape: [3], strides: [1], offset: 1)),
    ]
    let pickle = Pickle.dict(tensors)
    var mutator = Mutator(seed: 24)
    var refused = 0
    for _ in 0..<20_000 {
      try folder.folder.write(Pickle.archive(mutator.damaged(pickle)), to: "pytorch_model.bin")
      if try !reads(folder) { refused += 1 }
    }
    #expect(refused > 7_000)
    #expect(refused < 20_000)
  }

  @Test(arguments: [("bert_model.ckpt.index", 25), ("bert_model.ckpt.data-00000-of-00001", 26)] as [(String, UInt64)])
  func damagedTensorFlowFiles(name: String, seed: UInt64) throws {
    let folder = try CheckpointFolder()
    for part in ["bert_model.ckpt.index", "bert_model.ckpt.data-00000-of-00001"] {
      try folder.folder.write(FixtureFiles.bytes("tensorflow/" + part), to: part)
    }
    try mutate(name, in: folder, cases: 10_000, seed: seed)
  }

  /// Damage to a table's entries alone, with checksums that are right again, so that it reaches what reads them.
  @Test func damagedTables() throws {
    let folder = try CheckpointFolder()
    try folder.folder.write(littleEndian([Float(1), 2, 3, 4, 5, 6]), to: "x.data-00000-of-00001")
    var (mutator, refused) = (Mutator(seed: 27), 0)
    var table = TableBytes([
      ("bert/a/bias", TableBytes.variable([1, 2], shape: [2], offset: 0)),
      ("bert/b/kernel", TableBytes.variable([3, 4, 5, 6], shape: [2, 2], offset: 8)),
    ])
    for _ in 0..<20_000 {
      var next = mutator
      table.change = { $0 = next.damaged($0) }
      try folder.folder.write(table.file, to: "x.index")
      mutator = next
      if try !reads(folder) { refused += 1 }
    }
    #expect(refused > 7_000)
    #expect(refused < 20_000)
  }
}
