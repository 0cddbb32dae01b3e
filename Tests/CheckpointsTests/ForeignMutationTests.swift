import Checkpoints
import Files
import TestSupport
import Testing

/// Damaged files of torch.save and TensorFlow open and read, or throw a typed error; nothing may trap. They are read from
/// memory: so many files would keep a disk busy for minutes.
@Suite struct ForeignMutationTests {
  /// Opens a source and reads all of it; gives whether nothing was refused.
  private func reads<Source: TensorSource>(_ open: () throws -> Source) throws -> Bool {
    do {
      let source = try open()
      for name in source.names {
        _ = try? source.floats(name)
        _ = try? source.integers(name)
        _ = try source.content(of: name)
      }
      return true
    } catch let error as CheckpointError {
      #expect(error.description.hasPrefix("/x"))
    } catch let error as FileError {
      #expect(error.description.hasPrefix("/x"))
    }
    return false
  }

  /// Damages a file again and again; some cases must be refused and some must still read.
  private func mutate<Source: TensorSource>(
    _ whole: [UInt8], seed: UInt64, as open: (_ damaged: [UInt8]) throws -> Source
  ) throws {
    #expect(try reads { try open(whole) })
    var mutator = Mutator(seed: seed)
    var refused = 0
    for _ in 0..<20_000 {
      let damaged = mutator.damaged(whole)
      if try !reads({ try open(damaged) }) { refused += 1 }
    }
    #expect(refused > 20_000 / 3)
    #expect(refused < 20_000)
  }

  @Test(
    arguments: [("torch/module.bin", 21), ("torch/stream.bin", 22), ("torch/zip-protocol-5.bin", 23)]
      as [(String, UInt64)])
  func damagedTorchFiles(name: String, seed: UInt64) throws {
    try mutate(FixtureFiles.bytes(name), seed: seed) { try TorchFile(MappedFile("/x", content: $0)) }
  }

  /// Damage to the pickle alone, with a checksum that is right again, so that it reaches the pickle reader.
  @Test func damagedPickles() throws {
    let pickle = Pickle.dict([
      ("a", Pickle.tensor(shape: [2, 2], strides: [2, 1])), ("b", Pickle.tensor(shape: [2, 2], strides: [1, 2])),
      ("c", Pickle.tensor(shape: [3], strides: [1], offset: 1)),
    ])
    try mutate(pickle, seed: 24) { try TorchFile(MappedFile("/x", content: Pickle.archive($0))) }
  }

  @Test(arguments: [(".index", 25), (".data-00000-of-00001", 26)] as [(String, UInt64)])
  func damagedTensorFlowFiles(suffix: String, seed: UInt64) throws {
    let prefix = "tensorflow/bert_model.ckpt"
    var files: [String: [UInt8]] = [:]
    for part in [".index", ".data-00000-of-00001"] { files["/x" + part] = try FixtureFiles.bytes(prefix + part) }
    try mutate(FixtureFiles.bytes(prefix + suffix), seed: seed) { damaged in
      try TensorFlowCheckpoint(prefix: "/x") { path in
        guard let content = path == "/x" + suffix ? damaged : files[path] else { throw FileError.missing(path: path) }
        return MappedFile(path, content: content)
      }
    }
  }

  /// Damage to a table's entries alone, with checksums that are right again, so that it reaches what reads them.
  @Test func damagedTables() throws {
    var table = TableBytes([
      ("bert/a/bias", TableBytes.variable([1, 2], shape: [2], offset: 0)),
      ("bert/b/kernel", TableBytes.variable([3, 4, 5, 6], shape: [2, 2], offset: 8)),
    ])
    try mutate(table.block, seed: 27) { damaged in
      table.change = { $0 = damaged }
      return try TensorFlowCheckpoint(prefix: "/x") { path in
        switch path {
        case "/x.index": MappedFile(path, content: table.file)
        case "/x.data-00000-of-00001": MappedFile(path, content: littleEndian([Float(1), 2, 3, 4, 5, 6]))
        default: throw FileError.missing(path: path)
        }
      }
    }
  }
}
