import Evaluation
import Files

extension LabelOrder {
  /// For people: how labels were read.
  package var remark: String {
    switch self {
    case .names: "matched by the names of the classes; numbers are their places"
    case .assumed: "assumed: the model's classes have no names, label 1 is taken for positive"
    }
  }

  /// A line of text.
  package func line(_ style: Style) -> String { style.painted("labels: ", .faint) + remark + "\n" }

  /// The lines for what a result says: `label_order`, or `label_orders` where each pair of models has its own.
  package static func lines(of result: JSON, _ style: Style) -> String {
    var names = [result["label_order"]].compactMap { $0 }
    if case .array(let orders)? = result["label_orders"] { names = orders }
    let orders = names.compactMap { name in
      if case .string(let name) = name { LabelOrder(rawValue: name) } else { nil }
    }
    return [.names, .assumed].filter(orders.contains).map { $0.line(style) }.joined()
  }
}
