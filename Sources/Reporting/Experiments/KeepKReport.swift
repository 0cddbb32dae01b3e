import Files
import Interpretability

/// How few tokens of a projection hold what vectors say: curves by sort of vectors.
package struct KeepKReport {
  /// The curves of one sort of vectors.
  package struct Sort {
    let name: String
    let title: String
    let vectors: Int
    let curves: [(projection: KeepK.Projection, points: [KeepK.Point])]

    /// - Parameters:
    ///   - name: in JSON.
    ///   - curves: one per projection.
    package init(_ name: String, title: String, vectors: Int, curves: [[KeepK.Point]]) {
      (self.name, self.title, self.vectors) = (name, title, vectors)
      self.curves = zip(KeepK.Projection.allCases, curves).map { ($0, $1) }
    }
  }

  private let sorts: [Sort]
  private let model: String

  package init(_ sorts: [Sort], model: String) { (self.sorts, self.model) = (sorts, model) }

  package var members: [JSONMembers] { sorts.map(json) }

  package var tables: [Table] { sorts.map(table) }

  private func json(_ sort: Sort) -> JSONMembers {
    let curves = sort.curves.map { curve -> JSONMembers in
      let points = curve.points.map { point -> JSONMembers in
        ["cosine": point.cosine, "k": point.k, "off_diagonal": point.offDiagonal]
      }
      return ["points": points, "projection": curve.projection.rawValue]
    }
    return ["curves": curves, "n": sort.vectors, "sort": sort.name]
  }

  package var figure: ChartColumn {
    ChartColumn(
      sorts.map { sort in
        LineChart(
          title: "\(model): \(sort.title)",
          subtitle: "Cosine of the true Gram matrix and the one made from k tokens a vector, n = \(sort.vectors)",
          xAxis: .init("k", isLogarithmic: true), yAxis: .init("cosine", bounds: 0...1),
          series: sort.curves.map { curve in
            .init(
              name: curve.projection.title, points: curve.points.map { .init(x: Double($0.k), y: $0.cosine ?? .nan) })
          })
      })
  }

  private func table(_ sort: Sort) -> Table {
    var table = Table(
      caption: "\(sort.title), n = \(sort.vectors): cosine, and without the diagonal",
      columns: [.init("k", .trailing)]
        + sort.curves.flatMap { [Table.Column($0.projection.rawValue, .trailing), .init("off", .trailing)] })
    for index in sort.curves[0].points.indices {
      table.append(
        [.count(sort.curves[0].points[index].k)]
          + sort.curves.flatMap { curve -> [Table.Cell] in
            let point = curve.points[index]
            return [.number(point.cosine, decimals: 3), .number(point.offDiagonal, decimals: 3, .faint)]
          })
    }
    return table
  }
}

extension KeepK.Projection {
  /// For a legend.
  fileprivate var title: String {
    switch self {
    case .transpose: return "E transposed"
    case .pseudoInverse: return "pseudo-inverse"
    case .random: return "k random tokens of each vector"
    case .shared: return "the same k random tokens"
    }
  }
}
