import DenseMath
import Files
import Foundation
import Interpretability
import TestSupport
import Testing
import Transformer

/// Corpus statistics against plain loops in Double over the states of the oracle.
@Suite struct LensStatisticsTests {
  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("TransformerTests/Fixtures").path

  /// Texts of a tiny model, in two parts.
  private static func texts(_ model: Model) -> [LensCorpusText] {
    var numbers = SeededNumbers(seed: 5)
    return (0..<7).map { index in
      let ids = (0..<3 + index).map { _ in Int32(numbers.next() % UInt64(model.dimensions.vocabulary)) }
      let ends = ids.indices.map { 3 * ($0 + 1) }
      return model.traits.isCausal
        ? .causal(id: "\(index)", ids: ids, ends: ends)
        : .masked(id: "\(index)", ids: ids, ends: ends, mask: 4, special: [], share: 0.5, seed: 1)
    }
  }

  private static func parts(_ lens: LogitLens, _ texts: [LensCorpusText], threads: Int = 2) throws -> [LensCorpusPart] {
    try [Array(texts[..<3]), Array(texts[3...])].map { texts in
      let sums = LensDistributions(levels: lens.levels.count, vocabulary: lens.heads[0].vocabulary)
      let found = try lens.sums(of: texts, distributions: sums, workspace: Workspace(threads: Threads(threads)))
      return LensCorpusPart(texts: found, distributions: lens.levels.indices.map { sums[$0] })
    }
  }

  @Test(arguments: ["tiny/gpt2", "tiny/bert"]) func matchesPlainLoops(_ name: String) throws {
    let model = try Golden.model(name)
    let lens = try LogitLens(model)
    let texts = Self.texts(model)
    let found = try LensStatistics(levels: lens.levels, parts: Self.parts(lens, texts), seed: 3)
    let head = PlainHead(try model.requireUnembedding())
    let oracle = try Oracle(directory: Self.folder + "/" + name)
    let d = model.dimensions.hidden

    // [texts][places][levels][V]
    let logs = try texts.map { text in
      let hidden = try oracle.forward(text.ids.map(Int.init)).hidden
      return text.places.map { place in hidden.map { head.logProbabilities(Array($0[place * d..<(place + 1) * d])) } }
    }
    func best(_ row: [Double]) -> Int { row.indices.max { (row[$0], $1) < (row[$1], $0) } ?? 0 }
    func divergence(_ p: [Double], _ q: [Double]) -> Double {
      let (a, b) = (p.reduce(0, +), q.reduce(0, +))
      return zip(p, q).reduce(0) { $0 + $1.0 / a * log($1.0 / a / ($1.1 / b)) }
    }
    func total(_ level: Int, _ texts: [Int]) -> [Double] {
      var sums = [Double](repeating: 0, count: model.dimensions.vocabulary)
      for text in texts {
        for place in logs[text] { for (id, log) in place[level].enumerated() { sums[id] += exp(log) } }
      }
      return sums
    }
    let places = logs.joined()
    let n = Double(places.count)
    let truth = texts.flatMap(\.truth).map(Int.init)
    let last = lens.levels.count - 1
    #expect(found.places == places.count && found.texts == texts.count)
    let bytes = model.traits.isCausal ? 3 * places.count : 3 * truth.count
    #expect(found.bytes == bytes)

    var depth = 0.0
    for (level, statistics) in found.levels.enumerated() {
      let entropy = places.reduce(0) { $0 - $1[level].reduce(0) { $0 + exp($1) * $1 } } / n
      let kl = places.reduce(0) { $0 + zip($1[last], $1[level]).reduce(0) { $0 + exp($1.0) * ($1.0 - $1.1) } } / n
      let loss = zip(places, truth).reduce(0) { $0 - $1.0[level][$1.1] } / n
      let agreement = Double(places.count { best($0[level]) == best($0[last]) }) / n
      let settled =
        Double(places.count { place in (level...last).allSatisfy { best(place[$0]) == best(place[last]) } }) / n
      depth += 1 - settled
      let whole = divergence(total(last, Array(texts.indices)), total(level, Array(texts.indices)))
      let bias = [Array(0..<3), Array(3..<7)].reduce(0.0) { sum, part in
        let rest = texts.indices.filter { !part.contains($0) }
        let size = part.reduce(0.0) { $0 + Double(logs[$1].count) }
        let ratio = n / size
        return sum + size / n * (ratio * whole - (ratio - 1) * divergence(total(last, rest), total(level, rest)))
      }
      expectClose(
        [statistics.entropy.value, statistics.klToFinal.value, statistics.loss.value, statistics.bitsPerByte.value],
        [entropy, kl, loss, loss * n / log(2) / Double(bytes)], absolute: 2e-5, relative: 2e-5, "\(level)")
      expectClose([statistics.bias.value], [bias], absolute: 2e-5, relative: 2e-4, "bias \(level)")
      expectClose(
        [statistics.agreement.value, statistics.settled.value], [agreement, settled], absolute: 1e-12, relative: 0,
        "\(level)")
      let interval = try #require(statistics.loss.interval)
      #expect(interval.low <= loss && loss <= interval.high && interval.low < interval.high)
    }
    expectClose([found.settleDepth.value], [depth], absolute: 1e-12, relative: 0, "depth")
    #expect(found.levels[last].klToFinal.value == 0 && found.levels[last].bias.value == 0)
  }

  /// Journals and results read back are the same numbers, and threads change none.
  @Test func readsBackWhatItWrites() throws {
    let model = try Golden.model("tiny/bert")
    let lens = try LogitLens(model)
    let parts = try Self.parts(lens, Self.texts(model))
    #expect(try Self.parts(lens, Self.texts(model), threads: 1) == parts)
    for part in parts {
      let text = try JSON(encoding: part).serialized()
      #expect(try LensCorpusPart(JSONNode(JSON.parse(text, path: "journal"), path: "journal")) == part)
    }
    let members = try JSON(encoding: LensStatistics(levels: lens.levels, parts: parts, seed: 3))
    let again = try LensStatistics(JSONNode(JSON.parse(members.serialized(), path: "results"), path: "results"))
    #expect(try JSON(encoding: again).serialized() == members.serialized())
  }

  @Test func masksByShareSeedAndText() {
    func masked(_ id: String, _ seed: UInt64, share: Double = 0.25) -> LensCorpusText {
      let ids: [Int32] = [1] + (10..<30) + [2]
      return .masked(
        id: id, ids: ids, ends: ids.indices.map { $0 * 4 }, mask: 3, special: [1, 2], share: share, seed: seed)
    }
    let text = masked("a", 1)
    #expect(text.places.count == 5 && text.places == text.places.sorted() && text.bytes == 20)
    #expect(text.places.allSatisfy { text.ids[$0] == 3 } && text.truth == text.places.map { Int32($0 + 9) })
    #expect(text.ids.count { $0 == 3 } == 5 && text.ids.first == 1 && text.ids.last == 2)
    #expect(masked("a", 1) == text && masked("b", 1).places != text.places && masked("a", 2).places != text.places)
    #expect(masked("a", 1, share: 0.001).places.count == 1 && masked("a", 1, share: 1).places.count == 20)
  }

  /// A character of several tokens counts its bytes once.
  @Test func bytesCountOnce() {
    let text = LensCorpusText.causal(id: "a", ids: [1, 2, 3, 4], ends: [2, 6, 6, 7])
    #expect(text.bytes == 5 && text.places == [0, 1, 2] && text.truth == [2, 3, 4])
    #expect(LensCorpusText.causal(id: "a", ids: [1], ends: [2]).places.isEmpty)
  }

  @Test func batchesAreDealtInTurn() {
    #expect(LensCorpusPart.plan(batches: 3) == [[0], [1], [2]])
    let plan = LensCorpusPart.plan(batches: 70)
    #expect(plan.count == LensCorpusPart.mostParts && plan[0] == [0, 32, 64] && plan[31] == [31, 63])
  }
}
