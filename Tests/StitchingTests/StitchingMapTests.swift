import Checkpoints
import DenseMath
import Stitching
import TestSupport
import Testing
import Tokenization
import Transformer

/// The maps against the stored ones and against their definitions.
@Suite struct StitchingMapTests {
  struct Pair: Sendable, CustomTestStringConvertible {
    let a: String
    let b: String
    let expected: String
    var testDescription: String { expected }
  }

  static let pairs = [
    Pair(a: Places.tiny("bert"), b: Places.tiny("bert-sibling"), expected: "tiny/bert-to-bert-sibling"),
    Pair(a: Places.tiny("bert"), b: Places.tiny("bert-wide"), expected: "tiny/bert-to-bert-wide"),
    Pair(a: Places.tiny("gpt2-wide"), b: Places.tiny("gpt2"), expected: "tiny/gpt2-wide-to-gpt2"),
    Pair(
      a: Places.model("imdb-bert-2"), b: Places.model("imdb-bert-1"), expected: "trained/imdb-bert-2-to-imdb-bert-1"),
  ]

  // Largest measured error: 2e-14 of the largest magnitude.
  @Test(arguments: pairs) func mapsMatchTheStoredOnes(_ pair: Pair) throws {
    let file = try SafetensorsFile(Places.fixture(pair.expected + "/expected.safetensors"))
    let (a, b) = (try Model(directory: pair.a), try Model(directory: pair.b))
    let maps = try StitchingMaps(
      a.wE, b.wE, shared: SharedVocabulary(count: a.wE.rows), seed: 1, threads: Threads(2))
    #expect(maps.inverse.method == .cholesky)
    for (kind, name) in [(MapRecipe.pinv, "stitch_map"), (.transpose, "transpose_map")] {
      let (shape, values) = try file.doubles(name)
      let map = try maps.map(kind)
      #expect(shape == [map.matrix.rows, map.matrix.columns])
      expectCloseToLargest(map.matrix.values, values, fraction: 1e-12, name)
    }
  }

  /// S of a model onto itself is the identity: E E⁺ = I.
  @Test func mapOntoItselfIsTheIdentity() throws {
    let model = try Model(directory: Places.model("imdb-gpt2-wide"))
    let maps = try StitchingMaps(
      model.wE, model.wE, shared: SharedVocabulary(count: model.wE.rows), seed: 1, threads: Threads(2))
    let d = model.dimensions.hidden
    expectClose(
      try maps.map(.pinv).matrix.values, DoubleMatrix.identity(d).values, absolute: 1e-11, relative: 0, "E E⁺")
  }

  @Test func randomMapsHaveTheNormOfPinvAndDifferByDrawAndSeed() throws {
    let (a, b) = (try Model(directory: Places.tiny("gpt2-wide")), try Model(directory: Places.tiny("gpt2")))
    func maps(_ seed: UInt64) throws -> StitchingMaps {
      try StitchingMaps(a.wE, b.wE, shared: SharedVocabulary(count: a.wE.rows), seed: seed, threads: Threads(1))
    }
    let seven = try maps(7)
    let norm = try seven.map(.pinv).matrix.frobeniusNorm
    let draws = try (0..<5).map { try seven.map(.random, draw: $0).matrix }
    for draw in draws { #expect(abs(draw.frobeniusNorm - norm) < 1e-12 * norm) }
    #expect(Set(draws.map { $0[0, 0] }).count == 5)
    #expect(try maps(7).map(.random, draw: 3).matrix == draws[3])
    #expect(try maps(8).map(.random, draw: 3).matrix != draws[3])
    // Draw 0 of another seed must not be another draw of this one.
    #expect(try maps(8).map(.random, draw: 0).matrix != draws[1])
  }

  /// Permuting the rows of B's embedding by hand and taking `pinv` is the definition of `shuffled`.
  @Test func shuffledMapsKeepBsGeometryButNotItsTokens() throws {
    let (a, b) = (try Model(directory: Places.tiny("bert")), try Model(directory: Places.tiny("bert-wide")))
    let maps = try StitchingMaps(a.wE, b.wE, shared: SharedVocabulary(count: a.wE.rows), seed: 3, threads: Threads(1))
    var generator = SplitMix64(seed: 3)
    let order = generator.permutation(of: b.wE.rows)
    let width = b.wE.columns
    let permuted = Tensor(
      shape: b.wE.shape, order.flatMap { row in (0..<width).map { b.wE[row * width + $0] } })
    let byHand = try StitchingMaps(
      a.wE, permuted, shared: SharedVocabulary(count: a.wE.rows), seed: 3, threads: Threads(1)
    ).map(.pinv)
    let shuffled = try maps.map(.shuffled, draw: 0)
    expectCloseToLargest(shuffled.matrix.values, byHand.matrix.values, fraction: 1e-11, "shuffled")
    #expect(shuffled.matrix != (try maps.map(.pinv).matrix))
  }

  @Test func identityNeedsEqualWidths() throws {
    let (a, b) = (try Model(directory: Places.tiny("gpt2-wide")), try Model(directory: Places.tiny("gpt2")))
    let maps = try StitchingMaps(a.wE, b.wE, shared: SharedVocabulary(count: a.wE.rows), seed: 1, threads: Threads(1))
    #expect(
      throws: StitchingError.differentWidths(
        map: "identity", pretrained: a.dimensions.hidden, finetuned: b.dimensions.hidden)
    ) { try maps.map(.identity) }
  }

  /// The result must not depend on the number of threads.
  @Test func mapsAreTheSameOnAnyNumberOfThreads() throws {
    let (a, b) = (
      try Model(directory: Places.model("imdb-gpt2-wide")), try Model(directory: Places.model("imdb-gpt2-narrow"))
    )
    let made = try [1, 2, 3].map { count in
      try StitchingMaps(
        a.wE, b.wE, shared: SharedVocabulary(count: a.wE.rows), seed: 1, threads: Threads(count)
      ).map(.pinv).matrix.values
    }
    expectCloseToLargest(made[1], made[0], fraction: 1e-13, "2 threads")
    expectCloseToLargest(made[2], made[0], fraction: 1e-13, "3 threads")
  }
}
