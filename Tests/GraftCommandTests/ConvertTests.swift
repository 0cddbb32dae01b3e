import Files
import Foundation
import TestSupport
import Testing

/// `graft convert`, and checkpoints that are not safetensors through other commands.
@Suite struct ConvertTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private static func fixture(_ name: String) -> String { "\(Repository.path)/Tests/CheckpointsTests/Fixtures/\(name)" }

  private func run(_ arguments: String...) throws -> GraftRun {
    try GraftProcess.run(arguments, directory: folder.path)
  }

  @Test(arguments: ["imdb-bert-1", "imdb-gpt2-narrow-sentiment"])
  func aCopyIsTheSameModel(_ model: String) throws {
    let converted = try run("convert", model, "-o", "copy", "--json").json()
    #expect(try converted["tensors"].int() > 20)
    let text = ["--text", "a [MASK] film", "-o", "states.safetensors", "--json"]
    let states = try [model, "copy"].map { name in
      _ = try GraftProcess.run(["forward", name] + text, directory: folder.path).json()
      return try folder.bytes("states.safetensors")
    }
    #expect(states[0] == states[1])
    let again = try run("convert", "copy", "-o", "second")
    #expect(again.status == 0)
    #expect(try folder.bytes("copy/model.safetensors") == folder.bytes("second/model.safetensors"))
  }

  @Test func refusesToWriteIntoTheModelItself() throws {
    _ = try run("convert", "imdb-bert-1", "-o", "copy")
    let bytes = try folder.bytes("copy/model.safetensors")
    let refused = try run("convert", "copy", "-o", "./copy/")
    #expect(refused.status == 1 && refused.error.contains("give another path"), "\(refused.error)")
    #expect(try folder.bytes("copy/model.safetensors") == bytes)
  }
}
