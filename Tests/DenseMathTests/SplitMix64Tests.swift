import DenseMath
import Testing

@Suite struct SplitMix64Tests {
  // The first values for seeds 0 and 1234567 as in Vigna's splitmix64.c; the rest from an independent Python version.
  @Test func matchesTheReferenceSequence() {
    var zero = SplitMix64(seed: 0)
    #expect((0..<3).map { _ in zero.next() } == [0xE220_A839_7B1D_CDAF, 0x6E78_9E6A_A1B9_65F4, 0x06C4_5D18_8009_454F])
    var other = SplitMix64(seed: 1_234_567)
    #expect(
      (0..<5).map { _ in other.next() } == [
        6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423, 4_593_380_528_125_082_431,
        16_408_922_859_458_223_821,
      ])
  }

  @Test func uniformNumbersAreExact() {
    var generator = SplitMix64(seed: 7)
    #expect((0..<3).map { _ in generator.uniform() } == [0.3898297483912715, 0.01678829452815611, 0.9007606806068834])
  }

  @Test func boundedNumbersAreExactAndWithinTheBound() {
    var generator = SplitMix64(seed: 5)
    #expect((0..<12).map { _ in generator.uniform(below: 3) } == [2, 1, 2, 2, 1, 1, 0, 0, 1, 2, 0, 1])
    // A bound just above 2⁶² rejects almost a quarter of the raw values.
    #expect(
      (0..<12).map { _ in generator.uniform(below: (1 << 62) + 1) }.suffix(3) == [
        3_922_199_910_016_846_849, 3_437_873_765_029_176_787, 3_847_318_809_557_574_878,
      ])
    #expect((0..<10).allSatisfy { _ in generator.uniform(below: 1) == 0 })
  }

  @Test func normalNumbersMatchAndHaveUnitVariance() {
    var generator = SplitMix64(seed: 7)
    let expected = [0.9884743323187353, -1.8642558067312274, 0.00392020721518934, -0.5292707004741914]
    for value in expected { #expect(abs(generator.normal() - value) <= 1e-14) }

    generator = SplitMix64(seed: 3)
    let values = (0..<100_000).map { _ in generator.normal() }
    let mean = values.reduce(0, +) / 100_000
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 100_000
    #expect(abs(mean - -0.0019061987693256895) <= 1e-10)
    #expect(abs(variance - 0.99531458652525) <= 1e-10)
  }

  @Test func permutationsAreExactAndHoldEveryNumber() {
    var generator = SplitMix64(seed: 42)
    #expect(generator.permutation(of: 10) == [0, 9, 5, 8, 6, 4, 7, 2, 1, 3])
    #expect(generator.permutation(of: 5) == [2, 0, 1, 3, 4])
    #expect(generator.permutation(of: 1000).sorted() == Array(0..<1000))
    #expect(generator.permutation(of: 1) == [0])
    #expect(generator.permutation(of: 0) == [])
  }

  @Test func samplesAreDifferentNumbersInOrder() {
    var generator = SplitMix64(seed: 1)
    #expect(generator.sample(5, of: 3) == [0, 1, 2])
    #expect(generator.sample(0, of: 3) == [])
    var counts = [Int](repeating: 0, count: 10)
    for _ in 0..<2000 {
      let sample = generator.sample(3, of: 10)
      #expect(Set(sample).count == 3 && sample == sample.sorted())
      for number in sample { counts[number] += 1 }
    }
    // Each of 600 on average, standard deviation 20.
    #expect(counts.allSatisfy { abs($0 - 600) < 100 })
    #expect(generator.sample(4, of: 1_000_000_000).allSatisfy { (0..<1_000_000_000).contains($0) })
  }
}
