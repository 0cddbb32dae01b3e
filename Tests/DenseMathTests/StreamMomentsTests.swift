import DenseMath
import TestSupport
import Testing

/// Several streams side by side are the moments of their concatenation, bit for bit.
@Suite struct StreamMomentsTests {
  private let rows = 700
  private let widths = [5, 3, 33, 4]
  private let streams: [[Float]]

  init() {
    var numbers = SeededNumbers(seed: 3)
    let rows = rows
    streams = widths.map { width in (0..<rows * width).map { _ in Float(numbers.normal() + 0.3) } }
  }

  private func moments(_ pairs: Set<StreamMoments.Pair>) -> StreamMoments {
    var moments = StreamMoments(widths: widths, pairs: pairs)
    for range in [0..<200, 200..<rows] {
      let parts = streams.indices.map { stream in
        Tensor(
          shape: [range.count, widths[stream]],
          Array(streams[stream][range.lowerBound * widths[stream]..<range.upperBound * widths[stream]]))
      }
      withExtendedLifetime(parts) {
        moments.add(parts.map(\.pointer), rows: range.count, threads: Threads(2))
      }
    }
    return moments
  }

  private func joined(_ places: [Int]) -> [Float] {
    (0..<rows).flatMap { row in
      places.flatMap { streams[$0][row * widths[$0]..<(row + 1) * widths[$0]] }
    }
  }

  @Test(arguments: [[0, 2], [2, 0, 1], [1]]) func sideBySideIsTheConcatenation(_ places: [Int]) {
    let all = Set((0..<4).flatMap { one in (0..<4).map { StreamMoments.Pair(one, $0) } })
    let found = moments(all).paired(places, with: 3)
    let p = places.reduce(0) { $0 + widths[$1] }
    let (x, y) = (Tensor(shape: [rows, p], joined(places)), Tensor(shape: [rows, 4], streams[3]))
    var expected = PairedMoments(p: p, q: 4)
    withExtendedLifetime((x, y)) {
      for range in [0..<200, 200..<rows] {
        expected.add(
          x: x.pointer + range.lowerBound * p, y: y.pointer + range.lowerBound * 4, rows: range.count,
          threads: Threads(1))
      }
    }
    #expect(found.count == rows && found.sumX == expected.sumX && found.sumY == expected.sumY)
    #expect(found.xx == expected.xx && found.xy == expected.xy && found.yy == expected.yy)
  }

  /// No bit depends on which other products are kept; one that is not is zero.
  @Test func productsAreKeptAlone() {
    let few = moments([.init(2, 0), .init(3, 3)])
    let all = moments(Set((0..<4).flatMap { one in (0..<4).map { StreamMoments.Pair(one, $0) } }))
    #expect(few.product(0, 2) == all.product(0, 2) && few.product(3, 3) == all.product(3, 3))
    #expect(few.product(2, 0) == all.product(0, 2).transposed)
    #expect(few.product(0, 1).values.allSatisfy { $0 == 0 } && all.product(0, 1).values.contains { $0 != 0 })
  }
}
