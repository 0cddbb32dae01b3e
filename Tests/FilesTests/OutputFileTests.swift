import Files
import Foundation
import TestSupport
import Testing

@Suite struct OutputFileTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func appearsOnlyWhenCommitted() throws {
    let file = try OutputFile(folder.path("a"))
    try file.write("new")
    let names = try folder.names()
    #expect(names.count == 1 && names[0].hasPrefix("a.") && names[0].hasSuffix(".partial"))
    try file.commit()
    #expect(try folder.names() == ["a"])
    #expect(try folder.bytes("a") == Array("new".utf8))
  }

  @Test func leavesTheOldFileWhenAbandoned() throws {
    try folder.write("old", to: "a")
    do {
      let file = try OutputFile(folder.path("a"))
      try file.write("new")
    }
    #expect(try folder.names() == ["a"])
    #expect(try folder.bytes("a") == Array("old".utf8))
    try OutputFile.write("newer", to: folder.path("a"))
    #expect(try folder.bytes("a") == Array("newer".utf8))
  }

  @Test func keepsTheOrderOfSmallAndLargeWrites() throws {
    let pieces: [[UInt8]] = [10, 70_000, 0, 65_536, 1, 65_535, 200_000].enumerated().map { index, size in
      (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ index) }
    }
    let file = try OutputFile(folder.path("a"))
    for piece in pieces { try piece.withUnsafeBytes { try file.write($0) } }
    try file.commit()
    #expect(try folder.bytes("a") == pieces.flatMap { $0 })
  }

  @Test func severalFilesAppearTogetherOrNotAtAll() throws {
    let old = try folder.write("old", to: "a")
    #expect(throws: FileError.self) {
      try OutputFile.write([([1, 2], to: old), ([3], to: folder.path("none/b"))])
    }
    #expect(try folder.names() == ["a"] && folder.bytes("a") == Array("old".utf8))
    try OutputFile.write([([1, 2], to: old), ([3], to: folder.path("b"))])
    #expect(try folder.bytes("a") == [1, 2] && folder.bytes("b") == [3])
  }

  @Test func namesAFolderThatIsMissing() {
    let path = folder.path("none/a")
    #expect(throws: FileError.system(path: path, action: "create", reason: "its folder does not exist")) {
      try OutputFile(path)
    }
  }

  @Test func leavesNothingBehindWhenTheNameIsTaken() throws {
    let file = try OutputFile(folder.path("a"))
    try folder.write("x", to: "a/inside")
    #expect(throws: FileError.self) { try file.commit() }
    #expect(try folder.names() == ["a"])
    #expect(try folder.bytes("a/inside") == Array("x".utf8))
  }

  @Test func reportsAFullDiskAndLosesNothing() async {
    // The limit holds for a whole process, so the test has one of its own.
    await #expect(processExitsWith: .success) {
      let folder = try TemporaryFolder()
      try folder.write("old", to: "a")
      signal(SIGXFSZ, SIG_IGN)
      var limit = rlimit()
      try #require(getrlimit(fileSizeLimit, &limit) == 0)
      limit.rlim_cur = 100_000
      try #require(setrlimit(fileSizeLimit, &limit) == 0)
      for size in [150_000, 400_000] {
        let error = #expect(throws: FileError.self) {
          let file = try OutputFile(folder.path("a"))
          for _ in 0..<size / 10_000 { try file.write(String(repeating: "x", count: 10_000)) }
          try file.commit()
        }
        guard case .system(let path, "write", let reason)? = error else { throw Unexpected() }
        try #require(path == folder.path("a"))
        try #require(reason.hasSuffix("free some space or choose another place"))
        try #require(try folder.names() == ["a"])
        try #require(try folder.bytes("a") == Array("old".utf8))
      }
    }
  }
}

#if canImport(Glibc)
  private let fileSizeLimit = __rlimit_resource_t(RLIMIT_FSIZE.rawValue)
#else
  private let fileSizeLimit = RLIMIT_FSIZE
#endif
