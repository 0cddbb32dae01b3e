import DenseMath
import Files
import Foundation
import Interpretability
import TestSupport
import Testing
import Tokenization
import Transformer

@Suite struct AttentionSharesTests {
  private func tokenizer(_ name: String) throws -> Tokenizer {
    let directory = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("models/\(name)").path
    return try Tokenizer.load(directory: directory, modelType: name.contains("bert") ? "bert" : "gpt2")
  }

  @Test func tokensAreOfOneKind() throws {
    let bert = try tokenizer("imdb-bert-1")
    let ids = try bert.encode("good, bad $5 ... it's").ids
    #expect(
      AttentionTarget.kinds(of: ids, bert, isCausal: false).map(\.rawValue) == [
        "cls", "other", "punctuation", "other", "punctuation", "other", "punctuation", "punctuation", "punctuation",
        "other", "punctuation", "other", "sep",
      ], "\(ids.map(bert.display))")
    let gpt2 = try tokenizer("imdb-gpt2-wide")
    let pieces = try gpt2.encode(", good , bad.\n").ids
    let kinds = AttentionTarget.kinds(of: pieces, gpt2, isCausal: true)
    #expect(kinds.first == .first)
    for (id, kind) in zip(pieces, kinds).dropFirst() {
      #expect((kind == .punctuation) == [",", "."].contains(gpt2.display(id).replacingOccurrences(of: "␣", with: "")))
    }
  }

  /// Sums over the matrix by hand, from the weights themselves.
  @Test(arguments: ["imdb-bert-1", "imdb-gpt2-wide"]) func sharesAreSumsOfWeights(_ name: String) throws {
    let model = try Golden.model("trained/" + name)
    let tokenizer = try tokenizer(name)
    let isCausal = name.contains("gpt2")
    let text =
      "The plot, the acting and the music: a waste of two long hours. I want them back! Do not watch this film."
    let ids = try tokenizer.encode(text + " " + text).ids
    let method = EffectiveAttention(blocks: try AttentionValues.blocks(of: model))
    let study = AttentionStudy(model, method, tokenizer: tokenizer, lengths: [4, 40, 1000])
    var heads: [EffectiveAttention.Head] = []
    let record = try study.record(id: "a", ids, workspace: Workspace()) { heads.append($0) }
    let kinds = AttentionTarget.kinds(of: ids, tokenizer, isCausal: isCausal)
    let T = ids.count
    #expect(record.heads.count == heads.count && record.tokens == T)

    for (index, head) in heads.enumerated() {
      let own = record.heads[index]
      for (place, target) in study.targets.enumerated() {
        var (raw, effective, magnitude, uniform) = (0.0, 0.0, 0.0, 0.0)
        for i in 0..<T {
          let seen = isCausal ? i + 1 : T
          let total = (0..<T).reduce(0) { $0 + abs(head.effective[i, $1]) }
          for j in 0..<seen {
            let hit: Bool
            switch target {
            case .itself: hit = i == j
            case .previous: hit = j == i - 1
            case .next: hit = j == i + 1
            default: hit = kinds[j] == target
            }
            guard hit else { continue }
            raw += head.raw[i, j] / Double(T)
            effective += head.effective[i, j] / Double(T)
            magnitude += abs(head.effective[i, j]) / total / Double(T)
            uniform += 1 / Double(seen) / Double(T)
          }
        }
        expectClose(
          [own.shares.raw[place], own.shares.effective[place], own.shares.magnitude[place], record.uniform[place]],
          [raw, effective, magnitude, uniform], absolute: 1e-12, relative: 0, "\(target)")
      }
      // The kinds partition the tokens.
      let parts = study.targets.indices.filter { ![.itself, .previous, .next].contains(study.targets[$0]) }
      expectClose(
        [parts.reduce(0) { $0 + own.shares.raw[$1] }, parts.reduce(0) { $0 + record.uniform[$1] }], [1, 1],
        absolute: 1e-5, relative: 0, "sums")
      #expect(own.nullShare > 0.001 && own.nullShare < 1 && own.correlation < 0.9999)
    }
    // Three tokens and [SEP] are fewer than a head's dimensions: there is no null space.
    #expect(record.correlations.map(\.length) == [4, 40])
    expectClose(
      record.correlations[0].layers, [Double](repeating: 1, count: record.correlations[0].layers.count), absolute: 1e-9,
      relative: 0, "r of short texts")
    #expect(record.correlations[1].layers.allSatisfy { $0 < 0.9999 && $0 > -1 })
  }

  /// Pearson's formula with means and deviations, in plain loops.
  @Test func correlationIsPearsons() throws {
    let model = try Golden.model("trained/imdb-gpt2-narrow")
    let ids = (0..<60).map { Int32(100 + 37 * $0) }
    let head = try EffectiveAttention(blocks: AttentionValues.blocks(of: model)).heads(model, ids)[1][2]
    let pairs = (0..<60).flatMap { i in (0...i).map { (head.raw[i, $0], head.effective[i, $0]) } }
    let count = Double(pairs.count)
    let (mx, my) = (pairs.reduce(0) { $0 + $1.0 } / count, pairs.reduce(0) { $0 + $1.1 } / count)
    let xy = pairs.reduce(0) { $0 + ($1.0 - mx) * ($1.1 - my) }
    let xx = pairs.reduce(0) { $0 + ($1.0 - mx) * ($1.0 - mx) }
    let yy = pairs.reduce(0) { $0 + ($1.1 - my) * ($1.1 - my) }
    expectClose([head.correlation(isCausal: true)], [xy / (xx * yy).squareRoot()], absolute: 1e-12, relative: 0, "r")
    var (lost, all) = (0.0, 0.0)
    for (raw, effective) in pairs {
      lost += (raw - effective) * (raw - effective)
      all += raw * raw
    }
    expectClose([head.nullShare], [lost / all], absolute: 1e-12, relative: 0, "null share")
  }

  @Test func recordsComeBackFromJSON() throws {
    let model = try Golden.model("trained/imdb-bert-1")
    let study = AttentionStudy(
      model, EffectiveAttention(blocks: try AttentionValues.blocks(of: model)), tokenizer: try tokenizer("imdb-bert-1"),
      lengths: [4])
    let records = try [[2, 50, 60, 5, 3], [2, 5, 70, 80, 90, 3]].enumerated().map { index, ids in
      try study.record(id: "\(index)", ids.map { Int32($0) }, workspace: Workspace())
    }
    let back = try records.map {
      try AttentionRecord(JSONNode(JSON.parse(JSON(encoding: $0).serialized(), path: "line"), path: "line"))
    }
    #expect(back == records)
    let summary = AttentionSummary(records, targets: study.targets, seed: 1)
    #expect(summary.texts == 2 && summary.tokens == 11 && summary.heads.count == 16 && summary.layers.count == 4)
    let first = try #require(summary.heads.first)
    expectClose(
      [first.raw[0].mean, summary.layers[0].raw[0].mean],
      [
        (records[0].heads[0].shares.raw[0] + records[1].heads[0].shares.raw[0]) / 2,
        (0..<4).reduce(0) { $0 + records[0].heads[$1].shares.raw[0] + records[1].heads[$1].shares.raw[0] } / 8,
      ], absolute: 1e-12, relative: 0, "means")
    #expect(first.rank.mean == 5.5 && first.rank.interval?.low == 5 && first.rank.interval?.high == 6)
    #expect(summary.lengths.map(\.length) == [4] && summary.lengths[0].whole.count == 2)
  }
}
