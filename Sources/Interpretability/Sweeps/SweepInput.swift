import DenseMath
import Foundation
import Transformer

/// One text of a sweep, with what an unchanged pass over it computes: what no change can alter is read from here.
struct SweepInput {
  let model: Model
  /// The tokens that the positions read can depend on: in a causal model those up to the last one that is read.
  let ids: [Int32]
  let positions: [Int]
  /// Of the target and the token whose logit is subtracted.
  private let head: Unembedding
  private let values: [BlockSite: Tensor]
  /// [positions]
  private let differences: [Double]

  /// - Parameters:
  ///   - positions: ascending, each once, at least one.
  ///   - sites: what is read of the pass, beside hidden states, keys and values.
  ///   - head: two tokens of a head over the vocabulary.
  init(
    _ ids: [Int32], of model: Model, at positions: [Int], reading sites: [BlockSite], _ head: Unembedding,
    workspace: Workspace
  ) throws {
    self.model = model
    self.positions = positions
    self.head = head
    let seen = model.traits.isCausal ? (positions.last ?? ids.count - 1) + 1 : ids.count
    self.ids = Array(ids.prefix(seen))
    let blocks = 0..<model.dimensions.layers
    let states = (0...blocks.count).map { Self.state($0, of: model) }
    let attended = model.traits.isCausal ? [Site.keys, .values] : []
    let wanted = Set(states + sites + blocks.flatMap { block in attended.map { BlockSite(layer: block, site: $0) } })
    values = try model.values(at: Array(wanted), of: PackedBatch([self.ids]), workspace: workspace)
      .mapValues { Tensor(shape: [$0.rows, $0.columns], $0.values) }
    differences =
      values[states[blocks.count]].map { last in
        Self.scores(of: positions.map { last[rows: $0..<$0 + 1] }, head, workspace)
      } ?? []
  }

  var tokens: Int { ids.count }
  var isCausal: Bool { model.traits.isCausal }
  var layers: Int { model.dimensions.layers }
  var width: Int { model.dimensions.hidden }

  /// LD of the unchanged text.
  var difference: Double { mean(differences) }

  /// A site's rows, [T, columns].
  func rows(_ site: BlockSite) -> Tensor {
    guard let tensor = values[site] else { preconditionFailure("the pass records what a sweep reads") }
    return tensor
  }

  /// Hidden state `depth`, [T, d].
  func state(_ depth: Int) -> Tensor { rows(Self.state(depth, of: model)) }

  /// The first tokens before each end of the text; nil where a later token changes the earlier ones.
  func prefixes(_ lengths: [Int]) -> KeyValuePrefixes? {
    guard isCausal else { return nil }
    func all(_ site: Site) -> [Tensor] { (0..<layers).map { rows(BlockSite(layer: $0, site: site)) } }
    return KeyValuePrefixes(keys: all(.keys), values: all(.values), lengths: lengths)
  }

  /// LD where some of the positions read have other states.
  /// - Parameter changed: for each result the last states of the positions from some on, [from the end of `positions`].
  func differences(_ changed: [[Tensor]], workspace: Workspace) -> [Double] {
    let scores = Self.scores(of: changed.flatMap { $0 }, head, workspace)
    var next = 0
    return changed.map { states in
      defer { next += states.count }
      return mean(differences.dropLast(states.count) + scores[next..<next + states.count])
    }
  }

  private func mean(_ numbers: [Double]) -> Double { numbers.reduce(0, +) / Double(numbers.count) }

  private static func state(_ depth: Int, of model: Model) -> BlockSite {
    depth < model.dimensions.layers
      ? BlockSite(layer: depth, site: .residPre) : BlockSite(layer: depth - 1, site: .residPost)
  }

  /// The difference of the two logits of each state, [1, d] each.
  private static func scores(of states: [Tensor], _ head: Unembedding, _ workspace: Workspace) -> [Double] {
    let width = head.matrix.columns
    let packed = FloatBuffer(uninitializedCount: states.count * width)
    for (row, state) in states.enumerated() { (packed.pointer + row * width).update(from: state.pointer, count: width) }
    let scores = FloatBuffer(uninitializedCount: states.count * head.vocabulary)
    head.apply(packed.pointer, rows: states.count, into: scores.pointer, workspace: workspace)
    return states.indices.map { row in
      let pair = scores.pointer + row * head.vocabulary
      return Double(pair[0]) - Double(pair[1])
    }
  }
}

extension Tensor {
  /// Whether row `row` has the same bits here and there, in the columns of a range.
  func sameBits(_ row: Int, as other: Tensor, _ columns: Range<Int>) -> Bool {
    let start = row * self.columns + columns.lowerBound
    return memcmp(pointer + start, other.pointer + start, columns.count * MemoryLayout<Float>.stride) == 0
  }
}
