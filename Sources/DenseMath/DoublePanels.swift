import CVectorMath

/// One factor of products in Double: lines of numbers that run along the sum, rearranged as the kernels read them.
///
/// A left factor's lines are the rows of the result, a right one's its columns. Sums run over the steps in order, in parts of
/// fixed length, so an element's bits depend on its two lines alone: not on other lines, the threads, or how a product is cut.
final class DoublePanels {
  enum Side { case left, right }

  let side: Side
  let lines: Int
  /// The most steps that there is room for.
  let capacity: Int
  /// Lines per panel.
  private let width: Int
  private let memory: UnsafeMutablePointer<Double>

  /// Steps that the kernel runs over at a time: that part of a panel stays in a core's first-level cache.
  private static let part = 384
  /// Columns of the result that stay packed in the second-level cache for one band of rows.
  private static let groupColumns = 128
  /// Rows of a band.
  private static let bandRows = 336

  init(_ side: Side, lines: Int, capacity: Int) {
    self.side = side
    self.lines = lines
    self.capacity = capacity
    width = side == .left ? cvm_panel_height() : cvm_double_panel_width()
    let count = max(1, (lines + width - 1) / width * width * capacity)
    memory = UnsafeMutableRawPointer.allocate(byteCount: count * MemoryLayout<Double>.stride, alignment: 64)
      .bindMemory(to: Double.self, capacity: count)
    memory.initialize(repeating: 0, count: count)
  }

  deinit { UnsafeMutableRawPointer(memory).deallocate() }

  /// From one panel to the next, in numbers.
  private var panelStride: Int { width * capacity }

  /// Sets one step of all lines: `number(line)`.
  @inline(__always)
  func setStep(_ step: Int, _ number: (_ line: Int) -> Double) {
    for first in stride(from: 0, to: lines, by: width) {
      let to = memory + first * capacity + step * width
      for line in 0..<min(width, lines - first) { to[line] = number(first + line) }
    }
  }

  /// Sets all steps of one line: `number(step)`.
  @inline(__always)
  func setLine(_ line: Int, steps: Int, _ number: (_ step: Int) -> Double) {
    let to = memory + line / width * panelStride + line % width
    for step in 0..<steps { to[step * width] = number(step) }
  }

  /// c = a b, or c + a b when `adding`.
  /// - Parameters:
  ///   - a: the left factor; `b`: the right one.
  ///   - steps: how many steps count.
  ///   - c: [a's lines, b's lines]
  ///   - isSymmetric: entries below the diagonal may be left as they are.
  static func multiply(
    _ a: DoublePanels, _ b: DoublePanels, steps: Int, into c: UnsafeMutablePointer<Double>, adding: Bool,
    isSymmetric: Bool = false, threads: Threads
  ) {
    precondition(
      a.side == .left && b.side == .right && steps <= min(a.capacity, b.capacity),
      "\(a.side) times \(b.side), \(steps) steps of \(a.capacity) and \(b.capacity)")
    let (rows, columns) = (a.lines, b.lines)
    guard rows > 0, columns > 0 else { return }
    // Bands are low where there are few tasks for the threads; a band is read once for each group of columns.
    let groups = (columns + groupColumns - 1) / groupColumns
    let wanted = threads.count == 1 ? 1 : (4 * threads.count + groups - 1) / groups
    let bands = max((rows + bandRows - 1) / bandRows, min(wanted, (rows + a.width - 1) / a.width))
    let panels = (rows + a.width - 1) / a.width
    threads.run(groups * bands) { task, _ in
      precondition(
        a.width == cvm_panel_height() && b.width == cvm_double_panel_width(), "packed on another instruction set")
      let (group, band) = (task / bands, task % bands)
      let (start, end) = (group * groupColumns, min(columns, (group + 1) * groupColumns))
      for first in stride(from: 0, to: max(steps, 1), by: part) {
        for panel in panels * band / bands..<panels * (band + 1) / bands {
          let row = panel * a.width
          let column = isSymmetric ? max(start, row / b.width * b.width) : start
          guard column < end else { break }
          cvm_multiply_double_panels(
            c + row * columns + column, columns, a.memory + panel * a.panelStride + first * a.width,
            min(a.width, rows - row), b.memory + column / b.width * b.panelStride + first * b.width, b.panelStride,
            end - column, min(part, steps - first), adding || first > 0 ? 1 : 0)
        }
      }
    }
  }
}
