import Transformer

/// Records the chosen rows of the chosen levels.
final class LensStates: Observer {
  private let levels: [LensLevel: Int]
  private let rows: [Int]
  private var states: [HiddenState?]

  init(levels: [LensLevel], rows: [Int]) {
    let states = Set(levels.map(\.plain))
    self.levels = Dictionary(uniqueKeysWithValues: states.enumerated().map { ($1, $0) })
    self.rows = rows
    self.states = Array(repeating: nil, count: states.count)
  }

  func wants(_ site: Site, layer: Int) -> Bool { index(site, layer) != nil }

  func observe(_ observation: Observation) {
    guard let index = index(observation.site, observation.layer) else { return }
    let state = HiddenState(tokens: rows.count, width: observation.columns)
    for (place, row) in rows.enumerated() {
      (state.pointer + place * state.width).update(
        from: observation.pointer + row * observation.stride, count: state.width)
    }
    states[index] = state
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
