import DenseMath
import Testing

@Suite struct TensorTests {
  @Test func shapes() {
    let scalar = Tensor(shape: [], [7])
    #expect((scalar.count, scalar.rows, scalar.columns) == (1, 1, 1))
    let vector = Tensor(shape: [3], [1, 2, 3])
    #expect((vector.count, vector.rows, vector.columns) == (3, 3, 1))
    let cube = Tensor(shape: [2, 3, 2], (0..<12).map { Float($0) })
    #expect((cube.count, cube.rows, cube.columns) == (12, 2, 6))
    #expect(cube[7] == 7)
    let empty = Tensor(shape: [0, 5], [])
    #expect((empty.count, empty.rows, empty.columns) == (0, 0, 5))
    #expect(empty.values.isEmpty)
  }

  @Test func rowsShareMemory() {
    let tensor = Tensor(shape: [4, 2], (0..<8).map { Float($0) })
    let middle = tensor[rows: 1..<3]
    #expect(middle.shape == [2, 2])
    #expect(middle.values == [2, 3, 4, 5])
    #expect(middle.pointer == tensor.pointer + 2)
    #expect(tensor[rows: 4..<4].count == 0)
  }

  /// A slice keeps the memory of the tensor it came from.
  @Test func slicesOutliveTheirTensor() {
    func slice() -> Tensor { Tensor(shape: [1000, 8], (0..<8000).map { Float($0) })[rows: 999..<1000] }
    let last = slice()
    _ = Tensor(shape: [8000], [Float](repeating: -1, count: 8000))
    #expect(last.values == (7992..<8000).map { Float($0) })
  }

  @Test(arguments: [0, 1, 15, 16, 1000]) func buffersAreZeroAndAligned(_ count: Int) {
    let buffer = FloatBuffer(count: count)
    #expect(Int(bitPattern: buffer.pointer) % 64 == 0)
    #expect(withExtendedLifetime(buffer) { (0..<count).allSatisfy { buffer.pointer[$0].bitPattern == 0 } })
  }

  @Test func aTensorTakesABufferOver() {
    let buffer = FloatBuffer(count: 10)
    for index in 0..<10 { buffer.pointer[index] = Float(index) }
    #expect(Tensor(shape: [2, 3], buffer).values == [0, 1, 2, 3, 4, 5])
  }
}
