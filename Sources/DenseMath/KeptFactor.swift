import CVectorMath
import Synchronization

/// The right factor of many products, packed once for most of them: their bits are the same.
///
/// Packing takes about as long as multiplying two or three rows, at every product, and filling new memory with what is
/// kept takes a few times longer: so a factor is used a few times before. The copy takes the place of the numbers
/// it is made of, which come from a file: their memory is given back, and whoever reads them again has them read again.
package final class KeptFactor: Sendable {
  /// Products before a factor is kept.
  private static let productsBefore = 3

  private struct State {
    var products = 0
    var copies: [Precision: PackedBlocks] = [:]
  }

  private let weight: Tensor
  private let isTransposed: Bool
  private let state = Mutex(State())

  /// nil where a copy would be a second one: for numbers that are no part of a file, and may be those that training
  /// changes.
  /// - Parameters:
  ///   - weight: [k, n]
  ///   - isTransposed: whether it is [n, k] instead.
  package init?(_ weight: Tensor, isTransposed: Bool) {
    guard weight.isRereadable else { return nil }
    (self.weight, self.isTransposed) = (weight, isTransposed)
  }

  /// nil for the first products, and where there is no memory for copies.
  func blocks(_ precision: Precision, threads: Threads) -> PackedBlocks? {
    state.withLock { state in
      if let blocks = state.copies[precision] { return blocks.isReadable ? blocks : nil }
      state.products += 1
      guard state.products > Self.productsBefore else { return nil }
      let blocks = PackedBlocks(weight, isTransposed: isTransposed, precision, threads: threads)
      state.copies[precision] = blocks
      return blocks
    }
  }
}

/// A factor that is kept, from one of its columns on.
package struct KeptColumns {
  private let factor: KeptFactor
  private let first: Int

  package init(_ factor: KeptFactor, from first: Int) { (self.factor, self.first) = (factor, first) }

  /// As the factor's; nil too where the first column is not the first of a group.
  func blocks(_ precision: Precision, threads: Threads) -> PackedBlocks? {
    first % Product.groupColumns == 0 ? factor.blocks(precision, threads: threads)?.dropping(first) : nil
  }
}

/// A right factor, [k, n], packed as products take it: groups of columns, each in parts of k, one after the other.
struct PackedBlocks: @unchecked Sendable {
  // Sendable although it holds memory: nobody writes it after creation.

  /// Of the innermost axis: numbers, or pairs of them in bfloat16.
  private let steps: [Range<Int>]
  private let columns: Int
  private var firstGroup = 0
  private let memory: KeptMemory
  private let panelWidth = cvm_panel_width()

  /// nil where there is no memory left for it. The memory of the weight is given back group by group, where a group's
  /// columns lie together, so that little of it is there twice.
  init?(_ weight: Tensor, isTransposed: Bool, _ precision: Precision, threads: Threads) {
    let b = isTransposed ? MatrixView(weight).transposed : MatrixView(weight)
    steps = Product.parts(of: precision == .bfloat16 ? RoundedRows.pairs(b.rows) : b.rows)
    columns = b.columns
    let count = (columns + panelWidth - 1) / panelWidth * panelWidth * (steps.last?.upperBound ?? 0)
    guard let memory = KeptMemory(count: count) else { return nil }
    self.memory = memory
    threads.run((columns + Product.groupColumns - 1) / Product.groupColumns) { group, _ in
      precondition(isReadable, "packed on another instruction set")
      for part in steps.indices {
        let columns = self.columns(of: group)
        switch precision {
        case .float32:
          _ = PackedFactor(b[rows: steps[part], columns: columns], memory: place(part, columns))
        case .bfloat16:
          let rows = 2 * steps[part].lowerBound..<min(b.rows, 2 * steps[part].upperBound)
          _ = RoundedFactor(b[rows: rows, columns: columns], memory: place(part, columns))
        }
      }
      if isTransposed { weight[rows: self.columns(of: group)].release() }
    }
    weight.release()
  }

  /// Whether the calling thread's instruction set reads such panels.
  var isReadable: Bool { panelWidth == cvm_panel_width() }

  /// Without the first columns, whole groups of them.
  func dropping(_ columns: Int) -> PackedBlocks {
    var rest = self
    rest.firstGroup += columns / Product.groupColumns
    return rest
  }

  /// The block of a part of k that begins with the first of `columns`, a group or the first ones of it.
  func float32(_ part: Int, _ columns: Range<Int>) -> PackedFactor {
    let columns = self.columns(of: group(of: columns))
    return PackedFactor(
      packed: place(part, columns), rows: steps[part].count, columns: columns.count, panelWidth: panelWidth)
  }

  /// The same in bfloat16.
  func bfloat16(_ part: Int, _ columns: Range<Int>) -> RoundedFactor {
    let columns = self.columns(of: group(of: columns))
    return RoundedFactor(
      packed: place(part, columns), pairs: steps[part].count, columns: columns.count, panelWidth: panelWidth)
  }

  /// What a thread probably reads after a block: the next part of k or, after the last one, the first part of a group
  /// further on by the number of threads, which take groups in turn. nil for so few rows that they are multiplied as
  /// fast as memory is read, in order.
  func next(after part: Int, _ columns: Range<Int>, rows: Int, threads: Threads) -> UnsafeBufferPointer<Float>? {
    let isLast = part == steps.count - 1
    let group = group(of: columns) + (isLast ? threads.count : 0)
    guard rows > cvm_panel_height(), group * Product.groupColumns < self.columns else { return nil }
    let (part, columns) = (isLast ? 0 : part + 1, self.columns(of: group))
    return UnsafeBufferPointer(start: place(part, columns), count: steps[part].count * packedWidth(columns))
  }

  private func group(of columns: Range<Int>) -> Int { firstGroup + columns.lowerBound / Product.groupColumns }

  private func columns(of group: Int) -> Range<Int> {
    group * Product.groupColumns..<min(columns, (group + 1) * Product.groupColumns)
  }

  private func packedWidth(_ columns: Range<Int>) -> Int {
    (columns.count + panelWidth - 1) / panelWidth * panelWidth
  }

  private func place(_ part: Int, _ columns: Range<Int>) -> UnsafeMutablePointer<Float> {
    memory.buffer.pointer + columns.lowerBound * (steps.last?.upperBound ?? 0) + steps[part].lowerBound
      * packedWidth(columns)
  }
}
