import Foundation
import TestSupport
import Testing

/// A package of somebody else's that depends on the library product.
@Suite struct LibraryProductTests {
  @Test func anotherPackageBuildsAgainstGraft() throws {
    let folder = try TemporaryFolder()
    let identity = URL(fileURLWithPath: Repository.path).lastPathComponent
    try FileManager.default.createDirectory(atPath: folder.path("Sources/sample"), withIntermediateDirectories: true)
    try """
    // swift-tools-version: 6.0
    import PackageDescription
    let package = Package(
      name: "sample", platforms: [.macOS(.v15)],
      dependencies: [.package(path: "\(Repository.path)")],
      targets: [.executableTarget(name: "sample", dependencies: [.product(name: "Graft", package: "\(identity)")])])
    """.write(toFile: folder.path("Package.swift"), atomically: true, encoding: .utf8)
    try """
    import Tokenization
    import Transformer

    let directory = CommandLine.arguments[1]
    let model = try Model(directory: directory)
    let tokenizer = try Tokenizer.load(directory: directory, modelType: model.modelType)
    let batch = try PackedBatch([try tokenizer.encodeIDs("a waste of two hours")])
    let logits = try model.classify(batch, workspace: Workspace())[0]
    print(logits[1] > logits[0] ? "positive" : "negative")
    """.write(toFile: folder.path("Sources/sample/main.swift"), atomically: true, encoding: .utf8)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [
      "swift", "run", "--package-path", folder.path, "sample", Repository.model("imdb-bert-1-sentiment"),
    ]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    #expect(text == "negative\n")
  }
}
