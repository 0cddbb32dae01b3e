import DenseMath
import Transformer

/// Positions drawn from all of a stream of texts, and values of the forward pass there.
///
/// A batch without a sampled position is not run; of the others only the sampled rows are kept.
package struct SampledPositions: Sendable {
  /// Positions counted through all texts, ascending.
  package let positions: [Int]

  /// - Parameters:
  ///   - count: how many to draw; all if there are no more.
  ///   - total: how many the texts have.
  package init(_ count: Int, of total: Int, seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    positions = generator.sample(count, of: total)
  }

  /// - Parameter positions: ascending, each once.
  package init(at positions: [Int]) { self.positions = positions }

  /// Runs the model over the texts and passes the sampled rows of some sites to `visit`.
  /// - Parameters:
  ///   - batches: every text once, in order.
  ///   - visit: gets an observation, its row, and the index in `positions` of the position the row belongs to.
  ///   - progress: called after each batch with the positions done.
  /// - Throws: `TransformerError` for a batch that the model does not support, and what `visit` and `progress` throw.
  package func visit(
    _ sites: Set<Site>, of model: Model, over batches: some Sequence<[[Int32]]>, workspace: Workspace,
    progress: (_ done: Int) throws -> Void = { _ in },
    _ visit: (_ observation: Observation, _ row: UnsafePointer<Float>, _ index: Int) throws -> Void
  ) throws {
    var (first, index) = (0, 0)
    for texts in batches {
      let end = first + texts.reduce(0) { $0 + $1.count }
      let inside = positions[index...].prefix { $0 < end }.indices
      if !inside.isEmpty {
        try withoutActuallyEscaping(visit) { visit in
          let observer = RowObserver(sites: sites) { observation in
            for index in inside {
              let row = observation.pointer + (positions[index] - first) * observation.stride
              try visit(observation, row, index)
            }
          }
          _ = try model.forward(PackedBatch(texts), workspace: workspace, observer: observer)
        }
      }
      (first, index) = (end, inside.upperBound)
      try progress(index)
    }
  }
}

private final class RowObserver: Observer {
  private let sites: Set<Site>
  private let body: (Observation) throws -> Void

  init(sites: Set<Site>, _ body: @escaping (Observation) throws -> Void) {
    self.sites = sites
    self.body = body
  }

  func wants(_ site: Site, layer: Int) -> Bool { sites.contains(site) }
  func observe(_ observation: Observation) throws { try body(observation) }
}
