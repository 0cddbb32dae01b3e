import Files
import Foundation
import TestSupport
import Testing
import Transformer

/// docs/settings.md lists every key of the code's tables, and no other.
@Suite struct SettingsPageTests {
  private static func page() throws -> SettingsPage {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().path
    return SettingsPage(try String(contentsOfFile: root + "/docs/settings.md", encoding: .utf8))
  }

  private func expectSame(_ rows: [SettingsPage.Row], _ expected: [SettingsPage.Row], _ section: String) {
    #expect(Set(rows.map(\.key)).count == rows.count, "\(section): a key twice")
    for row in expected {
      #expect(rows.first { $0.key == row.key }?.treatment == row.treatment, "\(section): \(row.key)")
    }
    let known = Set(expected.map(\.key))
    #expect(rows.map(\.key).filter { !known.contains($0) } == [], "\(section): keys that no table has")
  }

  @Test func configuration() throws {
    let (bert, gpt2) = (SettingsKeys.bert, SettingsKeys.gpt2)
    let keys = bert.entries.map(\.key) + gpt2.entries.map(\.key).filter { bert.treatment(of: $0) == nil }
    let expected = keys.map { key in
      let titles = [bert, gpt2].map { $0.treatment(of: key)?.title }
      let both = titles[0].flatMap { bert in titles[1].map { bert == $0 ? $0 : "BERT: \(bert); GPT-2: \($0)" } }
      return SettingsPage.Row(key: key, treatment: both ?? titles.compactMap { $0 }.joined())
    }
    let graft = SettingsKeys.graft.entries.map {
      SettingsPage.Row(key: "graft." + $0.key, treatment: $0.treatment.title)
    }
    expectSame(try Self.page().rows(of: "config.json"), expected + graft, "config.json")
  }

  @Test func generation() throws {
    let expected = SettingsKeys.generation.entries.map { SettingsPage.Row(key: $0.key, treatment: $0.treatment.title) }
    expectSame(try Self.page().rows(of: "generation_config.json"), expected, "generation_config.json")
  }

  @Test(arguments: [SettingsKeys.bert, SettingsKeys.gpt2, SettingsKeys.graft, SettingsKeys.generation])
  func everyKeyOnce(_ keys: SettingsKeys) {
    #expect(Set(keys.entries.map(\.key)).count == keys.entries.count)
  }
}
