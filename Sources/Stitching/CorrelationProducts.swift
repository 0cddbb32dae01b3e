import DenseMath

/// B's vectors of every layer, packed once as the right factor of all products with A's.
///
/// The correlations of a pair of layers are computed a tile at a time, each small enough to stay in a core's cache, and
/// summed: n_A n_B of them at MultiBERTs' size would take 5.4 GB.
struct PackedVectors {
  private struct Group {
    let layer: Int
    let columns: Int
    /// The factor's rows in parts, each small enough for the second-level cache together with its tile.
    let parts: [PackedFactor]
  }

  private static let groupColumns = 128
  private static let tileRows = 84
  private static let partRows = 384

  private let groups: [Group]
  private let layers: Int
  /// How many vectors each layer has.
  private let count: Int
  private let width: Int
  private let memory: FloatBuffer

  /// - Parameters:
  ///   - layers: how many; `count`: vectors of each; `width`: numbers of each.
  ///   - vectors: those of one layer, [count, width]; called once per layer.
  init(layers: Int, count: Int, width: Int, threads: Threads, vectors: (Int) -> Tensor) {
    let perLayer = (count + Self.groupColumns - 1) / Self.groupColumns
    let size = PackedFactor.size(rows: width, columns: min(Self.groupColumns, count))
    let depths = max(1, (width + Self.partRows - 1) / Self.partRows)
    let memory = FloatBuffer(uninitializedCount: layers * perLayer * size)
    var groups = [Group?](repeating: nil, count: layers * perLayer)
    for layer in 0..<layers {
      let rows = vectors(layer)
      groups.withUnsafeMutableBufferPointer { groups in
        nonisolated(unsafe) let groups = groups
        threads.run(perLayer) { part, _ in
          let columns = part * Self.groupColumns..<min(count, (part + 1) * Self.groupColumns)
          let index = layer * perLayer + part
          let start = memory.pointer + index * size
          let factors = (0..<depths).map { depth in
            let range = width * depth / depths..<width * (depth + 1) / depths
            return PackedFactor(
              MatrixView(rows)[rows: columns, columns: range].transposed,
              memory: start + size / max(width, 1) * range.lowerBound)
          }
          groups[index] = Group(layer: layer, columns: columns.count, parts: factors)
        }
      }
    }
    self.groups = groups.compactMap { $0 }
    self.layers = layers
    self.count = count
    self.width = width
    self.memory = memory
  }

  /// For each layer of B the mean of |a · b| over all pairs of rows.
  /// - Parameter a: [n, width], the vectors of a layer of A.
  func meanAbsoluteProducts(with a: Tensor, threads: Threads) -> [Double] {
    var sums = [Double](repeating: 0, count: groups.count)
    let tiles = FloatBuffer(uninitializedCount: Self.tileRows * Self.groupColumns * threads.count)
    sums.withUnsafeMutableBufferPointer { sums in
      nonisolated(unsafe) let sums = sums
      threads.run(groups.count) { task, worker in
        let group = groups[task]
        let tile = tiles.pointer + worker * Self.tileRows * Self.groupColumns
        var sum = 0.0
        for top in stride(from: 0, to: a.rows, by: Self.tileRows) {
          let rows = top..<min(top + Self.tileRows, a.rows)
          var depth = 0
          for part in group.parts {
            part.multiply(
              MatrixView(a)[rows: rows, columns: depth..<depth + part.rows], adding: depth > 0,
              into: MutableMatrixView(tile, rows: rows.count, columns: group.columns))
            depth += part.rows
          }
          sum += absoluteSum(tile, count: rows.count * group.columns)
        }
        sums[task] = sum
      }
    }
    var result = [Double](repeating: 0, count: layers)
    for (group, sum) in zip(groups, sums) { result[group.layer] += sum }
    return result.map { $0 / Double(max(1, a.rows * count)) }
  }
}

/// The sum of the magnitudes, in Float32 a tile row or two at a time.
private func absoluteSum(_ x: UnsafePointer<Float>, count: Int) -> Double {
  typealias Vector = SIMD16<Float>
  let mask = SIMD16<UInt32>(repeating: 0x7FFF_FFFF)
  let raw = UnsafeRawPointer(x)
  var (total, index) = (0.0, 0)
  while index < count {
    let end = min(count, index + 256)
    var sums = (Vector.zero, Vector.zero)
    while index + 32 <= end {
      let first = raw.loadUnaligned(fromByteOffset: 4 * index, as: SIMD16<UInt32>.self) & mask
      let second = raw.loadUnaligned(fromByteOffset: 4 * index + 64, as: SIMD16<UInt32>.self) & mask
      sums.0 += unsafeBitCast(first, to: Vector.self)
      sums.1 += unsafeBitCast(second, to: Vector.self)
      index += 32
    }
    total += Double((sums.0 + sums.1).sum())
    while index < end {
      total += Double(abs(x[index]))
      index += 1
    }
  }
  return total
}
