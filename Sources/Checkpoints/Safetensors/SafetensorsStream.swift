import Files

/// A safetensors file whose reserved tensors are filled piece by piece, so that no tensor is in memory as a whole. It
/// appears when it is complete.
package final class SafetensorsStream {
  private let file: OutputFile
  /// Where the numbers of each reserved tensor begin, and how many bytes it has.
  private let places: [String: (start: Int, byteCount: Int)]
  private var missing: Int

  init(_ file: OutputFile, places: [String: (start: Int, byteCount: Int)]) {
    (self.file, self.places) = (file, places)
    missing = places.values.reduce(0) { $0 + $1.byteCount }
  }

  /// Writes numbers of a reserved tensor. Each is written once.
  /// - Parameter offset: the place of the first in the tensor, in bytes.
  /// - Throws: `FileError`.
  package func write(_ bytes: UnsafeRawBufferPointer, to name: String, at offset: Int) throws {
    guard let place = places[name], offset >= 0, offset + bytes.count <= place.byteCount else {
      preconditionFailure("\(bytes.count) bytes at \(offset) of \(name)")
    }
    try file.write(bytes, at: place.start + offset)
    missing -= bytes.count
  }

  /// Renames the file into place.
  /// - Throws: `FileError`.
  package func commit() throws {
    precondition(missing == 0, "\(missing) bytes of \(file.path) are missing")
    try file.commit()
  }
}
