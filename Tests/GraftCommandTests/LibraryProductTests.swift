import Foundation
import TestSupport
import Testing

/// The programs of docs/library.md, in a package of somebody else's that depends on the library product.
@Suite struct LibraryProductTests {
  private struct Program {
    let title: String
    let source: String
    /// What the page says that it prints.
    let output: String
  }

  /// Every swift block of the page, with the heading above it and the block below it.
  private static func programs() throws -> [Program] {
    let page = try String(contentsOfFile: Repository.path + "/docs/library.md", encoding: .utf8)
    return try page.components(separatedBy: "\n## ").dropFirst().map { section in
      let blocks = section.components(separatedBy: "```")
      try #require(blocks.count == 5 && blocks[1].hasPrefix("swift\n") && blocks[3].hasPrefix("\n"), "\(section)")
      return Program(
        title: String(section.prefix { $0 != "\n" }), source: String(blocks[1].dropFirst("swift\n".count)),
        output: String(blocks[3].dropFirst()))
    }
  }

  @Test func programsAreShort() throws {
    let programs = try Self.programs()
    #expect(programs.count == 12)
    for program in programs {
      let lines = program.source.split(separator: "\n")
      #expect(lines.count <= 15 && lines.count { $0.hasPrefix("import ") } <= 3, "\(program.title)")
    }
  }

  @Test func programsPrintWhatThePageSays() throws {
    let programs = try Self.programs()
    let folder = try TemporaryFolder()
    let identity = URL(fileURLWithPath: Repository.path).lastPathComponent
    let targets = programs.indices.map { index in
      ".executableTarget(name: \"program\(index)\", dependencies: [.product(name: \"Graft\", package: \"\(identity)\")])"
    }
    try """
    // swift-tools-version: 6.0
    import PackageDescription
    let package = Package(
      name: "sample", platforms: [.macOS(.v15)],
      dependencies: [.package(path: "\(Repository.path)")],
      targets: [\(targets.joined(separator: ",\n"))])
    """.write(toFile: folder.path("Package.swift"), atomically: true, encoding: .utf8)
    for (index, program) in programs.enumerated() {
      let target = folder.path("Sources/program\(index)")
      try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
      try program.source.write(toFile: target + "/main.swift", atomically: true, encoding: .utf8)
    }
    let built = try Self.run(["swift", "build", "-c", "release", "--package-path", folder.path])
    try #require(built.status == 0, "\(built.output.suffix(3000))")
    let tuned = folder.path("tuned.safetensors")
    let fit = try GraftProcess.run(
      "lens-fit", "imdb-bert-1", "--dataset", Repository.path + "/evaluation/imdb/train.jsonl", "--limit", "20", "-o",
      tuned)
    try #require(fit.status == 0, "\(fit.error)")
    for (index, program) in programs.enumerated() {
      let result = try Self.run([folder.path(".build/release/program\(index)"), tuned])
      #expect(result.status == 0 && result.output == program.output, "\(program.title): \(result.output)")
    }
  }

  /// Runs a command in the folder of the repository.
  private static func run(_ arguments: [String]) throws -> (status: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: Repository.path)
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, text)
  }
}
