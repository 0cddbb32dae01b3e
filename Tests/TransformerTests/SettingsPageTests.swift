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
    var keys: [String] = []
    for family in ModelFamily.all {
      keys += family.settings.entries.map(\.key).filter { !keys.contains($0) }
    }
    let expected = keys.map { key in
      // The families by what each does with the key, in the order of the registry.
      var groups: [(title: String, families: [String])] = []
      for family in ModelFamily.all {
        guard let title = family.settings.treatment(of: key)?.title else { continue }
        if let index = groups.firstIndex(where: { $0.title == title }) {
          groups[index].families.append(family.traits.family)
        } else {
          groups.append((title, [family.traits.family]))
        }
      }
      let treatment =
        groups.count == 1
        ? groups[0].title
        : groups.map { "\($0.families.joined(separator: ", ")): \($0.title)" }.joined(separator: "; ")
      return SettingsPage.Row(key: key, treatment: treatment)
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

  @Test(arguments: ModelFamily.all.map(\.settings) + [SettingsKeys.graft, SettingsKeys.generation])
  func everyKeyOnce(_ keys: SettingsKeys) {
    #expect(Set(keys.entries.map(\.key)).count == keys.entries.count)
  }
}
