import Evaluation

/// The score of a classifier as text.
package struct EvaluationSummary {
  private let metrics: ClassificationMetrics
  private let model: String
  private let dataset: Dataset
  private let labels: [String]

  package init(_ metrics: ClassificationMetrics, model: String, dataset: Dataset, labels: [String]) {
    self.metrics = metrics
    self.model = model
    self.dataset = dataset
    self.labels = labels
  }

  package func text(_ style: Style) -> String {
    var facts = FactSheet("\(model) on \(metrics.n.counted("review")) of \(dataset.name)")
    let interval = metrics.interval
    facts.add(
      "accuracy", "\(metrics.accuracy.fixed(4)), 95% interval \(interval.low.fixed(4)) to \(interval.high.fixed(4))")
    facts.add("majority", "\(metrics.majorityBaseline.fixed(4)), a constant answer")
    facts.add("loss", "\(metrics.loss.fixed(4)) nats")
    if let auc = metrics.auc { facts.add("AUC", auc.fixed(4)) }
    facts.add("calibration", "\(metrics.calibrationError.fixed(4)) expected error, 15 bins")
    if let order = dataset.labelOrder { facts.add("labels", order.remark) }
    facts.add("truncated", metrics.truncated.counted("review"))
    return facts.text(style) + "\n" + tables.text(style)
  }

  package var tables: [Table] {
    [classTable, answerTable] + (metrics.mostConfidentErrors.isEmpty ? [] : [errorTable])
  }

  private func name(_ label: Int) -> String { label < labels.count ? labels[label] : "\(label)" }

  private var classTable: Table {
    var table = Table(
      columns: [
        Table.Column("class", isWhole: true), Table.Column("precision", .trailing), Table.Column("recall", .trailing),
        Table.Column("F1", .trailing), Table.Column("reviews", .trailing),
      ])
    for (label, scores) in metrics.classes.enumerated() {
      table.append([
        Table.Cell(name(label)), .number(scores.precision, decimals: 3), .number(scores.recall, decimals: 3),
        .number(scores.f1, decimals: 3), .count(scores.support),
      ])
    }
    return table
  }

  private var answerTable: Table {
    var table = Table(
      caption: "Reviews of each class by the class predicted",
      columns: [Table.Column("class", isWhole: true)]
        + metrics.confusion.indices.map { Table.Column(name($0), .trailing, isWhole: true) })
    for (label, counts) in metrics.confusion.enumerated() {
      table.append([Table.Cell(name(label))] + counts.map { .count($0) })
    }
    return table
  }

  private var errorTable: Table {
    var table = Table(
      caption: "The most confident errors",
      columns: [
        Table.Column("review"), Table.Column("is", isWhole: true), Table.Column("predicted", isWhole: true),
        Table.Column("confidence", .trailing),
      ])
    for error in metrics.mostConfidentErrors.prefix(5) {
      table.append([
        Table.Cell(error.id), Table.Cell(name(error.label)), Table.Cell(name(error.predicted)),
        .number(error.confidence, decimals: 4),
      ])
    }
    return table
  }
}
