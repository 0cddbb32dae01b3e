import Files
import Testing

@Suite struct SettingsKeysTests {
  private static let keys =
    SettingsKeys(
      file: "config.json",
      [.init("hidden_size", .honoured), .init("torch_dtype", .harmless)])
    + [.init("is_decoder", .refused(unless: [false])), .init("auto_map", .refused(unless: []))]

  private static func check(_ text: String, except: Set<String> = []) throws -> [String] {
    try keys.check(JSONNode(try JSON.parse(text, path: "config.json"), path: "config.json"), except: except)
  }

  @Test func namesKeysThatNobodyReads() throws {
    #expect(try Self.check(#"{"b": 1, "hidden_size": 3, "torch_dtype": 9, "a": null}"#) == ["b", "a"])
  }

  @Test func refusesOtherValuesByName() throws {
    #expect(try Self.check(#"{"is_decoder": false, "auto_map": null}"#).isEmpty)
    #expect(
      throws: SettingsError.unsupported(path: "config.json", key: "is_decoder", found: "true", supported: ["false"])
    ) {
      try Self.check(#"{"is_decoder": true}"#)
    }
    #expect(
      throws: SettingsError.unsupported(path: "config.json", key: "auto_map", found: "an object of 0", supported: [])
    ) {
      try Self.check(#"{"auto_map": {}}"#)
    }
  }

  @Test func leavesOutWhatTheResultDoesNotDependOn() throws {
    #expect(try Self.check(#"{"is_decoder": true}"#, except: ["is_decoder"]).isEmpty)
  }
}
