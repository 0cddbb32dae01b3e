import ArgumentParser
import DenseMath
import Evaluation
import Files
import Interpretability
import Reporting
import Transformer

struct ExperimentKeepK: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "keep-k",
    abstract: "How few tokens of a projection hold what a vector says?",
    discussion: """
      Inner products of vectors, made from the k strongest tokens of their projections alone, beside the true ones: the \
      cosine of the two Gram matrices, for the transpose (the paper's E') and the pseudo-inverse, and for k tokens drawn \
      at random, for each vector apart and the same for all. Vectors: normal ones, feed-forward values and, with \
      --dataset, hidden states after the blocks.

      EXAMPLES:
        graft experiment keep-k imdb-bert-1
        graft experiment keep-k imdb-gpt2-wide --svg keep-k.svg \\
          --dataset evaluation/imdb/test.jsonl --limit 60
      """)

  @OptionGroup var options: ExperimentOptions
  @Option(name: .customShort("n"), help: "Vectors of each sort.")
  var count = 1000
  @Option(help: ArgumentHelp("The k (default: the paper's, clipped to the vocabulary).", valueName: "10,100"))
  var k: IntegerList?
  @OptionGroup var data: DatasetOptions
  @OptionGroup var classification: ClassificationOptions

  func validate() throws {
    if !(2...20_000).contains(count) { throw ValidationError("-n must be from 2 to 20000, not \(count).") }
    if let wrong = k?.values.first(where: { $0 < 1 }) { throw ValidationError("--k must be at least 1, not \(wrong).") }
    if let k, k.values.count > 255 { throw ValidationError("--k takes at most 255 numbers, not \(k.values.count).") }
  }

  /// The curves of one sort of vectors.
  private struct Sort {
    let name: String
    let title: String
    let vectors: Int
    let curves: [(projection: KeepK.Projection, points: [KeepK.Point])]
  }

  func run() throws {
    let model = try options.model.open()
    let digest = BackgroundDigest(of: model)
    let workspace = options.threads.workspace()
    let wE = model.projectionMatrix
    let ks = k.map { Array(Set($0.values.map { min(Int($0), wE.rows) })).sorted() } ?? KeepK.grid(vocabulary: wE.rows)
    let texts = try data.dataset.map { _ in
      try ExperimentTexts(data, classification, for: model, threads: workspace.threads)
    }
    let experiment = try KeepK(wE: wE, threads: workspace.threads)
    var sorts = [
      ("normal", "normal vectors", KeepK.normalVectors(count, of: model, seed: data.seed)),
      ("ff-values", "feed-forward values", KeepK.values(count, of: model, seed: data.seed)),
    ]
    if let texts {
      let states = try Progress.during("hidden states") {
        try KeepK.states(
          count, of: model, over: texts.batches, tokens: texts.tokens, seed: data.seed, workspace: workspace)
      }
      sorts.append(("hidden", "hidden states", states))
    }
    let progress = Progress(
      ProgressLine(label: "keep-k", unit: "curves", total: sorts.count * KeepK.Projection.allCases.count))
    var done = 0
    let results = try sorts.map { name, title, vectors in
      Sort(
        name: name, title: title, vectors: vectors.rows,
        curves: try KeepK.Projection.allCases.map { projection in
          let points = try experiment.points(vectors, projection, ks: ks, seed: data.seed)
          done += 1
          progress.update(done)
          return (projection, points)
        })
    }
    progress.clear()
    let stamp = ResultStamp(
      command: "experiment keep-k", model: model, digest: digest, dataset: texts?.dataset, seed: data.seed,
      options: data.members + (texts.map { classification.members($0.cleaning) } ?? [:]) + [
        "k": ks, "n": count,
      ] + options.threads.member)
    let truncated = Absent(wrappedValue: texts?.encoded.truncatedCount)
    try options.show(
      figure(results, model), stamp.object(["truncated": truncated, "vectors": results.map(json)])
    ) {
      style in results.map { table($0).text(style) }.joined(separator: "\n")
    }
  }

  private func json(_ sort: Sort) -> JSONMembers {
    let curves = sort.curves.map { curve -> JSONMembers in
      let points = curve.points.map { point -> JSONMembers in
        ["cosine": point.cosine, "k": point.k, "off_diagonal": point.offDiagonal]
      }
      return ["points": points, "projection": curve.projection.rawValue]
    }
    return ["curves": curves, "n": sort.vectors, "sort": sort.name]
  }

  private func figure(_ sorts: [Sort], _ model: Model) -> ChartColumn {
    ChartColumn(
      sorts.map { sort in
        LineChart(
          title: "\(model.name): \(sort.title)",
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
