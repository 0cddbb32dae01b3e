import Files
import Interpretability

extension TunedLensFit {
  private var names: [String] { LensLevel.all(blocks: lens.translators.count).dropLast().map(\.name) }

  /// One object per level, upwards.
  package var levels: [JSONMembers] {
    names.enumerated().map { index, name in
      ["explained_variance": explained[index], "kl_in_last_steps": divergences.map { $0[index] }, "level": name]
    }
  }

  /// One line per level, from the last down.
  package func table(model: String, dataset: String) -> Table {
    var table = Table(
      caption: "\(model): fitted on \(places.counted("token")) of \(dataset)",
      columns: [Table.Column("level"), Table.Column("variance explained", .trailing)]
        + (divergences == nil ? [] : [Table.Column("KL in the last steps", .trailing)]))
    for (index, name) in names.enumerated().reversed() {
      table.append(
        [Table.Cell(name), .number(explained[index], decimals: 3)]
          + (divergences.map { [.number($0[index], decimals: 3)] } ?? []))
    }
    return table
  }
}
