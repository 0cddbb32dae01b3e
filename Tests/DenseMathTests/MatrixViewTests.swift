import DenseMath
import Testing

/// Views of a matrix: which numbers they show.
@Suite struct MatrixViewTests {
  /// 0, 1, 2, ... in 4 rows of 6.
  private let tensor = Tensor(shape: [4, 6], (0..<24).map { Float($0) })

  /// The numbers of a view, row after row.
  private func values(_ view: MatrixView) -> [[Float]] {
    (0..<view.rows).map { row in
      (0..<view.columns).map { column in
        view.pointer[view.isTransposed ? column * view.stride + row : row * view.stride + column]
      }
    }
  }

  @Test func slicesAndTurns() {
    let whole = MatrixView(tensor)
    #expect((whole.rows, whole.columns, whole.stride, whole.isTransposed) == (4, 6, 6, false))
    #expect(values(whole[rows: 1..<3, columns: 2..<5]) == [[8, 9, 10], [14, 15, 16]])
    #expect(values(whole.transposed[rows: 2..<5, columns: 1..<3]) == [[8, 14], [9, 15], [10, 16]])
    #expect(values(whole[rows: 1..<3].transposed[rows: 2..<5]) == [[8, 14], [9, 15], [10, 16]])
    #expect(values(whole[columns: 5..<6].transposed) == [[5, 11, 17, 23]])
    #expect(values(whole.transposed.transposed) == values(whole))
    #expect(values(whole[rows: 4..<4]).isEmpty && whole[rows: 4..<4].columns == 6)
  }

  @Test func deeperAxesAreColumns() {
    let deep = MatrixView(Tensor(shape: [2, 3, 4], tensor.values))
    #expect((deep.rows, deep.columns) == (2, 12))
  }

  @Test func writesWhereItSays() {
    let buffer = FloatBuffer(count: 12)
    let view = MutableMatrixView(buffer, rows: 3, columns: 4)
    let part = view[rows: 1..<3, columns: 2..<4]
    part.pointer(1, 0).pointee = 7
    #expect(buffer.pointer[10] == 7 && part.stride == 4)
    #expect(values(MatrixView(part)) == [[0, 0], [7, 0]])
  }

  /// Of the first lines of 14 rows, at most 7 are in one of the 64 sets of a first-level cache, and 4 where rows begin with
  /// lines.
  @Test func rowsToReadSpreadOverTheCache() {
    for columns in 1...9000 {
      let stride = MutableMatrixView.readingStride(columns: columns)
      #expect(columns...columns + 31 ~= stride)
      var lines = [Int](repeating: 0, count: 64)
      for row in 0..<14 { lines[row * stride * 4 / 64 % 64] += 1 }
      #expect(lines.allSatisfy { $0 <= (columns % 16 == 0 ? 4 : 7) }, "\(columns) columns")
    }
  }
}
