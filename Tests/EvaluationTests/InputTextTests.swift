import Evaluation
import Files
import TestSupport
import Testing

@Suite struct InputTextTests {
  private func file(_ text: String) throws -> (folder: TemporaryFolder, path: String) {
    let folder = try TemporaryFolder()
    try OutputFile.write(text, to: folder.path("texts"))
    return (folder, folder.path("texts"))
  }

  /// A line ends at \n and nowhere else.
  @Test func readsLines() throws {
    let (folder, path) = try file("a film\r\n\nthe last\u{2028}one")
    let texts = try InputText.lines(of: path)
    #expect(texts.map(\.string) == ["a film\r", "", "the last\u{2028}one"])
    #expect(texts.map(\.source) == (1...3).map { "\(path), line \($0)" })
    _ = folder
  }

  @Test func readsObjects() throws {
    let (folder, path) = try file(
      "{\"id\": \"x\", \"text\": \"a film\", \"target\": \"good\"}\n{\"id\": \"y\", \"text\": \"b\", \"more\": 1}\n")
    let texts = try InputText.objects(of: path)
    #expect(texts.map(\.string) == ["a film", "b"] && texts.map(\.id) == ["x", "y"])
    #expect(texts.map(\.target) == ["good", nil])
    _ = folder
  }

  @Test func refusesWhatHoldsNoText() throws {
    let (folder, path) = try file("")
    #expect(throws: EvaluationError.noText(source: path)) { try InputText.lines(of: path) }
    #expect(throws: EvaluationError.noText(source: path)) { try InputText.objects(of: path) }
    #expect(throws: FileError.missing(path: path + ".none")) { try InputText.lines(of: path + ".none") }
    let twice = try file("{\"id\": \"x\", \"text\": \"a\"}\n{\"id\": \"x\", \"text\": \"b\"}\n")
    #expect { try InputText.objects(of: twice.path) } throws: { "\($0)".contains("an id of its own") }
    _ = (folder, twice.folder)
  }
}
