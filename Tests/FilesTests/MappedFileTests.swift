import Files
import Foundation
import TestSupport
import Testing

@Suite struct MappedFileTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func mapsTheBytes() throws {
    let path = try folder.write([1, 2, 3], to: "a")
    let file = try MappedFile(path)
    #expect(file.path == path)
    #expect(withExtendedLifetime(file) { Array(file.bytes) } == [1, 2, 3])
  }

  @Test func mapsAnEmptyFile() throws {
    #expect(try MappedFile(folder.write("", to: "a")).bytes.isEmpty)
  }

  @Test func readsAgainWhatWasReleased() throws {
    let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 4) }
    let file = try MappedFile(folder.write(bytes, to: "a"))
    #expect(file.isMapped && file.bytes.elementsEqual(bytes))
    for part in [0..<0, 7..<9, 1000..<90_000, 0..<100_000] {
      file.release(UnsafeRawBufferPointer(rebasing: file.bytes[part]))
      #expect(file.bytes.elementsEqual(bytes))
    }
    #expect(!MappedFile("b", content: bytes).isMapped)
  }

  @Test func refusesWhatIsNoFile() throws {
    #expect(throws: FileError.missing(path: folder.path("none"))) { try MappedFile(folder.path("none")) }
    #expect(
      throws: FileError.malformed(
        path: folder.path, location: "", expected: "a regular file", found: "something else")
    ) { try MappedFile(folder.path) }
    let pipe = folder.path("pipe")
    try #require(mkfifo(pipe, 0o600) == 0)
    #expect(throws: FileError.self) { try MappedFile(pipe) }
  }
}

@Suite struct ExactKeyTests {
  @Test func tellsCanonicallyEquivalentTextsApart() {
    #expect(ExactKey("\u{E9}") != ExactKey("e\u{301}"))
    #expect(ExactKey("a") == ExactKey("a"))
    #expect(Set([ExactKey("\u{E9}"), ExactKey("e\u{301}"), ExactKey("e\u{301}")]).count == 2)
  }
}
