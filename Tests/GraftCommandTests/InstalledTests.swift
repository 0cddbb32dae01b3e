import Files
import Foundation
import TestSupport
import Testing

/// The command outside of the package that it was built from, as `make install` lays it out.
@Suite struct InstalledTests {
  let prefix: TemporaryFolder
  let command: String

  init() throws {
    prefix = try TemporaryFolder()
    command = prefix.path("bin/graft")
    let manager = FileManager.default
    try manager.createDirectory(atPath: prefix.path("bin"), withIntermediateDirectories: true)
    try manager.copyItem(atPath: try #require(GraftProcess.executable), toPath: command)
  }

  private func models() throws -> [String] {
    try GraftProcess.run(["models", "--json"], installed: command).json()["models"].array().map {
      try $0["folder"].string()
    }
  }

  @Test func findsItsModelsInShare() throws {
    try FileManager.default.createDirectory(
      atPath: prefix.path("share/graft/models"), withIntermediateDirectories: true)
    for name in ["imdb-bert-1", "imdb-gpt2-wide"] {
      try FileManager.default.createSymbolicLink(
        atPath: prefix.path("share/graft/models/" + name), withDestinationPath: Repository.model(name))
    }
    let folders = ["imdb-bert-1", "imdb-gpt2-wide"].map { prefix.path("share/graft/models/" + $0) }
    #expect(try models().map { URL(fileURLWithPath: $0).lastPathComponent } == ["imdb-bert-1", "imdb-gpt2-wide"])
    for (found, folder) in zip(try models(), folders) {
      #expect(
        URL(fileURLWithPath: found).deletingLastPathComponent().resolvingSymlinksInPath()
          == URL(fileURLWithPath: folder).deletingLastPathComponent().resolvingSymlinksInPath())
    }
    let run = try GraftProcess.run(["inspect", "imdb-bert-1"], installed: command)
    #expect(run.status == 0 && run.output.contains("imdb-bert-1"), "\(run.error)")
    // Through a link in a folder of PATH, too.
    try FileManager.default.createSymbolicLink(atPath: prefix.path("graft-link"), withDestinationPath: command)
    #expect(try GraftProcess.run(["inspect", "imdb-gpt2-wide"], installed: prefix.path("graft-link")).status == 0)
    #expect(try GraftProcess.run(["inspect", "imdb-bert-2"], installed: command).status == 1)
  }

  /// `GRAFT_MODELS` comes first.
  @Test func theVariableComesFirst() throws {
    try FileManager.default.createDirectory(
      atPath: prefix.path("share/graft/models"), withIntermediateDirectories: true)
    let run = try GraftProcess.run(
      ["inspect", "imdb-bert-2"], environment: ["GRAFT_MODELS": Repository.path + "/models"], installed: command)
    #expect(run.status == 0, "\(run.error)")
  }
}
