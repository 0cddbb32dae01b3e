import Checkpoints
import Foundation

/// The files that torch and TensorFlow wrote; evaluation/checkpoint_fixtures.py.
enum FixtureFiles {
  static func path(_ name: String) -> String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures/" + name).path
  }

  static func bytes(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(fileURLWithPath: path(name))))
  }
}

/// What a tensor holds, so that two are equal only where every bit is.
struct TensorBits: Equatable {
  let type: ElementType
  let shape: [Int]
  let bytes: [UInt8]

  init?(_ name: String, of source: some TensorSource) throws {
    guard let (type, shape, bytes) = try source.content(of: name) else { return nil }
    (self.type, self.shape, self.bytes) = (type, shape, bytes)
  }
}
