import Files
import Testing
import Tokenization

/// Random settings around a small vocabulary, against the ids of transformers
/// (evaluation/tokenizer_settings_fixtures.py).
@Suite struct SettingsVariantsTests {
  private static func folder(_ files: JSONNode) throws -> TemporaryFolder {
    let folder = try TemporaryFolder([String: String]())
    for member in try files.members() {
      let value = member.key == "tokenizer.json" ? try withModel(member.value) : member.value
      try folder.write(member.key, Array(value.serialized().utf8))
    }
    let isBERT = try files["config.json"]["model_type"].string() == "bert"
    if files["tokenizer.json"].value == nil {
      for name in isBERT ? ["vocab.txt"] : ["vocab.json", "merges.txt"] {
        try folder.write(name, Fixture.bytes(Fixture.path("small", name)))
      }
    }
    return folder
  }

  /// A tokenizer.json with the vocabulary that the fixture leaves out.
  private static func withModel(_ file: JSON) throws -> JSON {
    guard case .object(let members) = file, case .object(let model)? = file["model"] else { return file }
    let isBPE = file["model"]?["type"] == "BPE"
    let vocabulary = try isBPE ? JSONNode.read(Fixture.path("small", "vocab.json")).value ?? .null : words()
    var parts = model + [JSON.Member("vocab", vocabulary)]
    if isBPE {
      parts.append(
        JSON.Member(
          "merges", try JSONNode.read(Fixture.path("small", "tokenizer-gpt2.json"))["model"]["merges"].value ?? .null))
    }
    return .object(members.filter { $0.key != "model" } + [JSON.Member("model", .object(parts))])
  }

  private static func words() throws -> JSON {
    let text = String(decoding: try Fixture.bytes(Fixture.path("small", "vocab.txt")), as: UTF8.self)
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
    return .object(lines.enumerated().map { JSON.Member(String($1), .integer($0)) })
  }

  @Test func idsOfEveryVariant() throws {
    let file = try JSONNode.read(Fixture.path("settings-variants.json"))
    let texts = try file["texts"].array().map { try $0.string() }
    let variants = try file["variants"].array()
    try #require(variants.count == 100 && texts.count == 20)
    for (index, variant) in variants.enumerated() {
      let folder = try Self.folder(variant["files"])
      let type = try variant["files"]["config.json"]["model_type"].string()
      let tokenizer = try Tokenizer.load(directory: folder.path, modelType: type)
      for (text, expected) in zip(texts, try variant["ids"].array()) {
        let ids = try tokenizer.encodeIDs(text)
        #expect(
          ids.map { Int($0) } == (try Fixture.integers(expected)),
          "variant \(index), \(text.debugDescription), \(variant["files"]["tokenizer_config.json"].value?.serialized() ?? "")"
        )
      }
    }
  }
}
