import Files
import Foundation
import TestSupport
import Testing
import Tokenization

/// docs/settings.md lists every key of the tokenizer's files, and no other.
@Suite struct TokenizerPageTests {
  @Test(arguments: [TokenizerKeys.config, TokenizerKeys.specialTokensMap, TokenizerKeys.addedTokens])
  func tablesAreThoseOfTheCode(_ keys: SettingsKeys) throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().path
    let page = SettingsPage(try String(contentsOfFile: root + "/docs/settings.md", encoding: .utf8))
    let rows = page.rows(of: keys.file)
    let expected = keys.entries.map { SettingsPage.Row(key: $0.key, treatment: $0.treatment.title) }
    #expect(!rows.isEmpty && Set(rows.map(\.key)).count == rows.count)
    for row in expected { #expect(rows.first { $0.key == row.key } == row, "\(row.key)") }
    let known = Set(keys.entries.map(\.key))
    #expect(rows.map(\.key).filter { !known.contains($0) } == [])
    #expect(Set(keys.entries.map(\.key)).count == keys.entries.count)
  }

  /// Each value of a refused key that changes nothing is read, and any other is refused by name.
  @Test func refusedKeys() throws {
    for entry in TokenizerKeys.config.entries {
      guard case .refused(let values) = entry.treatment else { continue }
      func load(_ value: JSON) throws -> Tokenizer {
        let config = JSON.object([JSON.Member(entry.key, value)]).serialized()
        let folder = try TemporaryFolder(["vocab.txt": LoadingTests.words, "tokenizer_config.json": config])
        return try Tokenizer.load(directory: folder.path, modelType: "bert")
      }
      for value in values + [.null] { #expect(try load(value).encodeIDs("film") == [2, 5, 3], "\(entry.key)") }
      let error = #expect(throws: SettingsError.self, "\(entry.key)") { try load(["unsupported": 1]) }
      #expect(error?.description.contains(entry.key) == true)
    }
  }

  /// No value of a harmless key changes ids, and none is warned about.
  @Test func harmlessKeys() throws {
    for entry in TokenizerKeys.config.entries where entry.treatment == .harmless {
      let config = JSON.object([JSON.Member(entry.key, "left")]).serialized()
      let folder = try TemporaryFolder(["vocab.txt": LoadingTests.words, "tokenizer_config.json": config])
      let tokenizer = try Tokenizer.load(directory: folder.path, modelType: "bert")
      #expect(try tokenizer.encodeIDs("Café films") == [2, 8, 5, 6, 3] && tokenizer.warnings.isEmpty, "\(entry.key)")
    }
  }
}
