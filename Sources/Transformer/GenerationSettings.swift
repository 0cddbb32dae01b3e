import Files
import Foundation

/// A model's settings for generation: generation_config.json, or config.json where there is none, as Hugging Face reads
/// them.
package struct GenerationSettings: Equatable, Sendable {
  /// The file of the settings.
  package let path: String
  /// `eos_token_id`: the tokens that end a text. Ids outside the vocabulary are left out.
  package let endOfText: Set<Int32>
  /// `do_sample`; false where absent.
  package let samples: Bool
  /// `temperature`; nil where absent, and without sampling.
  package let temperature: Double?
  /// `top_k`; nil for the whole vocabulary, and without sampling.
  package let topK: Int?
  /// Keys of generation_config.json that neither Hugging Face nor Graft reads.
  package let unreadKeys: [String]
}

extension GenerationSettings {
  /// - Parameters:
  ///   - config: config.json, with generation_config.json beside it.
  ///   - sampling: whether tokens are sampled; keys that only narrow what is sampled from are refused only then.
  /// - Throws: `SettingsError` for a value that would choose other tokens, `FileError` for one of another type.
  init(_ config: JSONNode, vocabulary: Int, sampling: Bool) throws {
    let own = String(config.path.dropLast("config.json".count)) + "generation_config.json"
    let hasOwn = FileManager.default.fileExists(atPath: own)
    let settings = hasOwn ? try JSONNode.read(own) : config
    path = settings.path
    let unread = try SettingsKeys.generation.check(settings, except: sampling ? [] : SettingsKeys.samplingKeys)
    unreadKeys = hasOwn ? unread : []
    endOfText = Set(try Self.ids(settings["eos_token_id"]).filter { 0..<vocabulary ~= $0 }.map(Int32.init))
    samples = settings["do_sample"].isPresent ? try settings["do_sample"].bool() : false
    temperature = sampling ? try Self.number(settings["temperature"], above: 0) : nil
    topK = sampling ? try Self.count(settings["top_k"]) : nil
  }

  /// One id or a list of at least one; none where absent or null.
  private static func ids(_ node: JSONNode) throws -> [Int] {
    guard node.isPresent else { return [] }
    guard case .array(let values)? = node.value else { return [try node.int()] }
    guard !values.isEmpty else { throw node.wrong("a token id, or a list of at least one") }
    return try node.array().map { try $0.int() }
  }

  private static func number(_ node: JSONNode, above bound: Double) throws -> Double? {
    guard node.isPresent else { return nil }
    let found = try node.double()
    guard found > bound else { throw node.wrong("a number above \(bound)") }
    return found
  }

  /// nil for 0, too, which means all.
  private static func count(_ node: JSONNode) throws -> Int? {
    guard node.isPresent else { return nil }
    let found = try node.int()
    guard found >= 0 else { throw node.wrong("a whole number from 0") }
    return found == 0 ? nil : found
  }
}

extension TransformerModel {
  /// The model's settings for generation.
  /// - Parameter sampling: whether tokens are sampled; settings for sampling are read only then.
  /// - Throws: `SettingsError` for one that would choose other tokens, `FileError` for one of another type,
  ///   `TransformerError.missingHead` without a head over the vocabulary.
  package func generationSettings(sampling: Bool) throws -> GenerationSettings {
    try GenerationSettings(config, vocabulary: requireUnembedding().vocabulary, sampling: sampling)
  }
}
