import DenseMath
import TestSupport
import Testing
import Transformer

/// Reading a text piece by piece with a key-value cache gives the results of reading it at once; measured: within
/// 4.4e-7 of the largest magnitude.
@Suite struct CacheTests {
  static let models = [
    "tiny/gpt2", "tiny/gpt2-wide", "variants/gpt2-odd-sizes", "variants/gpt2-unscaled", "variants/gpt2-float16",
  ]

  @Test(arguments: models) func piecesEqualTheWhole(_ name: String) throws {
    try check(try Model(directory: Fixtures.path(name)), pieces: [[1], [2], [3, 1], [7, 2, 5], [16]])
  }

  /// Pieces longer than a tile of attention's query rows (84).
  @Test func longPiecesEqualTheWhole() throws {
    let directory = try TemporaryDirectory()
    let model = try TinyCheckpoint.gpt2(positions: 300).open(in: directory)
    try check(model, pieces: [[200], [3, 150], [1], [129, 1, 130], [84, 85, 131]])
  }

  /// Reads all positions in pieces of the given sizes, repeatedly.
  private func check(_ model: Model, pieces: [[Int]]) throws {
    var numbers = SeededNumbers(seed: 31)
    let ids = numbers.ids(model.positions, below: model.dimensions.vocabulary)
    let workspace = Workspace(threads: Threads(2))
    let whole = try model.forward(try PackedBatch([ids]), workspace: workspace).values.doubles
    for sizes in pieces {
      let cache = KeyValueCache(model.dimensions, capacity: model.positions)
      let other = KeyValueCache(model.dimensions, capacity: model.positions)
      var values: [Float] = []
      var turn = 0
      while cache.tokens < ids.count {
        let piece = ids.dropFirst(cache.tokens).prefix(sizes[turn % sizes.count])
        let before = cache.tokens
        let h = try model.extend(Array(piece), cache: cache, workspace: workspace)
        #expect(h.tokens == piece.count)
        #expect(cache.tokens == before + piece.count)
        values += h.values
        let last = try model.extend(Array(piece), rows: [piece.count - 1], cache: other, workspace: workspace)
        #expect(last.values.suffix(h.width).map(\.bitPattern) == h.values.suffix(h.width).map(\.bitPattern))
        turn += 1
      }
      expectCloseToLargest(values, whole, fraction: 2e-5, "pieces of \(sizes)")
      #expect(throws: TransformerError.tooLong(tokens: ids.count + 1, positions: ids.count)) {
        try model.extend([0], cache: cache, workspace: workspace)
      }
    }
  }

  @Test func aSmallCacheSaysThatItIsFull() throws {
    let model = try Model(directory: Fixtures.path("tiny/gpt2"))
    let cache = KeyValueCache(model.dimensions, capacity: 4)
    let workspace = Workspace()
    _ = try model.extend([1, 2, 3], cache: cache, workspace: workspace)
    #expect(throws: TransformerError.tooLong(tokens: 5, positions: 4)) {
      try model.extend([4, 5], cache: cache, workspace: workspace)
    }
    #expect(cache.tokens == 3)
    let last = try model.extend([4], cache: cache, workspace: workspace)
    let whole = try model.forward(try PackedBatch([[1, 2, 3, 4]]), workspace: workspace)
    expectCloseToLargest(last.values, whole.values.suffix(40).map(Double.init), fraction: 2e-5, "after a refusal")
  }

  @Test func wrongIdsLeaveTheCacheAsItWas() throws {
    let model = try Model(directory: Fixtures.path("tiny/gpt2"))
    let cache = KeyValueCache(model.dimensions, capacity: 8)
    #expect(throws: TransformerError.idOutOfRange(id: 243, position: 1, vocabulary: 243)) {
      try model.extend([1, 243], cache: cache, workspace: Workspace())
    }
    #expect(throws: TransformerError.emptySequence(index: 0)) {
      try model.extend([], cache: cache, workspace: Workspace())
    }
    #expect(cache.tokens == 0)
  }

  @Test func encodersHaveNoCache() throws {
    let model = try Model(directory: Fixtures.path("tiny/bert"))
    let cache = KeyValueCache(model.dimensions, capacity: 4)
    #expect(
      throws: TransformerError.missingHead(
        model: "bert", head: "causal attention",
        advice: "only a causal model, such as GPT-2, reads a text one token after the other")
    ) { try model.extend([1], cache: cache, workspace: Workspace()) }
  }
}
