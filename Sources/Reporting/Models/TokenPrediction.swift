import Evaluation
import Files
import Tokenization
import Transformer

/// What was predicted for one text.
package struct TokenPrediction {
  private enum Outcome {
    case places([PredictedPlace])
    case continuation(Generation, positions: Int)
  }

  private let text: String
  private let tokens: EncodedText
  private let outcome: Outcome
  private let tokenizer: Tokenizer

  /// The most probable tokens at some places of the text.
  package init(_ text: String, _ tokens: EncodedText, _ places: [PredictedPlace], tokenizer: Tokenizer) {
    (self.text, self.tokens, outcome, self.tokenizer) = (text, tokens, .places(places), tokenizer)
  }

  /// A continuation of the text.
  /// - Parameter positions: the model's.
  package init(_ text: String, _ tokens: EncodedText, _ generation: Generation, positions: Int, tokenizer: Tokenizer) {
    (self.text, self.tokens, self.tokenizer) = (text, tokens, tokenizer)
    outcome = .continuation(generation, positions: positions)
  }

  package func text(_ style: Style) -> String {
    let cut = tokens.truncated ? style.painted("(the text was truncated)", .faint) + "\n" : ""
    switch outcome {
    case .places: return cut + tables.text(style)
    case .continuation(let generation, let positions):
      var lines = style.painted(text, .faint) + tokenizer.decode(generation.ids) + "\n"
      switch generation.stop {
      case .count: break
      case .endOfText: lines += style.painted("(the model ended the text)", .faint) + "\n"
      case .positions:
        lines += style.painted("(stopped: the text fills the model's \(positions) positions)", .faint) + "\n"
      }
      return cut + lines
    }
  }

  /// One per place; none for a continuation.
  package var tables: [Table] {
    guard case .places(let places) = outcome else { return [] }
    return places.map(table)
  }

  private func table(_ place: PredictedPlace) -> Table {
    var table = Table(
      caption: "\(text.shortened(to: 100))  (token \(place.position))",
      columns: [
        Table.Column("token"), Table.Column("probability", .trailing), Table.Column("logit", .trailing),
        Table.Column("id", .trailing),
      ])
    for (rank, item) in place.items.enumerated() {
      table.append([
        Table.Cell(tokenizer.display(item.id), rank == 0 ? .strong : .plain), .number(item.probability, decimals: 4),
        .number(Double(item.logit), decimals: 2, .faint), .count(Int(item.id), .faint),
      ])
    }
    return table
  }
}

extension TokenPrediction: Encodable {
  package func encode(to encoder: any Encoder) throws {
    try encoder.encode(["text": text, "tokens": tokens.ids.count, "truncated": tokens.truncated])
    switch outcome {
    case .places(let places): try encoder.encode(["places": places.map(json)])
    case .continuation(let generation, _):
      let continuation: JSONMembers = [
        "ids": generation.ids, "stop": generation.stop.rawValue, "text": tokenizer.decode(generation.ids),
      ]
      try encoder.encode(["continuation": continuation])
    }
  }

  private func json(_ place: PredictedPlace) -> JSONMembers {
    let top = place.items.map { item -> JSONMembers in
      ["id": item.id, "token": tokenizer.token(item.id) ?? "", "logit": item.logit, "probability": item.probability]
    }
    return ["position": place.position, "top": top]
  }
}
