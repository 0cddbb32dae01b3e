/// What a model's card, README.md, states in its front matter.
package enum ModelCard {
  /// The licence's identifiers, such as "apache-2.0", joined by commas; nil where none is stated.
  /// - Parameter folder: the model's folder.
  package static func licence(in folder: String) -> String? {
    // A card's front matter is at its start; what is longer is cut.
    guard let bytes = try? CacheFolder.smallFile(folder + "/README.md", limit: 1 << 22) else { return nil }
    return licence(card: String(decoding: bytes.prefix(1 << 16), as: UTF8.self))
  }

  /// The same, from the text of a card.
  package static func licence(card: String) -> String? {
    var lines = card.split(omittingEmptySubsequences: false) { $0.isNewline }.map(trimmed)[...]
    guard lines.first == "---", let end = lines.dropFirst().firstIndex(of: "---") else { return nil }
    lines = lines[..<end].dropFirst()
    guard let start = lines.firstIndex(where: { $0.hasPrefix("license:") }) else { return nil }
    var values = [trimmed(lines[start].dropFirst("license:".count))]
    if values == [""] {
      values = lines[(start + 1)...].prefix { $0.hasPrefix("-") }.map { trimmed($0.dropFirst()) }
    } else if let list = values.first, list.hasPrefix("["), list.hasSuffix("]") {
      values = list.dropFirst().dropLast().split(separator: ",").map(trimmed)
    }
    let names = values.map { HubError.shown($0.filter { $0 != "\"" && $0 != "'" }, limit: 60) }.filter { !$0.isEmpty }
    return names.isEmpty ? nil : names.joined(separator: ", ")
  }

  private static func trimmed(_ text: some StringProtocol) -> String {
    String(text.drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
  }
}
