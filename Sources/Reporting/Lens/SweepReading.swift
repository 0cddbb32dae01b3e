import Evaluation
import Files
import Interpretability
import Tokenization
import Transformer

/// A sweep over one text, with its words.
package struct SweepReading {
  package let sweep: SiteSweep
  let text: String
  let ids: [Int32]
  /// The text that states are taken from, and its tokens; nil for an ablation.
  let source: (text: String, ids: [Int32])?
  let target: Int32
  let versus: Int32
  let tokenizer: Tokenizer

  package init(
    _ sweep: SiteSweep, text: String, ids: [Int32], source: (text: String, ids: [Int32])?, target: Int32, versus: Int32,
    tokenizer: Tokenizer
  ) {
    (self.sweep, self.text, self.ids, self.source) = (sweep, text, ids, source)
    (self.target, self.versus, self.tokenizer) = (target, versus, tokenizer)
  }

  /// "logit of ␣good minus ␣bad at token 6 (␣is)"
  var measure: String {
    let places = sweep.positions.map { "\($0) (\(tokenizer.display(ids[$0])))" }
    return "logit of \(tokenizer.display(target)) minus \(tokenizer.display(versus)) at "
      + (places.count == 1 ? "token " : "tokens ") + places.joined(separator: ", ")
  }

  /// The names of the columns: heads, or the tokens, with the other text's where it has another one.
  var columns: [String] {
    guard sweep.kind != .heads else { return (0..<sweep.columns).map { "H\($0)" } }
    return ids.indices.map { place in
      let own = tokenizer.display(ids[place])
      guard let other = source?.ids[place], other != ids[place] else { return own }
      return "\(own)←\(tokenizer.display(other))"
    }
  }
}

extension SweepReading: Encodable {
  package func encode(to encoder: any Encoder) throws {
    func token(_ id: Int32) -> JSONMembers { ["id": id, "token": tokenizer.token(id) ?? ""] }
    func tokens(_ ids: [Int32]) -> [String] { ids.map { tokenizer.token($0) ?? "" } }
    let effects = sweep.effects
    let relative = sweep.relativeEffects
    let levels = sweep.sites.indices.map { row -> JSONMembers in
      [
        "effects": effects[row], "logit_differences": sweep.differences[row], "site": "\(sweep.sites[row])",
        "relative_effects": Absent(wrappedValue: relative?[row]),
      ]
    }
    try encoder.encode([
      "from": Absent(wrappedValue: source?.text), "from_ids": Absent(wrappedValue: source?.ids),
      "from_logit_difference": Absent(wrappedValue: sweep.sourceDifference),
      "from_tokens": Absent(wrappedValue: source.map { tokens($0.ids) }), "ids": ids, "levels": levels,
      "logit_difference": sweep.difference, "positions": sweep.positions, "target": token(target), "text": text,
      "tokens": tokens(ids), "versus": token(versus),
    ])
  }
}
