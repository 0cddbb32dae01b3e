import Tokenization

/// A target of attention. The kinds of token partition a text, and so do the relative positions: a comma that follows
/// is punctuation and the next token.
package enum AttentionTarget: String, CaseIterable, Sendable {
  /// [CLS] and [SEP], in RoBERTa <s> and </s>.
  case cls, sep
  /// The first token of a causal model's text.
  case first
  /// Punctuation and symbols, as BERT's tokenizer splits them off: no letter, digit or space.
  case punctuation
  /// Any other token.
  case other
  /// The token itself, the one before and the one after.
  case itself, previous, next

  /// The targets of a model.
  package static func all(isCausal: Bool) -> [AttentionTarget] {
    isCausal
      ? [.first, .punctuation, .other, .itself, .previous]
      : [.cls, .sep, .punctuation, .other, .itself, .previous, .next]
  }

  /// Values of targets, by name.
  package static func members<Value>(_ targets: [AttentionTarget], _ values: [Value]) -> [String: Value] {
    Dictionary(uniqueKeysWithValues: zip(targets.map(\.rawValue), values))
  }

  /// The kind of each token of a text: cls, sep, first, punctuation or other.
  package static func kinds(of ids: [Int32], _ tokenizer: Tokenizer, isCausal: Bool) -> [AttentionTarget] {
    let special = tokenizer.specialTokens
    return ids.enumerated().map { place, id in
      if isCausal { return place == 0 ? .first : isPunctuation(tokenizer.display(id)) ? .punctuation : .other }
      if id == special.cls { return .cls }
      if id == special.sep { return .sep }
      return isPunctuation(tokenizer.display(id)) ? .punctuation : .other
    }
  }

  /// Of a token as it is displayed: with `␣` for a space and, for WordPiece, `##` before a continuation.
  private static func isPunctuation(_ token: String) -> Bool {
    var scalars = token.unicodeScalars.drop { $0 == "␣" }
    if scalars.starts(with: "##".unicodeScalars), scalars.count > 2 { scalars = scalars.dropFirst(2) }
    return !scalars.isEmpty
      && scalars.allSatisfy { scalar in
        switch scalar.properties.generalCategory {
        case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
          .finalPunctuation, .otherPunctuation:
          return true
        case .mathSymbol, .currencySymbol, .modifierSymbol: return scalar.isASCII
        default: return false
        }
      }
  }
}
