import Evaluation
import Files
import Reporting
import Transformer

/// What was measured over a dataset, on a terminal and as a page.
struct IdentifyReport {
  let attention: AttentionReport?
  let tokens: TokenReport?
  let model: any TransformerModel
  let dataset: Dataset
  let reviews: Int

  var members: JSONMembers {
    ["attention": Absent(wrappedValue: attention?.summary), "tokens": Absent(wrappedValue: tokens)]
  }

  /// What --svg writes.
  var picture: LineChart {
    attention?.lengthChart ?? tokens?.chart
      ?? LineChart(title: model.name, xAxis: .init(""), yAxis: .init(""), series: [])
  }

  func text(_ style: Style) -> String {
    [attention?.text(style), tokens?.text(style)].compactMap { $0 }.joined(separator: "\n")
  }

  func page(stamp: JSON) -> String {
    HTMLPage(
      title: "Identifiability: \(model.name)", subtitle: "\(reviews.counted("text")) of \(dataset.name)",
      provenance: Provenance(stamp: stamp),
      sections: (attention?.sections ?? []) + (tokens?.sections ?? []) + [
        .init("Every number and option", [.details("results.json", stamp)])
      ]
    ).html
  }
}
