/// Stored tensors that a model does not need, by name. The pattern is a name in which a part `N` stands for any decimal
/// number: `h.N.attn.bias` matches `h.0.attn.bias` and `h.11.attn.bias`, nothing else.
package struct WeightPattern: Sendable {
  private let part: WeightReader.Part
  private let components: [[UInt8]]

  /// Names of the body, given without the checkpoint's prefix.
  package static func body(_ pattern: String) -> WeightPattern { WeightPattern(part: .body, pattern) }

  /// Names beside the body.
  package static func head(_ pattern: String) -> WeightPattern { WeightPattern(part: .head, pattern) }

  private init(part: WeightReader.Part, _ pattern: String) {
    self.part = part
    components = Self.components(pattern.utf8[...])
  }

  /// Whether a stored name is meant, in a checkpoint whose body has `prefix`.
  func matches(_ name: String, prefix: String) -> Bool {
    var rest = name.utf8[...]
    if part == .body {
      guard rest.starts(with: prefix.utf8) else { return false }
      rest = rest.dropFirst(prefix.utf8.count)
    }
    let found = Self.components(rest)
    return found.count == components.count
      && zip(components, found).allSatisfy { pattern, component in
        pattern == Array("N".utf8) ? Self.isNumber(component) : pattern == component
      }
  }

  private static func components(_ name: Substring.UTF8View) -> [[UInt8]] {
    name.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).map(Array.init)
  }

  private static func isNumber(_ component: [UInt8]) -> Bool {
    !component.isEmpty && component.allSatisfy { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
  }
}

/// Spellings of checkpoints converted from TensorFlow, by the last two parts of the name.
enum LegacyName {
  private static let spellings = [
    (canonical: ["LayerNorm", "weight"], legacy: ["LayerNorm", "gamma"]),
    (canonical: ["LayerNorm", "bias"], legacy: ["LayerNorm", "beta"]),
  ]

  /// The name that Hugging Face has now for a tensor that may be stored under another.
  static func canonical(of name: String) -> String {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard let spelling = spellings.first(where: { parts.suffix(2).elementsEqual($0.legacy) }) else { return name }
    return (parts.dropLast(2) + spelling.canonical).joined(separator: ".")
  }

  /// Other names under which the same tensor may be stored.
  static func of(_ name: String) -> [String] {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    return spellings.filter { parts.suffix(2).elementsEqual($0.canonical) }.map {
      (parts.dropLast(2) + $0.legacy).joined(separator: ".")
    }
  }
}
