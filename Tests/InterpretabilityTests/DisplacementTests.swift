import Checkpoints
import DenseMath
import Evaluation
import Foundation
import Interpretability
import TestSupport
import Testing
import Tokenization
import Transformer

@Suite struct DisplacementTests {
  private func pair(_ name: String) throws -> Displacement {
    try Displacement(
      of: try Golden.model("trained/\(name)-sentiment"), from: try Golden.model("trained/\(name)"))
  }

  private func tokenizer(_ model: Model) throws -> Tokenizer {
    try Tokenizer.load(directory: model.tokenizerDirectory, modelType: model.modelType)
  }

  /// Frobenius norms from the files' own tensors, by their Hugging Face names.
  @Test func movesAreNormsOfTheStoredDifference() throws {
    let displacement = try pair("imdb-gpt2-narrow")
    func tensor(_ model: Model, _ name: String) throws -> [Double] {
      let file = try SafetensorsFile(model.checkpoint.weightsPath)
      let key = ["transformer." + name, name].first { file.entry(named: $0) != nil }
      return try file.floats(try #require(key)).values.map(Double.init)
    }
    for (stored, name) in [("h.3.mlp.c_fc.weight", "ff-key"), ("h.2.attn.c_proj.weight", "output")] {
      let own = try tensor(displacement.model, stored)
      let base = try tensor(displacement.base, stored)
      let norm = zip(own, base).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
      let before = base.reduce(0) { $0 + $1 * $1 }.squareRoot()
      // From the base to the fine-tuned one; wIn has keys as columns.
      let kind: ParameterKind = name == "output" ? .output : .feedForwardKey
      let difference = displacement.difference(kind, layer: stored.contains("3") ? 3 : 2)
      let (r, d) = (difference.rows, difference.columns)
      let expected = (0..<r * d).map { index in
        let place = name == "output" ? index : index % d * r + index / d
        return own[place] - base[place]
      }
      expectClose(difference.values, expected, absolute: 1e-7, relative: 1e-5, stored)
      let layer = stored.contains("3") ? 3 : 2
      let move = try #require(displacement.moves.first { $0.layer == layer && $0.name == name })
      expectClose([move.norm, move.relative ?? -1], [norm, norm / before], absolute: 0, relative: 1e-9, stored)
    }
    // Frozen in the recipe: the lower blocks and the embedding.
    for move in displacement.moves where (move.layer ?? 0) < 2 { #expect(move.norm == 0 && move.relative == 0) }
    // A block's groups and its biases and norms are all of it.
    #expect(displacement.moves.count == 4 * 7 + displacement.model.outerParameters.count)
  }

  @Test func ranksVectorsByHowFarTheyMoved() throws {
    let displacement = try pair("imdb-bert-1")
    let moved = displacement.mostMoved(40)
    #expect(moved.count == 40)
    #expect(zip(moved, moved.dropFirst()).allSatisfy { $0.norm >= $1.norm })
    for vector in moved.prefix(5) {
      let d = displacement.difference(vector.group, layer: vector.place.layer)
      let own = (0..<d.columns).reduce(0.0) { $0 + pow(Double(d[vector.row * d.columns + $1]), 2) }.squareRoot()
      expectClose([vector.norm], [own], absolute: 0, relative: 1e-6, "\(vector.place)")
      #expect(displacement.moved(vector.group, vector.place, row: vector.row) == vector)
    }
    #expect(displacement.mostMoved(7, of: [.query]).allSatisfy { $0.group == .query })
    let still = try Displacement(of: displacement.base, from: displacement.base)
    #expect(still.mostMoved(5).isEmpty && still.moves.allSatisfy { $0.norm == 0 })
  }

  @Test func refusesAnotherShape() throws {
    for (model, base) in [
      ("trained/imdb-bert-1-sentiment", "trained/imdb-gpt2-narrow"), ("tiny/bert", "tiny/bert-wide"),
      ("tiny/gpt2", "trained/imdb-gpt2-narrow"),
    ] {
      #expect(throws: InterpretabilityError.self) {
        try Displacement(of: try Golden.model(model), from: try Golden.model(base))
      }
    }
  }

  /// What each class reads: the rows of the classifier, and for BERT these times the pooler's matrix as the file has it.
  @Test func classifierRowsReadTheStream() throws {
    let model = try Golden.model("trained/imdb-bert-1-sentiment")
    let file = try SafetensorsFile(model.checkpoint.weightsPath)
    let pooler = try file.floats("bert.pooler.dense.weight")  // [out, in]
    let weight = try file.floats("classifier.weight")
    let d = model.dimensions.hidden
    let expected = (0..<2 * d).map { index in
      (0..<d).reduce(0.0) { sum, i in
        sum + Double(weight[index / d * d + i]) * Double(pooler[i * d + index % d])
      }
    }
    let rows = try #require(model.classifier).readingVectors
    #expect(rows.shape == [2, d])
    expectClose(rows.values, expected, absolute: 1e-9, relative: 1e-6, "rows")
    let mean = try #require(try Golden.model("trained/imdb-gpt2-narrow-sentiment").classifier)
    #expect(mean.readingVectors.values == mean.weight.values)
  }
}

@Suite struct SentimentScoreTests {
  @Test func scoresWhatTheLexiconSays() throws {
    let model = try Golden.model("trained/imdb-bert-1")
    let tokenizer = try Tokenizer.load(directory: model.tokenizerDirectory, modelType: model.modelType)
    let projection = try VocabularyProjection(model, threads: Threads(2))
    let lexicon = SentimentLexicon(positive: ["great", "wonderful", "best"], negative: ["worst", "awful", "boring"])
    let scorer = SentimentScorer(projection, tokenizer: tokenizer, lexicon: lexicon, top: 3, threads: Threads(2))
    #expect(scorer.positiveTokens == 3 && scorer.negativeTokens == 3)
    // In coordinates of the six tokens alone, a direction with praise at one end and blame at the other.
    let ids = try ["great", "wonderful", "best", "worst", "awful", "boring"].map {
      Int(try #require(tokenizer.id(of: $0)))
    }
    let among = ids.sorted()
    let narrow = SentimentScorer(
      projection, tokenizer: tokenizer, lexicon: lexicon, top: 3, among: among, threads: Threads(2))
    let d = model.dimensions.hidden
    let rows = ids.map { id in (0..<d).map { Double(projection.matrix[id * d + $0]) } }
    // v with wE v = 1 for praise and -1 for blame: the least-norm solution by the Gram matrix of the six rows.
    var gram = DoubleMatrix(rows: 6, columns: 6)
    for i in 0..<6 { for j in 0..<6 { gram[i, j] = zip(rows[i], rows[j]).reduce(0) { $0 + $1.0 * $1.1 } } }
    let wanted = DoubleMatrix(rows: 1, columns: 6, values: [1, 1, 1, -1, -1, -1])
    let weights = try PositiveInverse(gram).multipliedFromLeft(by: wanted)
    let v = (0..<d).map { column in Float((0..<6).reduce(0.0) { $0 + weights[0, $1] * rows[$1][column] }) }
    let both = narrow.scores(Tensor(shape: [2, d], v + v.map { -$0 }))
    #expect(both[0].highPositive == 3 && both[0].lowNegative == 3 && both[0].highNegative == 0)
    #expect(both.map(\.polarity) == [6, -6] && both.map(\.opposition) == [1, 1] && both.map(\.share) == [1, 1])
    let zero = narrow.scores(Tensor(shape: [1, d], [Float](repeating: 0, count: d)))[0]
    #expect(zero.polarity == 0 && zero.opposition == 0 && zero.count == 3)
  }

  @Test func chanceIsSeededAndHasAnInterval() throws {
    let model = try Golden.model("trained/imdb-bert-1")
    let tokenizer = try Tokenizer.load(directory: model.tokenizerDirectory, modelType: model.modelType)
    let projection = try VocabularyProjection(model, threads: Threads(2))
    let scorer = SentimentScorer(projection, tokenizer: tokenizer, top: 20, threads: Threads(2))
    #expect(scorer.positiveTokens > 50 && scorer.negativeTokens > 50)
    let random = scorer.randomScores(200, seed: 1)
    #expect(random == scorer.randomScores(200, seed: 1) && random != scorer.randomScores(200, seed: 2))
    // Random directions have about the lexicon's share of the vocabulary.
    let share = random.map(\.share)
    let expected = Double(scorer.positiveTokens + scorer.negativeTokens) / Double(projection.vocabulary)
    let chance = try #require(SentimentScorer.chance(share, means: 50, seed: 3))
    #expect(abs(chance.value - expected) < 0.02, "\(chance.value) against \(expected)")
    #expect(chance.interval.low < chance.value && chance.value < chance.interval.high)
    let one = try #require(SentimentScorer.chance(share, means: 1, seed: 3))
    #expect(one.interval.high - one.interval.low > 3 * (chance.interval.high - chance.interval.low))
    #expect(SampleMean(of: [], seed: 1) == nil)
    #expect(SampleMean(of: [0.5, 0.5], seed: 1)?.interval.low == 0.5)
  }
}

@Suite struct DisplacementSentimentTests {
  @Test func scoresWhatMovedBesideWhatItWasAndChance() throws {
    let displacement = try Displacement(
      of: Golden.model("trained/imdb-bert-1-sentiment"), from: Golden.model("trained/imdb-bert-1"))
    let base = displacement.base
    let projection = try VocabularyProjection(
      displacement.model, matrix: base.unembedding?.matrix ?? base.wE, threads: Threads(2))
    let scorer = SentimentScorer(projection, tokenizer: try base.tokenizer(), top: 10, threads: Threads(2))
    let sentiment = DisplacementSentiment(displacement, scorer: scorer)
    let rows = try sentiment.rows(4, seed: 3)
    // The lower blocks were frozen, the upper two moved in every group.
    #expect(rows.map(\.name) == ["all"] + ParameterKind.allCases.map(\.rawValue))
    for row in rows {
      #expect(row.vectors == 4)
      let kinds = row.name == "all" ? ParameterKind.allCases : ParameterKind.allCases.filter { $0.rawValue == row.name }
      let moved = displacement.mostMoved(4, of: kinds)
      let scores = scorer.scores(try sentiment.directions(moved))
      expectClose(
        [row.share.displacement?.value ?? -1], [scores.map(\.share).reduce(0, +) / 4], absolute: 1e-12, relative: 1e-12,
        row.name)
      expectClose(
        [row.opposition.displacement?.value ?? -1], [scores.map(\.opposition).reduce(0, +) / 4], absolute: 1e-12,
        relative: 1e-12, row.name)
    }
    #expect(try sentiment.classifierDirections()?.shape == [2, base.dimensions.hidden])
    #expect(Set(rows.compactMap(\.share.random?.value)).count == 1)
  }
}

@Suite struct TokenSelectionTests {
  private func tokenizer(_ name: String) throws -> Tokenizer {
    let model = try Golden.model(name)
    return try Tokenizer.load(directory: model.tokenizerDirectory, modelType: model.modelType)
  }

  @Test func saysWhatATokenSays() throws {
    let bert = try tokenizer("trained/imdb-bert-1")
    for (token, text) in [("##ing", "ing"), ("good", "good"), ("[PAD]", "[PAD]"), ("!", "!")] {
      #expect(bert.bareText(try #require(bert.id(of: token))) == text)
    }
    let gpt2 = try tokenizer("trained/imdb-gpt2-narrow")
    for (token, text) in [("Ġmovie", "movie"), ("The", "The"), ("Ġ", ""), ("Ċ", "")] {
      #expect(gpt2.bareText(try #require(gpt2.id(of: token))) == text, "\(token)")
    }
    #expect(bert.bareText(1_000_000) == "" && bert.bareText(-1) == "")
  }

  @Test func selectsTokens() throws {
    let bert = try tokenizer("trained/imdb-bert-1")
    let count = bert.vocabularyCount
    #expect(TokenSelection().ids(of: bert, below: count) == nil)
    func texts(_ selection: TokenSelection) -> [String] {
      (selection.ids(of: bert, below: count) ?? []).map { bert.bareText(Int32($0)) }
    }
    let ascii = texts(TokenSelection(ascii: true))
    #expect(ascii.contains("good") && ascii.contains("[PAD]") && ascii.allSatisfy { $0.utf8.allSatisfy { $0 < 128 } })
    #expect(ascii.count < count)
    let plain = texts(TokenSelection(alphanumeric: true, minimumLength: 3))
    #expect(plain.contains("good") && !plain.contains("[PAD]") && plain.allSatisfy { $0.count >= 3 })
    #expect(Set(texts(TokenSelection(words: ["good", "bad", "no such word"]))) == ["good", "bad"])
    // Rows past the tokenizer's vocabulary have no text.
    #expect(TokenSelection(ascii: true).ids(of: bert, below: count + 5)?.last.map { $0 < count } == true)
  }

  @Test func groupsTokensThatSayTheSame() throws {
    let gpt2 = try tokenizer("trained/imdb-gpt2-narrow")
    let count = gpt2.vocabularyCount + 3
    #expect(PairSelection.all.groups(of: gpt2, below: count) == nil)
    let own = try #require(PairSelection.different.groups(of: gpt2, below: count))
    #expect(Set(own).count == count)
    let groups = try #require(PairSelection.distinct.groups(of: gpt2, below: count))
    func group(_ token: String) throws -> Int32 { groups[Int(try #require(gpt2.id(of: token)))] }
    #expect(try group("Ġthe") == group("The") && group("Ġthe") == group("ĠThe"))
    #expect(try group("Ġthe") != group("Ġmovie"))
    // Rows without a token are all distinct.
    #expect(Set(groups.suffix(3)).count == 3)
  }
}
