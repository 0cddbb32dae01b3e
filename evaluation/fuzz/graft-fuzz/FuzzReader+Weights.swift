import Checkpoints
import DenseMath
import Files
import TestSupport

extension FuzzReader {
  /// The readers of weight files, which are in memory.
  static func weights() throws -> [FuzzReader] {
    let fixtures = "Tests/CheckpointsTests/Fixtures/"
    func torch(_ name: String, _ files: [String]) throws -> FuzzReader {
      FuzzReader(name: name, seeds: try files.map { try seed(fixtures + "torch/" + $0) }) {
        try readAll(TorchFile(MappedFile("/x", content: $0)))
      }
    }
    let pickles = [
      Pickle.dict([
        ("a", Pickle.tensor(shape: [2, 2], strides: [2, 1])), ("b", Pickle.tensor(shape: [2, 2], strides: [1, 2])),
        ("c", Pickle.tensor(shape: [3], strides: [1], offset: 1)),
      ]),
      Pickle.dict([
        ("state_dict", Array(Pickle.dict([("a", Pickle.tensor(shape: [4], strides: [1]))])[2...].dropLast()))
      ]),
    ]
    return [
      FuzzReader(
        name: "safetensors",
        seeds: [
          try seed(fixtures + "torch/expected.safetensors"), try seed(fixtures + "tensorflow/expected.safetensors"),
        ]
      ) { try readAll(SafetensorsFile(MappedFile("/x", content: $0))) },
      try torch("torch-zip", ["module.bin", "wrapped.bin", "zip.bin", "zip-protocol-5.bin"]),
      try torch("torch-legacy", ["stream.bin"]),
      // With a checksum that is right again, so that the damage reaches the reader of pickles.
      FuzzReader(name: "torch-pickle", seeds: pickles) {
        try readAll(TorchFile(MappedFile("/x", content: Pickle.archive($0))))
      },
    ] + (try tensorFlow(fixtures + "tensorflow/bert_model.ckpt"))
  }

  private static func tensorFlow(_ prefix: String) throws -> [FuzzReader] {
    var files: [String: [UInt8]] = [:]
    for part in [".index", ".data-00000-of-00001"] { files["/x" + part] = try seed(prefix + part) }
    func read(_ files: [String: [UInt8]]) throws {
      try readAll(
        TensorFlowCheckpoint(prefix: "/x") { path in
          guard let content = files[path] else { throw FileError.missing(path: path) }
          return MappedFile(path, content: content)
        })
    }
    let table = TableBytes([
      ("bert/a/bias", TableBytes.variable([1, 2], shape: [2], offset: 0)),
      ("bert/b/kernel", TableBytes.variable([3, 4, 5, 6], shape: [2, 2], offset: 8)),
    ])
    // The whole data file of a model is larger than a seed may be.
    let numbers = littleEndian([Float(1), 2, 3, 4, 5, 6])
    return [
      FuzzReader(name: "tensorflow-index", seeds: [try seed(prefix + ".index")]) { damaged in
        try read(files.merging(["/x.index": damaged]) { $1 })
      },
      FuzzReader(name: "tensorflow-data", seeds: [numbers]) { damaged in
        try read(["/x.index": table.file, "/x.data-00000-of-00001": damaged])
      },
      // With checksums that are right again, so that the damage reaches what reads the entries.
      FuzzReader(name: "tensorflow-table", seeds: [table.block]) { damaged in
        var table = table
        table.change = { $0 = damaged }
        try read(["/x.index": table.file, "/x.data-00000-of-00001": numbers])
      },
    ]
  }

  /// Reads every tensor in every way, and all of its bytes.
  private static func readAll(_ source: some TensorSource) throws {
    for name in source.names {
      try attempt { _ = try source.integers(name) }
      try attempt { _ = try source.doubles(name) }
      try attempt {
        let tensor = try source.floats(name)
        _ = tensor.firstNonFinite()
        _ = tensor.values.reduce(0, +)
      }
      guard let content = try source.content(of: name), let entry = source.entry(named: name) else {
        throw FuzzError.wrongResult("\(name) is listed and has no content")
      }
      guard content.bytes.count == entry.byteCount else {
        throw FuzzError.wrongResult("\(name) has \(content.bytes.count) bytes, not \(entry.byteCount)")
      }
    }
  }
}
