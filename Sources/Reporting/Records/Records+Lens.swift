import Files

extension Records {
  /// The cells of the lens over texts, from the object of `graft lens`.
  package init(lens object: JSON) {
    let followed = ["truth", "target", "versus"]
    let columns =
      [
        "text", "id", "level", "layer", "tuned", "position", "token", "top_token", "top_id", "top_logit",
        "top_probability",
      ]
      + ["entropy", "kl_to_final", "final_rank", "agrees"]
      + followed.flatMap { name in ["logit", "logprob", "rank"].map { "\(name)_\($0)" } }
    var rows: [[JSON]] = []
    for (text, result) in object.at("results").elements.enumerated() {
      let tokens = result.at("tokens").elements
      for level in result.at("levels").elements {
        for cell in level.at("places").elements {
          let position = cell.at("position")
          let top = cell.at("top").elements.first ?? .null
          var row: [JSON] = [.integer(text), result.at("id"), level.at("level"), level.at("layer")]
          row += [level.at("tuned"), position]
          row.append(Self.element(tokens, at: position))
          row += [top.at("token"), top.at("id"), top.at("logit"), top.at("probability")]
          row += [cell.at("entropy"), cell.at("kl_to_final"), cell.at("final_rank"), cell.at("agrees")]
          row += followed.flatMap { name in ["logit", "logprob", "rank"].map { cell.at(name, $0) } }
          rows.append(row)
        }
      }
    }
    self.init(columns: columns, rows: rows)
  }

  /// The parts of logits, from the object of `graft lens --attribute`.
  package init(logitParts object: JSON) {
    var rows: [[JSON]] = []
    for (text, result) in object.at("results").elements.enumerated() {
      for attribution in result.at("attributions").elements {
        for part in attribution.at("parts").elements {
          rows.append(
            [.integer(text), result.at("id"), attribution.at("position"), attribution.at("target", "token")]
              + [
                attribution.at("versus", "token"), part.at("name"), part.at("kind"), part.at("layer"), part.at("head"),
              ]
              + [part.at("value")])
        }
      }
    }
    self.init(
      columns: ["text", "id", "position", "target", "versus", "part", "kind", "layer", "head", "value"], rows: rows)
  }

  /// The cells of sweeps, from the object of `graft lens --patch-sweep` or `--ablate-sweep`.
  package init(sweeps object: JSON) {
    var rows: [[JSON]] = []
    let isOfHeads = object.at("options", "kind") == "heads"
    for (text, result) in object.at("results").elements.enumerated() {
      let (tokens, others) = (result.at("tokens").elements, result.at("from_tokens").elements)
      for level in result.at("levels").elements {
        let relative = level.at("relative_effects").elements
        for (place, effect) in level.at("effects").elements.enumerated() {
          let index = JSON.integer(place)
          rows.append([
            .integer(text), level.at("site"), isOfHeads ? .null : index,
            isOfHeads ? .null : Self.element(tokens, at: index), isOfHeads ? .null : Self.element(others, at: index),
            isOfHeads ? index : .null, effect, Self.element(relative, at: index),
            Self.element(level.at("logit_differences").elements, at: index), result.at("logit_difference"),
            result.at("from_logit_difference"),
          ])
        }
      }
    }
    self.init(
      columns: [
        "text", "site", "position", "token", "from_token", "head", "effect", "relative_effect", "logit_difference",
        "text_logit_difference", "from_logit_difference",
      ], rows: rows)
  }

  static func element(_ values: [JSON], at index: JSON) -> JSON {
    guard case .integer(let place) = index, values.indices.contains(place) else { return .null }
    return values[place]
  }
}
