import Files

/// A memory-mapped safetensors file. Opening it checks the whole header; the numbers are read when asked for.
///
/// The file must not be changed or shortened while it, or a tensor from it, is in use: replace it by renaming another
/// over it, as `SafetensorsWriter` does.
package struct SafetensorsFile: TensorSource {
  /// The path the file was opened by.
  package let path: String
  /// The texts under `__metadata__`.
  package let metadata: [String: String]
  /// Where each tensor's numbers begin, in bytes from the start of the file.
  package let tensors: TensorTable<Int>
  private let file: MappedFile

  /// - Throws: `FileError` when the file cannot be mapped or its header is no JSON, `CheckpointError.malformed` when it
  ///   breaks the format: truncated, oversized, overlapping, with gaps, of unknown types, of shapes that do not fit.
  package init(_ path: String) throws { try self.init(MappedFile(path)) }

  /// - Throws: as above, but for the mapping.
  package init(_ file: MappedFile) throws {
    self.file = file
    path = file.path
    let header = try SafetensorsHeader(file.bytes, path: path)
    metadata = header.metadata
    tensors = TensorTable(header.tensors)
  }

  package var files: [MappedFile] { [file] }

  package func numbers(of entry: TensorEntry, at place: Int) throws -> StoredNumbers {
    StoredNumbers(
      bytes: UnsafeRawBufferPointer(rebasing: file.bytes[place..<place + entry.byteCount]), owner: file)
  }
}
