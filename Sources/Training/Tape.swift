import DenseMath
import Transformer

/// Records the values at some sites in one pass through consecutive blocks, for the derivatives of these blocks.
final class Tape: Observer {
  private let sites: Set<Site>
  private let layers: Range<Int>
  private let workspace: DerivativeWorkspace
  /// [layers][site]: the rows of the whole batch, [T, columns], or those that are read; attention weights apart.
  private var rows: [[Site: FloatBuffer]]
  /// [layers][sequences]: [H, n, n] for a sequence of n tokens.
  private(set) var attentionWeights: [[FloatBuffer]]

  init(keeping sites: Set<Site>, of layers: Range<Int>, workspace: DerivativeWorkspace) {
    self.sites = sites
    self.workspace = workspace
    self.layers = layers
    rows = layers.map { _ in [:] }
    attentionWeights = layers.map { _ in [] }
  }

  var acceptsRowsRead: Bool { true }

  func wants(_ site: Site, layer: Int) -> Bool { layers.contains(layer) && sites.contains(site) }

  func observe(_ observation: Observation) {
    let (columns, stride) = (observation.columns, observation.stride)
    let copy = workspace.take(observation.rows * columns)
    workspace.threads.runRows(observation.rows) { row in
      (copy.pointer + row * columns).update(from: observation.pointer + row * stride, count: columns)
    }
    let index = observation.layer - layers.lowerBound
    if observation.site == .attentionWeights {
      attentionWeights[index].append(copy)
    } else {
      rows[index][observation.site] = copy
    }
  }

  /// The rows of a recorded site, in the block `index` blocks after the first.
  func rows(_ site: Site, _ index: Int) -> FloatBuffer {
    guard let buffer = rows[index][site] else { preconditionFailure("\(site) was not kept") }
    return buffer
  }
}
