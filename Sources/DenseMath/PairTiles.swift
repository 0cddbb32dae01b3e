import CVectorMath

/// Two factors prepared so that the highest entries of left rightᵀ are found without computing most of it.
///
/// Three bounds, all by the Cauchy-Schwarz inequality. Rows are sorted by norm, so a row's search ends at the first
/// column whose norm is too small. Both factors are in a basis that puts as much as possible of all entries into the
/// first terms of a sum (`PairBasis`), and a tile is abandoned when the remaining terms cannot bring an entry over the
/// threshold. And the error of a sum in Float32 has a bound, so candidates are reported and the caller decides in
/// Double.
struct PairTiles {
  /// Row blocks in a task, and panels that are searched before the next row block: both stay in a core's cache.
  private static let blocksInTask = 32
  private static let panelsInGroup = 32
  /// Tiles sampled to choose where sums are tested.
  private static let samples = 128
  /// At most so many places where a sum may be abandoned.
  private static let mostPlaces = 16

  let tasks: Int
  private let size: Int
  /// ends[p] is how many terms come before place p.
  private let ends: [Int]
  private let left: SortedFactor
  private let right: SortedFactor
  /// The right factor and the norms of its remaining terms, in panels.
  private let panels: FloatBuffer
  private let panelRests: FloatBuffer
  private let width: Int
  private let height: Int
  /// The factor of scores that keeps every sum at most 1.
  private let scale: Double
  /// Bounds on the error of a Float32 sum: relative to the product of two norms, and absolute.
  private let relativeMargin: Double
  private let absoluteMargin: Double

  /// - Parameters:
  ///   - rows, columns: which rows of the two factors are searched.
  ///   - sign: -1 to find the lowest.
  /// - Throws: `LinearAlgebraError`.
  init(
    _ left: DoubleMatrix, _ rows: [Int], _ right: DoubleMatrix, _ columns: [Int], sign: Double, threads: Threads
  ) throws {
    let basis = try PairBasis(left, right, threads: threads)
    let size = left.columns
    let step = max(4, (size + Self.mostPlaces - 1) / Self.mostPlaces)
    let count = max(1, (size + step - 1) / step)
    let ends = (1...count).map { min($0 * step, size) }
    let (width, height) = (cvm_panel_width(), cvm_panel_height())
    let panels = FloatBuffer(uninitializedCount: PackedFactor.size(rows: size, columns: columns.count))
    let panelRests = FloatBuffer(uninitializedCount: PackedFactor.size(rows: count, columns: columns.count))
    (self.left, self.right) = threads.both(
      {
        SortedFactor(left * (sign * basis.left), rows, ends: ends)
      },
      {
        let factor = SortedFactor(right * basis.right, columns, ends: ends)
        cvm_pack_panels_transposed(panels.pointer, width * size, factor.numbers.pointer, size, columns.count, size)
        cvm_pack_panels_transposed(panelRests.pointer, width * count, factor.rests.pointer, count, columns.count, count)
        return factor
      })
    (self.size, self.ends, self.width, self.height) = (size, ends, width, height)
    (self.panels, self.panelRests) = (panels, panelRests)
    scale = self.left.scale * self.right.scale
    relativeMargin = Double(size + 8) * 0x1p-24 * 1.01
    absoluteMargin = scale * basis.error + 1e-30
    tasks = ((rows.count + height - 1) / height + Self.blocksInTask - 1) / Self.blocksInTask
  }

  /// Reports every entry of a task's rows that may reach the threshold, which may rise meanwhile.
  func search(_ task: Int, threshold: () -> Double, report: (_ row: Int, _ column: Int) -> Void) {
    precondition(width == cvm_panel_width(), "packed on another instruction set")
    let first = task * Self.blocksInTask * height
    let rows = first..<min(left.order.count, first + Self.blocksInTask * height)
    let panelCount = (right.order.count + width - 1) / width
    let tile = FloatBuffer(uninitializedCount: height * width)
    var (places, planned) = ([ends.count - 1], -Double.infinity)
    for group in stride(from: 0, to: panelCount, by: Self.panelsInGroup) {
      if planned == -.infinity {
        planned = threshold()
        places = plan(rows, threshold: planned)
      }
      withReach(places) { reach in
        for top in stride(from: rows.lowerBound, to: rows.upperBound, by: height) {
          let block = top..<min(top + height, rows.upperBound)
          var panel = group
          while true {
            let least = least(threshold(), rows: top, panel: group)
            let end = min(group + Self.panelsInGroup, reachable(from: top, least: least, panels: panelCount))
            guard panel < end else { break }
            panel = next(block, panel..<end, least: least, reach, tile: tile.pointer, passes: nil)
            guard panel < end else { break }
            let columns = panel * width..<min((panel + 1) * width, right.order.count)
            for row in block {
              let sums = tile.pointer + (row - top) * width
              for column in columns where sums[column - columns.lowerBound] >= least {
                report(left.order[row], right.order[column])
              }
            }
            panel += 1
          }
        }
      }
    }
  }

  private func next(
    _ rows: Range<Int>, _ panels: Range<Int>, least: Float, _ reach: UnsafePointer<cvm_reach>,
    tile: UnsafeMutablePointer<Float>, passes: UnsafeMutablePointer<Int>?
  ) -> Int {
    cvm_reach_panels(
      tile, left.numbers.pointer + rows.lowerBound * size, left.rests.pointer + rows.lowerBound * ends.count,
      rows.count,
      self.panels.pointer, panelRests.pointer, panels.lowerBound, panels.upperBound, reach, least, passes)
  }

  /// The Float32 sum, scaled, that an entry at the threshold has at least, in rows and panels from these on.
  private func least(_ threshold: Double, rows: Int, panel: Int) -> Float {
    let norms = Double(left.norms[rows]) * Double(right.norms[panel * width])
    return Float(threshold * scale - relativeMargin * norms - absoluteMargin).nextDown
  }

  /// How many panels hold columns whose norm lets an entry with row `row` reach `least`.
  private func reachable(from row: Int, least: Float, panels: Int) -> Int {
    let norm = Double(left.norms[row])
    var (low, high) = (0, panels)
    while low < high {
      let middle = (low + high) / 2
      if norm * Double(right.norms[middle * width]) >= Double(least) { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// The places at which tiles of `rows` are best tested: those of least cost on tiles drawn at random, in terms.
  private func plan(_ rows: Range<Int>, threshold: Double) -> [Int] {
    let last = ends.count - 1
    guard threshold > -.infinity, last > 0 else { return [last] }
    let panelCount = (right.order.count + width - 1) / width
    var generator = SplitMix64(seed: UInt64(rows.lowerBound))
    var passes = [Int](repeating: 0, count: ends.count)
    var drawn = 0
    let tile = FloatBuffer(uninitializedCount: height * width)
    withReach(Array(ends.indices)) { reach in
      for _ in 0..<Self.samples {
        let top = rows.lowerBound + generator.uniform(below: rows.count)
        let least = least(threshold, rows: top, panel: 0)
        let end = reachable(from: top, least: least, panels: panelCount)
        guard end > 0 else { continue }
        drawn += 1
        let panel = generator.uniform(below: end)
        _ = next(
          top..<min(top + height, rows.upperBound), panel..<panel + 1, least: least, reach, tile: tile.pointer,
          passes: &passes)
      }
    }
    guard drawn > 0 else { return [last] }
    // The cost of a test in terms of the sum, measured.
    let look = 4.0
    // cost[p]: the remaining cost of a tile that has passed place p, with the best places; from the last to the first.
    var cost = [Double](repeating: 0, count: ends.count)
    var choice = [Int](repeating: last, count: ends.count + 1)
    func best(after place: Int) -> (cost: Double, next: Int) {
      let (start, alive) = place < 0 ? (0, Double(drawn)) : (ends[place], Double(passes[place]))
      return (place + 1...last).map { next in
        (alive * (Double(ends[next] - start) + look) + cost[next], next)
      }.min { $0.cost < $1.cost } ?? (0, last)
    }
    for place in stride(from: last - 1, through: -1, by: -1) {
      let (own, next) = best(after: place)
      if place >= 0 { cost[place] = own }
      choice[place + 1] = next
    }
    var places = [choice[0]]
    while let place = places.last, place < last { places.append(choice[place + 1]) }
    return places
  }

  private func withReach(_ places: [Int], _ body: (UnsafePointer<cvm_reach>) -> Void) {
    let stops = places.map { ends[$0] }
    stops.withUnsafeBufferPointer { stops in
      places.withUnsafeBufferPointer { places in
        var reach = cvm_reach(
          size: size, places: ends.count, checks: stops.count, ends: stops.baseAddress, rests: places.baseAddress)
        withUnsafePointer(to: &reach, body)
      }
    }
  }
}
