import Files
import Foundation
import TestSupport
import Testing

@Suite struct InterruptionTests {
  /// Of some 13 batches.
  private static let evaluate = [
    "evaluate", "imdb-bert-1-sentiment", "--dataset", ShortRun.reviews, "--limit", "400", "--max-length", "64", "-t",
    "1",
  ]

  /// Runs a command and signals it as soon as something holds, at the latest when it ends by itself.
  private func signalled(
    _ number: Int32, _ arguments: [String], when isTime: () throws -> Bool
  ) throws -> GraftRun {
    let folder = try TemporaryFolder()
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try #require(GraftProcess.executable))
    process.arguments = arguments
    process.environment = GraftProcess.environment()
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle(forWritingAtPath: try folder.write("", to: "output"))
    process.standardError = FileHandle(forWritingAtPath: try folder.write("", to: "error"))
    try process.run()
    while process.isRunning, try !isTime() { usleep(500) }
    kill(process.processIdentifier, number)
    process.waitUntilExit()
    return GraftRun(
      status: process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus,
      outputBytes: try folder.bytes("output"),
      error: String(decoding: try folder.bytes("error"), as: UTF8.self))
  }

  private func size(_ path: String) -> Int {
    (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0
  }

  private func names(_ folder: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
  }

  private func shell(_ command: String) throws -> Int32 {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", command]
    process.environment = GraftProcess.environment()
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return process.terminationStatus
  }

  /// The command of the message, pasted into a shell, ends with the bytes of a run that was never stopped.
  @Test(arguments: [(SIGINT, Int32(130), "interrupted"), (SIGTERM, 143, "terminated"), (SIGHUP, 129, "hung up")])
  func theMessageSaysHowToResume(number: Int32, status: Int32, word: String) throws {
    let folder = try TemporaryFolder()
    let (whole, parts) = (folder.path + "/whole", folder.path + "/it's in parts")
    #expect(try GraftProcess.run(Self.evaluate + ["-o", whole]).status == 0)
    let run = try signalled(number, Self.evaluate + ["-o", parts]) { size(parts + "/journal") > 0 }
    #expect(run.status == status)
    #expect(run.output == "")
    let start = "graft: \(word): what is finished is kept in \(parts); to resume: "
    let message = try #require(run.error.split(separator: "\n").last)
    #expect(message.hasPrefix(start) && message.hasSuffix(" --resume"), "\(run.error)")
    #expect(names(parts) == ["journal", "run.json"])
    #expect(try shell(String(message.dropFirst(start.count))) == 0)
    #expect(try ShortRun.contents(parts) == ShortRun.contents(whole))
  }

  @Test func anAtlasIsContinuedByTheSameCommand() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/atlas.sqlite"
    let arguments = ["atlas", "build", "imdb-bert-1", "-o", path, "-t", "2"]
    let run = try signalled(SIGINT, arguments + ["--progress-interval", "0.01"]) { size(path) > 100_000 }
    #expect(run.status == 130)
    // A progress line may be on its way when the message is written.
    #expect(
      run.error.contains(
        "what is finished is kept in \(path); to resume: \(try #require(GraftProcess.executable)) "
          + arguments.joined(separator: " ") + " --progress-interval 0.01\n"))
    let again = try GraftProcess.run(arguments + ["--json"]).json()
    #expect(try again["done"].int() == again["parts"].int())
  }

  /// The states of frozen blocks are written while they are computed.
  @Test func nothingHalfWrittenIsLeft() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/tuned"
    let run = try signalled(
      SIGTERM,
      [
        "finetune", "imdb-bert-1", "--dataset", ShortRun.reviews, "--limit", "300", "--max-length", "64", "--unfreeze",
        "1",
        "--epochs", "2", "-o", path, "-t", "1",
      ]
    ) { names(path).contains { $0.hasPrefix("frozen-") } }
    #expect(run.status == 143)
    #expect(names(path) == ["journal", "run.json"])
    #expect(run.error.contains("to resume: "))
  }

  @Test func withoutAFolderNothingIsWritten() throws {
    let folder = try TemporaryFolder()
    let picture = folder.path + "/picture.svg"
    let text = String(repeating: "a film that nobody should have to sit through twice ", count: 11)
    let start = ContinuousClock.now
    let run = try signalled(
      SIGINT, ["attribute", "imdb-bert-1", "--text", text, "--exact", "--svg", picture, "-t", "1"]
    ) { ContinuousClock.now - start > .milliseconds(700) }
    #expect(run.status == 130)
    #expect(run.error == "graft: interrupted: nothing was written\n")
    #expect(names(folder.path) == [])
  }

  @Test func aSignalThatIsIgnoredStaysIgnored() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/run"
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments =
      ["-c", "trap '' INT; exec \"$0\" \"$@\"", try #require(GraftProcess.executable)] + Self.evaluate + [
        "-o", path,
      ]
    process.environment = GraftProcess.environment()
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    while process.isRunning, size(path + "/journal") == 0 { usleep(500) }
    kill(process.processIdentifier, SIGINT)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    #expect(names(path) == ["predictions.jsonl", "results.json", "run.json"])
  }

  /// Standard error is a pipe that is full: the process ends all the same.
  @Test func aReaderThatDoesNotReadDoesNotKeepTheProcess() throws {
    let pipe = Pipe()
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try #require(GraftProcess.executable))
    process.arguments = Self.evaluate + ["--progress-interval", "0.001"]
    process.environment = GraftProcess.environment()
    process.standardOutput = FileHandle.nullDevice
    process.standardError = pipe
    // Almost full from the start.
    let descriptor = pipe.fileHandleForWriting.fileDescriptor
    let flags = fcntl(descriptor, F_GETFL)
    _ = fcntl(descriptor, F_SETFL, flags | O_NONBLOCK)
    var byte: UInt8 = 32
    while write(descriptor, &byte, 1) == 1 {}
    _ = fcntl(descriptor, F_SETFL, flags)
    try process.run()
    usleep(500_000)
    #expect(process.isRunning)
    kill(process.processIdentifier, SIGTERM)
    process.waitUntilExit()
    #expect(process.terminationStatus == 143)
  }
}
