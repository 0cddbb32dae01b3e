import Files

extension Records {
  /// The shares of tokens in states, or in a decision, from the object of `graft attribute` over texts.
  package init(attribution object: JSON) {
    let isOfStates = object.at("options", "method") == "tokens"
    var rows: [[JSON]] = []
    for (text, result) in object.at("results").elements.enumerated() {
      let tokens = result.at("tokens").elements
      guard isOfStates else {
        for (position, value) in result.at("attributions").elements.enumerated() {
          rows.append(
            [.integer(text), .integer(position), Self.element(tokens, at: .integer(position)), result.at("class")]
              + [result.at("label"), value])
        }
        continue
      }
      let errors = result.at("standard_errors").elements
      for (level, positions) in result.at("contributions").elements.enumerated() {
        for (position, shares) in positions.elements.enumerated() {
          let error = level < errors.count ? Self.element(errors[level].elements, at: .integer(position)) : .null
          for (source, share) in shares.elements.enumerated() {
            rows.append([
              .integer(text), .integer(level), .integer(position), Self.element(tokens, at: .integer(position)),
              .integer(source), Self.element(tokens, at: .integer(source)), share,
              Self.element(error.elements, at: .integer(source)),
            ])
          }
        }
      }
    }
    self.init(
      columns: isOfStates
        ? ["text", "layer", "position", "token", "source", "source_token", "contribution", "standard_error"]
        : ["text", "position", "token", "class", "label", "attribution"], rows: rows)
  }

  /// The scores of layer pairs, from the object of `graft align`.
  package init(alignment object: JSON) {
    let models = object.at("models").elements
    var rows: [[JSON]] = []
    for pair in object.at("pairs").elements {
      let (a, b) = (Self.element(models, at: pair.at("a")), Self.element(models, at: pair.at("b")))
      for group in pair.at("groups").elements {
        let assigned = Set(group.at("assignment").elements.map { $0.serialized() })
        for (layer, scores) in group.at("scores").elements.enumerated() {
          for (other, score) in scores.elements.enumerated() {
            let isAssigned = assigned.contains(JSON.array([.integer(layer), .integer(other)]).serialized())
            rows.append([
              a.at("model"), b.at("model"), group.at("space"), group.at("group"), .integer(layer), .integer(other),
              score,
              .bool(isAssigned),
            ])
          }
        }
      }
    }
    self.init(
      columns: ["a", "b", "space", "group", "a_layer", "b_layer", "score", "assigned"], rows: rows)
  }

  /// Tokens, or pairs of tokens, with their scores, from the object of `graft project`.
  package init(projection object: JSON) {
    if object.at("pairs") != .null {
      self.init(
        columns: ["rank", "row_id", "row_token", "column_id", "column_token", "score"],
        rows: object.at("pairs").elements.enumerated().map { rank, pair in
          [
            .integer(rank + 1), pair.at("row", "id"), pair.at("row", "token"), pair.at("column", "id"),
            pair.at("column", "token"), pair.at("score"),
          ]
        })
    } else if object.at("directions") != .null {
      self.init(
        columns: ["direction", "singular_value", "factor", "end", "rank", "id", "token", "score"],
        rows: object.at("directions").elements.enumerated().flatMap { place, direction in
          ["left", "right"].flatMap { factor in
            Self.ends(direction.at(factor)).map { [.integer(place), direction.at("value"), .string(factor)] + $0 }
          }
        })
    } else {
      let moved = object.at("displacement", "vectors")
      let vectors = (moved == .null ? object.at("vectors") : moved).elements
      self.init(
        columns: ["vector", "group", "norm", "relative_norm", "end", "rank", "id", "token", "score"],
        rows: vectors.flatMap { vector in
          Self.ends(vector).map {
            [vector.at("name"), vector.at("group"), vector.at("norm"), vector.at("relative")] + $0
          }
        })
    }
  }

  /// The highest and lowest tokens of something: end, rank, id, token, score.
  private static func ends(_ value: JSON) -> [[JSON]] {
    ["highest", "lowest"].flatMap { end in
      value.at(end).elements.enumerated().map { rank, item in
        [.string(end), .integer(rank + 1), item.at("id"), item.at("token"), item.at("score")]
      }
    }
  }
}
