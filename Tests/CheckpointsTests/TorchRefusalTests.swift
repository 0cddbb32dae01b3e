import Checkpoints
import Files
import TestSupport
import Testing

/// What a hostile or damaged file of torch.save is refused for, by name.
@Suite struct TorchRefusalTests {
  private func open(_ bytes: [UInt8]) throws -> TorchFile { try TorchFile(MappedFile("/x.bin", content: bytes)) }

  /// The message of the error that opening the file, and reading all of it, ends with.
  private func refusal(_ bytes: [UInt8]) throws -> String {
    let error = #expect(throws: CheckpointError.self) {
      let file = try open(bytes)
      for name in file.names { _ = try file.content(of: name) }
    }
    return error?.description ?? "none"
  }

  private let matrix = Pickle.tensor(shape: [2, 2], strides: [2, 1])

  @Test func readsWhatTheTestsMake() throws {
    let file = try open(
      Pickle.archive(
        Pickle.dict([
          ("a", matrix), ("b", Pickle.tensor(shape: [2], strides: [2], offset: 1)),
          ("c", Pickle.tensor(shape: [2, 2], strides: [1, 1])),
        ])))
    #expect(try file.floats("a").values == [1, 2, 3, 4])
    #expect(try file.floats("b").values == [2, 4])
    #expect(try file.floats("c").values == [1, 2, 2, 3])
  }

  @Test(arguments: [
    ("os", "system"), ("posix", "system"), ("builtins", "eval"), ("__builtin__", "exec"), ("subprocess", "Popen"),
    ("torch", "load"), ("torch._utils", "_rebuild_qtensor"), ("torch", "QInt8Storage"),
    ("numpy.core.multiarray", "scalar"),
    ("argparse", "Namespace"), ("collections", "defaultdict"),
  ])
  func refusesEveryOtherName(module: String, name: String) throws {
    let call = Pickle.global(module, name) + Pickle.tuple([Pickle.text("touch /tmp/graft-was-here")]) + Pickle.reduce
    let message = try refusal(Pickle.archive([0x80, 2] + call + [0x2E]))
    #expect(message.contains("found \(module).\(name);") && message.contains("nothing of the file was run"))
    #expect(try refusal(Pickle.archive(Pickle.dict([("a", matrix), ("b", call)]))).contains("\(module).\(name)"))
    // The same name by the operations of protocol 4 and of protocol 0.
    let stacked = Pickle.text(module) + Pickle.text(name) + [0x93] + Pickle.tuple([]) + Pickle.reduce
    #expect(try refusal(Pickle.archive([0x80, 4] + stacked + [0x2E])).contains("\(module).\(name)"))
    let instance = [0x28] + Pickle.text("x") + Array("i\(module)\n\(name)\n.".utf8)
    #expect(try refusal(Pickle.archive(instance)).contains("the operation INST of \(module).\(name)"))
  }

  /// Names that are known are no functions to call with what one likes.
  @Test(
    arguments: [
      (
        Pickle.global("torch", "FloatStorage") + Pickle.tuple([Pickle.int(4)]) + Pickle.reduce,
        "a call of a storage class"
      ),
      (
        Pickle.global("torch._utils", "_rebuild_parameter") + Pickle.tuple([Pickle.int(4)]) + Pickle.reduce,
        "arguments of"
      ),
      (Pickle.global("torch._utils", "_rebuild_tensor_v2") + Pickle.tuple([]) + Pickle.reduce, "arguments of"),
      (Pickle.global("torch", "Size") + [0x7D, 0x62], "BUILD on torch.Size"),
      ([0x28, 0x29, 0x81], "the operation NEWOBJ"), ([0x82, 1], "the operation EXT1"), ([0x50, 0x30, 0x0A], "PERSID"),
      (Pickle.tuple([Pickle.text("module"), Pickle.text("x")]) + [0x51], "a persistent id of another form"),
      ([0x7D], "a dict of tensors"), ([0x4B, 1], "found an integer"), ([0x52], "a value on the stack"),
      ([0x68, 9], "entry 9 of the memo"), ([0x4E, 0x72, 0xFF, 0xFF, 0xFF, 0x7F], "a memo of fewer entries"),
      ([0x58, 0xFF, 0xFF, 0xFF, 0xFF], "a string of at most"), ([0x28], "one value at the end"),
      ([0x80, 9], "protocol 2 to 5"),
    ] as [([UInt8], String)])
  func refusesOtherOperations(operations: [UInt8], expected: String) throws {
    let pickle =
      operations == [0x7D] ? [0x80, 2, 0x7D, 0x28] + Pickle.text("a") + [0x4E, 0x75, 0x2E] : operations + [0x2E]
    let message = try refusal(Pickle.archive(pickle))
    #expect(message.contains(expected), "\(message)")
  }

  @Test(arguments: [
    ([2, 2], [2, 1], 1, "within the storage 0, which has 4"), ([2, 3], [2, 1], 0, "within the storage"),
    ([2, 2], [4, 1], 0, "within the storage"), ([5], [0], 0, "which repeats them"),
    ([1 << 40, 1 << 40], [0, 0], 0, "can be counted"), ([2], [Int.max], 3, "within the storage"),
    ([2, 2], [1], 0, "arguments of"), ([2], [-1], 3, "arguments of"), ([-2], [1], 0, "arguments of"),
    ([2], [1], -1, "arguments of"), ([Int](repeating: 1, count: 17), [Int](repeating: 1, count: 17), 0, "arguments of"),
  ])
  func refusesViewsOutOfTheirStorage(shape: [Int], strides: [Int], offset: Int, expected: String) throws {
    let pickle = Pickle.dict([("a", Pickle.tensor(shape: shape, strides: strides, offset: offset))])
    let message = try refusal(Pickle.archive(pickle))
    #expect(message.contains(expected), "\(message)")
  }

  @Test func refusesStoragesThatAreNotThere() throws {
    func message(_ tensor: [UInt8]) throws -> String { try refusal(Pickle.archive(Pickle.dict([("a", tensor)]))) }
    #expect(try message(Pickle.tensor(shape: [1], strides: [1], key: "7")).contains("the entry data/7, found none"))
    #expect(try message(Pickle.tensor(shape: [1], strides: [1], count: 5)).contains("5 numbers of 4 bytes, found 16"))
    #expect(try message(Pickle.tensor(shape: [1], strides: [1], storage: "DoubleStorage")).contains("found 16 bytes"))
    #expect(try message(Pickle.tensor(shape: [1], strides: [1], key: "../0")).contains("the entry data/../0"))
  }

  /// Views of the same numbers under many names would fill a disk when they are written out.
  @Test func refusesViewsThatTakeManyTimesTheFile() throws {
    var zip = ZipBytes()
    zip.add("a/data/0", [UInt8](repeating: 0, count: 4000))
    let memo = Pickle.tensor(shape: [1000], strides: [1], count: 1000) + [0x71, 0]
    let pairs = [("t", memo)] + (0..<40).map { ("t\($0)", [0x68, 0] as [UInt8]) }
    zip.add("a/data.pkl", Pickle.dict(pairs))
    #expect(try refusal(zip.file).contains("at most 8 times the bytes of their file"))
  }

  @Test(arguments: [
    (ZipBytes.Fault.deflated(size: 4_000_000_000), "with deflate, 16 bytes for 4000000000"),
    (.encrypted, "\"a/data/0\", which is"), (.otherName, "found another name"),
    (.placeOf(0), "\"a/data/0\", found another"), (.beyondTheFile, "the end of the entries before it"),
    (.longer, "the 1016 bytes of the entry"),
  ])
  func refusesZipEntriesThatAreNotStored(fault: ZipBytes.Fault, expected: String) throws {
    var zip = ZipBytes()
    zip.add("a/data.pkl", Pickle.dict([("a", matrix)]))
    zip.add("a/data/0", littleEndian([Float(1), 2, 3, 4]), fault)
    let message = try refusal(zip.file)
    #expect(message.contains(expected), "\(message)")
  }

  /// Each entry's header is right, and the first reaches into the second.
  @Test func refusesEntriesThatOverlap() throws {
    var inner = ZipBytes()
    inner.add("a/data.pkl", Pickle.dict([("a", matrix)]))
    let hidden = Array(inner.file.prefix { _ in true })
    var zip = ZipBytes()
    zip.add("a/data/0", hidden)
    zip.add("a/data.pkl", Pickle.dict([("a", matrix)]))
    var bytes = zip.file
    // The second entry of the directory is sent to the copy of its header inside the first entry.
    let place = littleEndian(UInt32(30 + 8 + hidden.count))
    guard let found = bytes.indices.last(where: { $0 + 4 <= bytes.count && Array(bytes[$0..<$0 + 4]) == place }) else {
      Issue.record("no place of the second entry")
      return
    }
    bytes.replaceSubrange(found..<found + 4, with: littleEndian(UInt32(30 + 8)))
    #expect(try refusal(bytes).contains("entries that do not overlap, found \"a/data/0\" and \"a/data.pkl\""))
  }

  @Test func checksWhatItReads() throws {
    var zip = ZipBytes()
    zip.add("a/data.pkl", Pickle.dict([("a", matrix)]))
    zip.add("a/data/0", littleEndian([Float(1), 2, 3, 4]), .otherChecksum)
    let file = try open(zip.file)
    let error = #expect(throws: CheckpointError.self) { try file.floats("a") }
    #expect(error?.description.contains("CRC-32") == true)
    var pickle = ZipBytes()
    pickle.add("a/data.pkl", Pickle.dict([("a", matrix)]), .otherChecksum)
    #expect(try refusal(pickle.file).contains("a/data.pkl with its CRC-32"))
  }

  @Test func refusesAnEntryTwiceAndAnotherOrder() throws {
    var twice = ZipBytes()
    for _ in 0..<2 { twice.add("a/data.pkl", Pickle.dict([("a", matrix)])) }
    #expect(try refusal(twice.file).contains("\"a/data.pkl\" again"))
    var big = ZipBytes()
    big.add("a/data.pkl", Pickle.dict([("a", matrix)]))
    big.add("a/byteorder", Array("big".utf8))
    #expect(try refusal(big.file).contains("little-endian"))
    var script = ZipBytes()
    script.add("a/data.pkl", Pickle.dict([("a", matrix)]))
    script.add("a/constants.pkl", [])
    #expect(try refusal(script.file).contains("a TorchScript program"))
  }

  @Test func refusesWhatIsNoDictOfTensors() throws {
    let message = try refusal(FixtureFiles.bytes("torch/refused.bin"))
    #expect(message.contains("found an integer under \"epoch\""))
    let twice = Pickle.dict([("a", matrix), ("a", matrix)])
    #expect(try refusal(Pickle.archive(twice)).contains("(tensor a): expected each name once"))
  }

  @Test(arguments: [
    ("version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "git lfs pull"), ("GGUF....", "a GGUF file"),
    ("<!doctype html>", "a web page"), ("", "an empty file"), ("what", "none that is known"),
    ("PK", "the end of a zip file"),
    ("\u{10}\0\0\0\0\0\0\0{              }", "rename it to model.safetensors"),
  ])
  func saysWhatAnotherFileIs(content: String, expected: String) throws {
    let message = try refusal(Array(content.utf8))
    #expect(message.contains(expected), "\(message)")
  }

  @Test func refusesEveryTruncation() throws {
    for name in ["torch/module.bin", "torch/stream.bin"] {
      let whole = try FixtureFiles.bytes(name)
      for length in stride(from: 0, to: whole.count, by: 3) {
        #expect(throws: CheckpointError.self, "\(length) bytes of \(name)") { try open(Array(whole[..<length])) }
      }
    }
  }
}
