import Evaluation
import Files

/// What `finetune` prints.
package struct FineTuneSummary {
  private let object: JSON
  private let directory: String

  package init(_ object: JSON, directory: String) {
    self.object = object
    self.directory = directory
  }

  package func text(_ style: Style) -> String {
    tables.text(style) + "\n" + LabelOrder.lines(of: object, style) + "written to \(directory)\n"
  }

  /// One line per epoch, or per run.
  package var tables: [Table] {
    let isSeveral = object["runs"] != nil
    guard case .array(let rows)? = object[isSeveral ? "runs" : "epochs"] else { return [] }
    var table = Table(columns: [
      Table.Column(isSeveral ? "seed" : "epoch", .trailing), Table.Column("accuracy", .trailing),
      Table.Column("95%", .trailing), Table.Column("loss", .trailing),
    ])
    for (index, row) in rows.enumerated() {
      let node = JSONNode(row, path: directory + "/results.json")
      let interval = (try? node["ci95"].array().map { try $0.double() }) ?? []
      let name = isSeveral ? (try? node["seed"].int()) ?? 0 : index + 1
      table.append([
        .count(name), .number(try? node["accuracy"].double(), decimals: 3),
        .interval(interval.first, interval.last, decimals: 3), .number(try? node["loss"].double(), decimals: 4),
      ])
    }
    return [table]
  }
}
