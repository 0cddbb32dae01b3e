import DenseMath

/// Texts that a model writes by itself, at temperature 1, from its distribution over the vocabulary.
///
/// A text depends on the seed and its number alone, not on how many are written or side by side with which.
package struct TextSampling {
  /// How a text begins and which tokens it may have.
  package enum Frame: Sendable {
    /// A causal model continues this token, which is no part of the text, and ends a text with it.
    case after(Int32)
    /// A masked language model fills masks between the tokens that begin and end a text, with any token but `excluded`.
    case masks(mask: Int32, prefix: [Int32], suffix: [Int32], excluded: Set<Int32>)
  }

  /// Steps in which a masked language model fills all masks: in each, an equal part of them, drawn at random.
  static let fillings = 16
  /// Steps after that, in each of which it masks a part of the tokens, drawn at random, and draws them anew.
  static let revisions = 10
  static let revisedShare = 0.15
  /// The most memory, in bytes, of the keys and values of texts side by side.
  private static let cacheBytes = 128 << 20

  private let model: Model
  private let head: Unembedding
  private let workspace: Workspace
  private let tokens: Int
  private let seed: UInt64

  /// - Parameter tokens: the most tokens of a text; a masked language model writes as many, its two ends included.
  /// - Throws: `TransformerError.missingHead` without a head over the vocabulary.
  package init(_ model: Model, tokens: Int, seed: UInt64, workspace: Workspace) throws {
    self.model = model
    head = try model.requireUnembedding()
    self.tokens = min(tokens, model.positions)
    self.seed = seed
    self.workspace = workspace
  }

  /// - Returns: the ids of `count` texts; one that ends at once is empty.
  /// - Throws: `TransformerError`; what `progress` throws.
  package func texts(
    _ count: Int, in frame: Frame, progress: ProgressHandler = .none
  ) throws -> [[Int32]] {
    try progress.during(.init("write texts", unit: "texts", total: count)) { update in
      var texts: [[Int32]] = []
      let together = sideBySide(frame)
      for start in stride(from: 0, to: count, by: together) {
        let numbers = start..<min(count, start + together)
        switch frame {
        case .after(let token): texts += try continued(numbers, token)
        case .masks(let mask, let prefix, let suffix, let excluded):
          texts += try filled(numbers, mask: mask, prefix, suffix, excluded)
        }
        try update(texts.count)
      }
      return texts
    }
  }

  private func sideBySide(_ frame: Frame) -> Int {
    guard case .after = frame else { return max(1, PackedBatch.plannedTokens / max(1, tokens)) }
    let bytes = 2 * model.dimensions.layers * model.dimensions.hidden * tokens * MemoryLayout<Float>.stride
    return max(1, min(64, Self.cacheBytes / max(1, bytes)))
  }

  private func generator(_ number: Int) -> SplitMix64 {
    // One stream for each text: the first number of the seed's stream at that place.
    SplitMix64(seed: seed &+ UInt64(number) &* 0xD1B5_4A32_D192_ED03)
  }

  private func continued(_ numbers: Range<Int>, _ end: Int32) throws -> [[Int32]] {
    let cache = KeyValueCache(model.dimensions, capacity: tokens, texts: numbers.count)
    var generators = numbers.map(generator)
    var texts = numbers.map { _ in [Int32]() }
    var isOpen = numbers.map { _ in true }
    var unread = numbers.map { _ in end }
    // The first token is no part of the text, and the last one need not be read.
    for _ in 0..<tokens where isOpen.contains(true) {
      let h = try model.extend(sideBySide: unread.map { [$0] }, cache: cache, workspace: workspace)
      unread = draw(h, rows: Array(0..<numbers.count), &generators, excluded: [])
      for text in texts.indices where isOpen[text] {
        isOpen[text] = unread[text] != end
        if isOpen[text] { texts[text].append(unread[text]) }
      }
    }
    return texts
  }

  private func filled(
    _ numbers: Range<Int>, mask: Int32, _ prefix: [Int32], _ suffix: [Int32], _ excluded: Set<Int32>
  ) throws -> [[Int32]] {
    let places = max(0, tokens - prefix.count - suffix.count)
    var generators = numbers.map(generator)
    var texts = numbers.map { _ in prefix + [Int32](repeating: mask, count: places) + suffix }
    /// Draws the tokens at these places of each text, which are masked.
    func fill(_ chosen: [[Int]]) throws {
      for (text, places) in chosen.enumerated() { for place in places { texts[text][place] = mask } }
      let rows = chosen.enumerated().flatMap { text, places in places.map { text * (texts.first?.count ?? 0) + $0 } }
      guard !rows.isEmpty else { return }
      let h = try model.forward(
        PackedBatch(texts), rows: rows, workspace: workspace, observer: nil, interventions: [])
      var drawn = draw(h, rows: rows, texts: chosen.map(\.count), &generators, excluded: excluded)[...]
      for (text, places) in chosen.enumerated() {
        for place in places { texts[text][place] = drawn.removeFirst() }
      }
    }
    let orders = generators.indices.map { generators[$0].permutation(of: places).map { $0 + prefix.count } }
    for step in 0..<Self.fillings {
      let part = places * step / Self.fillings..<places * (step + 1) / Self.fillings
      try fill(orders.map { Array($0[part].sorted()) })
    }
    let revised = max(1, Int((Double(places) * Self.revisedShare).rounded()))
    for _ in 0..<Self.revisions where places > 0 {
      try fill(generators.indices.map { generators[$0].sample(revised, of: places).map { $0 + prefix.count } })
    }
    return texts.map { Array($0[prefix.count..<prefix.count + places]) }
  }

  private func draw(
    _ h: HiddenState, rows: [Int], _ generators: inout [SplitMix64], excluded: Set<Int32>
  ) -> [Int32] {
    draw(h, rows: rows, texts: generators.map { _ in 1 }, &generators, excluded: excluded)
  }

  /// A token for each row, with one number of the text's generator each.
  /// - Parameter texts: how many of the rows belong to each text, in order.
  private func draw(
    _ h: HiddenState, rows: [Int], texts: [Int], _ generators: inout [SplitMix64], excluded: Set<Int32>
  ) -> [Int32] {
    var numbers: [Double] = []
    for (text, count) in texts.enumerated() {
      for _ in 0..<count { numbers.append(generators[text].uniform()) }
    }
    let states = FloatBuffer(count: rows.count * h.width)
    for (place, row) in rows.enumerated() {
      (states.pointer + place * h.width).update(from: h.pointer + row * h.width, count: h.width)
    }
    var ids = [Int32](repeating: 0, count: rows.count)
    let count = head.vocabulary
    ids.withUnsafeMutableBufferPointer { ids in
      nonisolated(unsafe) let ids = ids
      head.withScores(of: Tensor(shape: [rows.count, h.width], states), threads: workspace.threads) { row, scores in
        for id in excluded where id < count { scores[Int(id)] = -.infinity }
        VectorMath.softmax(scores, scale: 1, count: count)
        ids[row] = Self.place(of: numbers[row], in: scores, count: count)
      }
    }
    return ids
  }

  /// The item at which the sum of the weights passes a number of [0, 1); rounding may leave a remainder, which goes to the last
  /// item with a weight.
  private static func place(of number: Double, in weights: UnsafePointer<Float>, count: Int) -> Int32 {
    var (sum, last) = (0.0, 0)
    for index in 0..<count where weights[index] > 0 {
      sum += Double(weights[index])
      last = index
      if number < sum { break }
    }
    return Int32(last)
  }
}
