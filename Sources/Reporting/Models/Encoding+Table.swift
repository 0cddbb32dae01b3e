import Tokenization

extension Encoding {
  /// One line per token.
  package func table(of text: String, _ tokenizer: Tokenizer) -> Table {
    var table = Table(
      caption: "\(ids.count.counted("token")): \(text.shortened(to: 100))",
      columns: [
        Table.Column("position", .trailing), Table.Column("id", .trailing), Table.Column("token"),
        Table.Column("bytes"),
      ])
    for (position, id) in ids.enumerated() {
      let range = offsets[position]
      table.append([
        .count(position, .faint), .count(Int(id)), Table.Cell(tokenizer.display(id), .strong),
        Table.Cell(range == 0..<0 ? "" : "\(range.lowerBound)–\(range.upperBound)", .faint),
      ])
    }
    return table
  }
}

extension Encoding: Encodable {
  public func encode(to encoder: any Encoder) throws {
    try encoder.encode(["ids": ids, "tokens": tokens, "offsets": offsets.map { [$0.lowerBound, $0.upperBound] }])
  }
}
