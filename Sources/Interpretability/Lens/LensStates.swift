import Transformer

/// Records the chosen rows of the chosen levels: of the last one from the result of the pass, so that its block computes no
/// other rows.
final class LensStates: Observer {
  private let levels: [LensLevel: Int]
  private let rows: [Int]
  private let last: LensLevel
  private var states: [HiddenState?]

  /// Runs the model.
  /// - Parameter rows: of the batch, in any order.
  /// - Throws: as `forward`.
  init(
    levels: [LensLevel], rows: [Int], of batch: PackedBatch, _ model: any TransformerModel,
    interventions: [Intervention] = [], workspace: Workspace
  ) throws {
    let states = Set(levels.map(\.plain))
    self.levels = Dictionary(uniqueKeysWithValues: states.enumerated().map { ($1, $0) })
    self.rows = rows
    last = LensLevel(layer: model.blockDimensions.count - 1, site: .residPost)
    self.states = Array(repeating: nil, count: states.count)
    guard !rows.isEmpty else { return }
    let h = try model.forward(
      batch, rows: Set(rows).sorted(), workspace: workspace, observer: self, interventions: interventions)
    if let index = self.levels[last] { self.states[index] = copy(h.pointer, width: h.width, stride: h.width) }
  }

  func wants(_ site: Site, layer: Int) -> Bool {
    index(site, layer) != nil && LensLevel(layer: layer, site: site) != last
  }

  func observe(_ observation: Observation) {
    guard let index = index(observation.site, observation.layer) else { return }
    states[index] = copy(observation.pointer, width: observation.columns, stride: observation.stride)
  }

  /// The chosen rows.
  private func copy(_ source: UnsafePointer<Float>, width: Int, stride: Int) -> HiddenState {
    let state = HiddenState(tokens: rows.count, width: width)
    for (place, row) in rows.enumerated() {
      (state.pointer + place * width).update(from: source + row * stride, count: width)
    }
    return state
  }

  func copy(_ places: Range<Int>, of level: LensLevel, into target: UnsafeMutablePointer<Float>) {
    let state = self[level]
    target.update(from: state.pointer + places.lowerBound * state.width, count: places.count * state.width)
  }

  /// The chosen rows of a level's state, [rows, d]; of a tuned level, before its translator.
  subscript(level: LensLevel) -> HiddenState {
    guard let state = levels[level.plain].flatMap({ states[$0] }) else {
      preconditionFailure("the forward pass announces every level")
    }
    return state
  }

  /// Hidden state 0 is the input of block 0.
  private func index(_ site: Site, _ layer: Int) -> Int? {
    levels[LensLevel(layer: site == .residPre ? layer - 1 : layer, site: site)]
  }
}
