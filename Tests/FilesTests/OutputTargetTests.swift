import Files
import Foundation
import TestSupport
import Testing

/// What is at a path keeps its kind; bytes go where it leads, or the path is refused.
@Suite struct OutputTargetTests {
  private let folder: TemporaryFolder
  private let bytes = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }

  init() throws { folder = try TemporaryFolder() }

  private func write(to path: String) throws {
    let file = try OutputFile(path)
    try bytes[..<1000].withUnsafeBytes { try file.write($0) }
    try bytes[1000...].withUnsafeBytes { try file.write($0) }
    try file.commit()
  }

  @Test func goesThroughAPipe() throws {
    let path = folder.path("pipe")
    let reader = try PipeReader(path)
    try OutputFile.check(path)
    try write(to: path)
    #expect(reader.bytes() == bytes)
    #expect(Endpoints.kind(path) == "pipe")
    #expect(try folder.names() == ["pipe"])
  }

  @Test func goesThroughATerminal() throws {
    let terminal = try PseudoTerminal()
    try OutputFile.write("a picture", to: terminal.path)
    #expect(terminal.bytes(9) == Array("a picture".utf8))
    #expect(Endpoints.kind(terminal.path) == "device")
  }

  @Test func saysThatADeviceIsFull() throws {
    let path = try Endpoints.fullDevice(in: folder)
    let error = #expect(throws: FileError.self) { try OutputFile.write("text", to: path) }
    #expect(error?.description.contains(path) == true)
    #expect(error?.description.hasSuffix("free some space or choose another place") == true)
    #expect(Endpoints.kind(path) == "device")
  }

  @Test func saysThatTheReaderWentAway() async {
    // The signal is ignored for a whole process, so the test has one of its own.
    await #expect(processExitsWith: .success) {
      let folder = try TemporaryFolder()
      let path = folder.path("pipe")
      try #require(mkfifo(path, 0o600) == 0)
      signal(SIGPIPE, SIG_IGN)
      let reader = open(path, O_RDONLY | O_NONBLOCK)
      let file = try OutputFile(path)
      close(reader)
      try file.write("text")
      let error = #expect(throws: FileError.self) { try file.commit() }
      try #require(error == .closed(path: path))
      try #require(Endpoints.kind(path) == "pipe")
    }
  }

  @Test(arguments: ["target", "inner/target", "../NAME/target", "ABSOLUTE/target"], [true, false])
  func followsALink(_ destination: String, exists: Bool) throws {
    try folder.write("x", to: "inner/other")
    let name = folder.path.split(separator: "/").last ?? ""
    let text = destination.replacing("ABSOLUTE", with: folder.path).replacing("NAME", with: name)
    let place = destination.hasPrefix("inner") ? "inner/target" : "target"
    if exists { try folder.write("old", to: place) }
    try link("a", to: text)
    try link("inner/b", to: "../a")
    try write(to: folder.path("inner/b"))
    #expect(try folder.bytes(place) == bytes)
    #expect(Endpoints.kind(folder.path(place)) == "file")
    #expect(Endpoints.kind(folder.path("a")) == "link")
    #expect(Endpoints.kind(folder.path("inner/b")) == "link")
    let all = try folder.names() + FileManager.default.contentsOfDirectory(atPath: folder.path("inner"))
    #expect(all.count == 5 && all.allSatisfy { !$0.hasSuffix(".partial") })
  }

  @Test func goesThroughALinkToAPipe() throws {
    let reader = try PipeReader(folder.path("pipe"))
    try link("a", to: "pipe")
    try write(to: folder.path("a"))
    #expect(reader.bytes() == bytes)
    #expect(Endpoints.kind(folder.path("a")) == "link")
    #expect(Endpoints.kind(folder.path("pipe")) == "pipe")
  }

  @Test func refusesALoopOfLinks() throws {
    try link("a", to: "b")
    try link("b", to: "a")
    let path = folder.path("a")
    let reason = String(cString: strerror(ELOOP))
    for write in [OutputFile.check, { try OutputFile.write("x", to: $0) }] {
      #expect(throws: FileError.system(path: path, action: "write", reason: reason)) { try write(path) }
    }
    #expect(try folder.names() == ["a", "b"])
  }

  @Test func refusesASocketAndAFolder() throws {
    let socket = "/tmp/graft-\(UUID().uuidString)"
    defer { unlink(socket) }
    try Endpoints.makeSocket(socket)
    try folder.write("x", to: "folder/inside")
    try link("link", to: "folder")
    let cases = [
      (socket, "a socket"), (folder.path("folder"), "a folder"), (folder.path("folder/"), "a folder"),
      (folder.path("link"), "a folder"), (folder.path("free/"), "the name of a folder"), ("", "an empty name"),
    ]
    for (path, found) in cases {
      let expected = FileError.notWritable(
        path: path, expected: "a file, a pipe or a character device", found: found)
      #expect(throws: expected) { try OutputFile.check(path) }
      #expect(throws: expected) { try OutputFile(path) }
    }
    #expect(Endpoints.kind(socket) == "socket")
    #expect(try folder.names() == ["folder", "link"])
  }

  @Test func writesWhereADescriptorStands() throws {
    try folder.write("before ", to: "log")
    let descriptor = open(folder.path("log"), O_WRONLY | O_APPEND)
    defer { close(descriptor) }
    try OutputFile.write("after", to: "/dev/fd/\(descriptor)")
    try link("a", to: "/dev/fd/\(descriptor)")
    try OutputFile.write(" all", to: folder.path("a"))
    #expect(try folder.bytes("log") == Array("before after all".utf8))
    let readOnly = open(folder.path("log"), O_RDONLY)
    defer { close(readOnly) }
    for path in ["/dev/fd/\(readOnly)", "/dev/fd/999"] {
      let error = FileError.system(path: path, action: "write", reason: String(cString: strerror(EBADF)))
      #expect(throws: error) { try OutputFile.check(path) }
      #expect(throws: error) { try OutputFile(path) }
    }
  }

  @Test func keepsPermissions() throws {
    let path = try folder.write("old", to: "a")
    for mode: mode_t in [0o600, 0o640, 0o755] {
      #expect(chmod(path, mode) == 0)
      try OutputFile.write("new", to: path)
      #expect(try permissions("a") == mode)
    }
    try OutputFile.write("new", to: folder.path("b"))
    let plain = open(folder.path("plain"), O_WRONLY | O_CREAT, 0o666)
    close(plain)
    #expect(try permissions("b") == permissions("plain"))
  }

  @Test func writesANameAsLongAsNamesMayBe() throws {
    let name = String(repeating: "é", count: 127)
    try OutputFile.write("x", to: folder.path(name))
    #expect(try folder.names() == [name])
  }

  @Test func replacesNothingThatCameInTheMeantime() throws {
    let path = folder.path("a")
    let file = try OutputFile(path)
    try file.write("x")
    #expect(mkfifo(path, 0o600) == 0)
    #expect(throws: FileError.self) { try file.commit() }
    #expect(Endpoints.kind(path) == "pipe")
  }

  private func permissions(_ name: String) throws -> mode_t {
    var status = stat()
    #expect(stat(folder.path(name), &status) == 0)
    return status.st_mode & 0o7777
  }

  private func link(_ name: String, to destination: String) throws {
    try #require(symlink(destination, folder.path(name)) == 0)
  }
}

@Suite struct OutputFolderTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func isMadeWithThoseAboveIt() throws {
    for name in ["a/b/c", "d/", "d/e//", "a/../f"] {
      try OutputFolder.check(folder.path(name))
      try OutputFolder.create(folder.path(name))
      #expect(Endpoints.kind(folder.path(name)) == "folder")
      try OutputFolder.create(folder.path(name))
      try OutputFolder.check(folder.path(name))
    }
    #expect(try folder.names() == ["a", "d", "f"])
  }

  @Test func followsALink() throws {
    try folder.write("x", to: "there/inside")
    for (name, destination) in [("one", "there"), ("two", "new/deep"), ("three", folder.path("other/"))] {
      try #require(symlink(destination, folder.path(name)) == 0)
      try OutputFolder.check(folder.path(name))
      try OutputFolder.create(folder.path(name))
      try OutputFile.write("x", to: folder.path(name) + "/file")
      #expect(Endpoints.kind(folder.path(name)) == "link")
    }
    for path in ["there/file", "new/deep/file", "other/file"] { #expect(Endpoints.kind(folder.path(path)) == "file") }
  }

  @Test func refusesWhatIsNoFolder() throws {
    try folder.write("x", to: "file")
    try #require(mkfifo(folder.path("pipe"), 0o600) == 0)
    for name in ["file", "pipe"] {
      let path = folder.path(name)
      let error = FileError.notWritable(path: path, expected: "a folder or a free name", found: "no folder")
      #expect(throws: error) { try OutputFolder.check(path) }
      #expect(throws: error) { try OutputFolder.create(path) }
      #expect(throws: FileError.self) { try OutputFolder.check(path + "/inside") }
      #expect(throws: FileError.self) { try OutputFolder.create(path + "/inside/deep") }
    }
    #expect(try folder.bytes("file") == Array("x".utf8))
    #expect(Endpoints.kind(folder.path("pipe")) == "pipe")
  }
}
