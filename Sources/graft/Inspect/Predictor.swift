import Files
import Reporting
import Tokenization
import Transformer

/// Predicts tokens for one text after the other.
struct Predictor {
  let model: any TransformerModel
  let encoder: TextEncoder
  let workspace: Workspace

  private var tokenizer: Tokenizer { encoder.tokenizer }

  /// The most probable tokens for each mask (BERT), or after the last token (GPT-2).
  func top(_ count: Int, _ text: InputText) throws -> TokenPrediction {
    let tokens = try encoder.encode(text.bytes, source: text.source)
    let mask = model.traits.predictsMasked ? try self.mask : nil
    let found = try model.predict(tokens.ids, top: count, mask: mask, workspace: workspace)
    if let mask, found.isEmpty {
      throw CommandError.noMask(text: text.string.shortened(to: 60), mask: tokenizer.token(mask) ?? "[MASK]")
    }
    let places = found.map { place in
      TokenPrediction.Place(
        position: place.position,
        items: place.items.map { item in
          TokenPrediction.Item(item: item, token: tokenizer.token(item.id) ?? "", display: tokenizer.display(item.id))
        })
    }
    return TokenPrediction(text: text.string, tokens: tokens, outcome: .places(places))
  }

  func generate(_ plan: GenerationPlan, _ text: InputText) throws -> TokenPrediction {
    let tokens = try encoder.encode(text.bytes, source: text.source)
    let generation = try model.generate(
      after: tokens.ids, count: plan.count, choosing: plan.choice, endOfText: plan.endOfText, workspace: workspace,
      progress: .command)
    return TokenPrediction(
      text: text.string, tokens: tokens,
      outcome: .continuation(generation, text: tokenizer.decode(generation.ids), positions: model.positions))
  }

  private var mask: Int32 {
    get throws {
      guard let mask = tokenizer.specialTokens.mask else {
        throw CommandError.missingSpecialToken(directory: model.tokenizerDirectory, role: "mask", option: "predict")
      }
      return mask
    }
  }
}

/// What was predicted for one text.
struct TokenPrediction {
  struct Item {
    let item: TokenScores.Item
    let token: String
    let display: String
  }

  /// A place of the text, counted in tokens from 0, and the most probable tokens there.
  struct Place {
    let position: Int
    let items: [Item]
  }

  enum Outcome {
    case places([Place])
    case continuation(Generation, text: String, positions: Int)
  }

  let text: String
  let tokens: TextEncoder.Tokens
  let outcome: Outcome

  func text(_ style: Style) -> String {
    let cut = tokens.truncated ? style.painted("(the text was truncated)", .faint) + "\n" : ""
    switch outcome {
    case .places(let places): return cut + places.map { table($0).text(style) }.joined(separator: "\n")
    case .continuation(let generation, let continuation, let positions):
      var lines = style.painted(text, .faint) + continuation + "\n"
      switch generation.stop {
      case .count: break
      case .endOfText: lines += style.painted("(the model ended the text)", .faint) + "\n"
      case .positions:
        lines += style.painted("(stopped: the text fills the model's \(positions) positions)", .faint) + "\n"
      }
      return cut + lines
    }
  }

  private func table(_ place: Place) -> Table {
    var table = Table(
      caption: "\(text.shortened(to: 100))  (token \(place.position))",
      columns: [
        Table.Column("token"), Table.Column("probability", .trailing), Table.Column("logit", .trailing),
        Table.Column("id", .trailing),
      ])
    for (rank, item) in place.items.enumerated() {
      table.append([
        Table.Cell(item.display, rank == 0 ? .strong : .plain), .number(item.item.probability, decimals: 4),
        .number(Double(item.item.logit), decimals: 2, .faint), .count(Int(item.item.id), .faint),
      ])
    }
    return table
  }
}

extension TokenPrediction: Encodable {
  func encode(to encoder: any Encoder) throws {
    try encoder.encode(["text": text, "tokens": tokens.ids.count, "truncated": tokens.truncated])
    switch outcome {
    case .places(let places): try encoder.encode(["places": places])
    case .continuation(let generation, let text, _):
      let continuation: JSONMembers = ["ids": generation.ids, "stop": generation.stop.rawValue, "text": text]
      try encoder.encode(["continuation": continuation])
    }
  }
}

extension TokenPrediction.Place: Encodable {
  func encode(to encoder: any Encoder) throws {
    let top = items.map { item -> JSONMembers in
      ["id": item.item.id, "token": item.token, "logit": item.item.logit, "probability": item.item.probability]
    }
    try encoder.encode(["position": position, "top": top])
  }
}
