import Evaluation
import Files
import Transformer

/// What was measured over a dataset, on a terminal and as a page.
package struct IdentifyReport {
  package let attention: AttentionReport?
  package let tokens: TokenReport?
  package let model: any TransformerModel
  package let dataset: Dataset
  package let reviews: Int

  package init(
    attention: AttentionReport?, tokens: TokenReport?, model: any TransformerModel, dataset: Dataset, reviews: Int
  ) {
    self.attention = attention
    self.tokens = tokens
    self.model = model
    self.dataset = dataset
    self.reviews = reviews
  }

  package var members: JSONMembers {
    ["attention": Absent(wrappedValue: attention?.summary), "tokens": Absent(wrappedValue: tokens)]
  }

  /// What --svg writes.
  package var picture: LineChart {
    attention?.lengthChart ?? tokens?.chart
      ?? LineChart(title: model.name, xAxis: .init(""), yAxis: .init(""), series: [])
  }

  package var tables: [Table] { (attention?.tables ?? []) + (tokens?.tables ?? []) }

  package func page(stamp: JSON, command: String) -> String {
    HTMLPage(
      title: "Identifiability: \(model.name)", subtitle: "\(reviews.counted("text")) of \(dataset.name)",
      provenance: Provenance(stamp: stamp, command: command),
      sections: (attention?.sections ?? []) + (tokens?.sections ?? []) + [
        .init("Every number and option", [.details("results.json", stamp)])
      ]
    ).html
  }
}
