import DenseMath
import TestSupport
import Testing

/// Products with a factor that is kept packed have the bits of those without, and read the copy.
@Suite struct KeptFactorTests {
  /// Memory as of a mapped file, which a test can write.
  private final class Memory: RereadableMemory {
    let buffer: FloatBuffer
    let isRereadable: Bool
    /// Bytes given back, those of a part as often as it is.
    private(set) var released = 0

    init(_ values: [Float], isRereadable: Bool = true) {
      buffer = FloatBuffer(count: values.count)
      for (index, value) in values.enumerated() { buffer.pointer[index] = value }
      self.isRereadable = isRereadable
    }

    func release(_ part: UnsafeRawBufferPointer) { released += part.count }
  }

  private struct Case: CustomTestStringConvertible {
    let k: Int
    let n: Int
    let columns: Range<Int>
    var testDescription: String { "\(k) x \(n), columns \(columns)" }
  }

  /// Sizes around those of panels, groups and parts of a sum; columns from the first of a group and from others.
  private static let cases = [
    Case(k: 1, n: 1, columns: 0..<1), Case(k: 5, n: 33, columns: 0..<33), Case(k: 385, n: 130, columns: 0..<130),
    Case(k: 384, n: 300, columns: 128..<300), Case(k: 770, n: 400, columns: 256..<270),
    Case(k: 17, n: 300, columns: 40..<290),
  ]

  private func product(
    _ a: Tensor, _ b: MatrixView, _ kept: KeptColumns?, _ precision: Precision, threads: Int
  ) -> [UInt32] {
    let c = FloatBuffer(count: a.rows * b.columns)
    let rounding =
      precision == .bfloat16 ? FloatBuffer(count: RoundedRows.size(rows: a.rows, columns: a.columns)) : nil
    Product.multiply(
      MatrixView(a), b, into: MutableMatrixView(c, rows: a.rows, columns: b.columns), rounding: rounding, kept: kept,
      threads: Threads(threads))
    return (0..<c.count).map { c.pointer[$0].bitPattern }
  }

  @Test(arguments: Rows.sets, [(Precision.float32, false), (.float32, true), (.bfloat16, false), (.bfloat16, true)])
  func keepsTheBits(set: InstructionSet, kind: (precision: Precision, transposed: Bool)) throws {
    let (precision, transposed) = kind
    var numbers = SeededNumbers(seed: 97)
    try set.run {
      for sizes in Self.cases {
        let memory = Memory(numbers.normal(count: sizes.k * sizes.n))
        let weight = Tensor(
          shape: transposed ? [sizes.n, sizes.k] : [sizes.k, sizes.n], pointer: UnsafePointer(memory.buffer.pointer),
          owner: memory)
        let kept = try #require(KeptFactor(weight, isTransposed: transposed))
        let columns = KeptColumns(kept, from: sizes.columns.lowerBound)
        let matrix = transposed ? MatrixView(weight).transposed : MatrixView(weight)
        let b = matrix[columns: sizes.columns]
        let factors = [1, 2, 14, 15, 29, 70, 200].map { rows in
          Tensor(shape: [rows, sizes.k], numbers.normal(count: rows * sizes.k))
        }
        let expected = factors.map { product($0, b, nil, precision, threads: 1) }
        for index in 0..<3 {
          #expect(product(factors[index], b, columns, precision, threads: 1) == expected[index])
          #expect(memory.released == 0, "\(sizes)")
        }
        #expect(product(factors[3], b, columns, precision, threads: 1) == expected[3])
        guard sizes.columns.lowerBound % 128 == 0 else {
          #expect(memory.released == 0, "\(sizes)")
          continue
        }
        #expect(memory.released >= 4 * sizes.k * sizes.n, "\(sizes)")
        // From now on nobody reads the weight.
        for index in 0..<memory.buffer.count { memory.buffer.pointer[index] = .nan }
        for (a, expected) in zip(factors, expected) {
          #expect(product(a, b, columns, precision, threads: 1) == expected, "\(sizes), \(a.rows) rows")
        }
      }
    }
  }

  @Test(arguments: Precision.allCases) func anyNumberOfThreadsReadsIt(precision: Precision) throws {
    var numbers = SeededNumbers(seed: 98)
    let memory = Memory(numbers.normal(count: 500 * 700))
    let weight = Tensor(shape: [700, 500], pointer: UnsafePointer(memory.buffer.pointer), owner: memory)
    let columns = try KeptColumns(#require(KeptFactor(weight, isTransposed: true)), from: 0)
    let a = Tensor(shape: [60, 500], numbers.normal(count: 60 * 500))
    let expected = product(a, MatrixView(weight).transposed, nil, precision, threads: 1)
    for threads in [3, 1, 2, 4, 3, 1, 7] {
      #expect(product(a, MatrixView(weight).transposed, columns, precision, threads: threads) == expected)
    }
    #expect(memory.released > 0)
  }

  /// What was packed for one instruction set is not read by another one.
  @Test func otherInstructionSetsReadTheWeight() throws {
    var numbers = SeededNumbers(seed: 99)
    let memory = Memory(numbers.normal(count: 40 * 50))
    let weight = Tensor(shape: [40, 50], pointer: UnsafePointer(memory.buffer.pointer), owner: memory)
    let columns = try KeptColumns(#require(KeptFactor(weight, isTransposed: false)), from: 0)
    let a = Tensor(shape: [20, 40], numbers.normal(count: 20 * 40))
    for set in Rows.sets + Rows.sets.reversed() + Rows.sets {
      try set.run {
        let expected = product(a, MatrixView(weight), nil, .float32, threads: 1)
        for _ in 0..<2 { #expect(product(a, MatrixView(weight), columns, .float32, threads: 1) == expected) }
      }
    }
  }

  /// Weights that training changes are no part of a file.
  @Test func keepsOnlyWhatAFileHolds() {
    let values = [Float](repeating: 1, count: 6)
    let memory = Memory(values, isRereadable: false)
    #expect(
      KeptFactor(
        Tensor(shape: [2, 3], pointer: UnsafePointer(memory.buffer.pointer), owner: memory), isTransposed: false) == nil
    )
    #expect(KeptFactor(Tensor(shape: [2, 3], values), isTransposed: false) == nil)
  }
}

@Suite struct KeptMemoryTests {
  @Test func takesHalfAtMost() throws {
    let allowance = KeptMemory.Allowance(halfOf: 8000)
    let first = try #require(KeptMemory(count: 600, of: allowance))
    #expect(KeptMemory(count: 401, of: allowance) == nil)
    var second = KeptMemory(count: 400, of: allowance)
    #expect(second != nil)
    #expect(KeptMemory(count: 1, of: allowance) == nil)
    second = nil
    #expect(KeptMemory(count: 400, of: allowance) != nil)
    withExtendedLifetime((first, second)) {}
  }

  private static let groups: [(text: String, files: [String: String], expected: Int?)] = [
    ("0::/a/b\n", ["/sys/fs/cgroup/a/b/memory.max": "max\n", "/sys/fs/cgroup/a/memory.max": "4096\n"], 4096),
    ("0::/a/b\n", ["/sys/fs/cgroup/a/b/memory.max": "512\n", "/sys/fs/cgroup/memory.max": "4096\n"], 512),
    ("0::/\n", ["/sys/fs/cgroup/memory.max": "77\n"], 77),
    ("0::/\n", ["/sys/fs/cgroup/memory.max": "max\n"], nil),
    (
      "11:pids:/x\n4:cpu,memory:/x\n0::/\n",
      ["/sys/fs/cgroup/memory/x/memory.limit_in_bytes": "99\n", "/sys/fs/cgroup/pids/x/memory.limit_in_bytes": "1"], 99
    ),
    ("", [:], nil),
    ("no line of a group\n", ["/sys/fs/cgroup/memory.max": "1"], nil),
  ]

  /// The least limit of a group and of those it is in.
  @Test(arguments: groups.indices) func readsTheLimitOfAGroup(index: Int) {
    let group = Self.groups[index]
    #expect(MemoryLimit.controlGroup(group.text) { group.files[$0] } == group.expected)
  }

  @Test func theProcessHasALimit() { #expect(MemoryLimit.ofProcess > 1 << 20) }
}
