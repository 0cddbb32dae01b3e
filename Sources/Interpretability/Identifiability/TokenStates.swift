import DenseMath
import Transformer

/// The texts of a study of token identifiability, in disjoint parts.
package struct TokenTexts: Sendable {
  package struct Text: Sendable {
    /// Its name.
    package let id: String
    package let ids: [Int32]

    package init(id: String, ids: [Int32]) {
      self.id = id
      self.ids = ids
    }
  }

  /// Maps are fitted to these,
  package let training: [Text]
  /// stopped by these,
  package let validation: [Text]
  /// and scored on these.
  package let test: [Text]

  /// Puts the texts in a random order and takes 70% for training, 15% for validation and the rest for the test, at
  /// least one each; each part keeps the original order.
  /// - Throws: `InterpretabilityError.tooFewTexts` below three.
  package init(_ texts: [Text], seed: UInt64) throws {
    guard texts.count >= 3 else { throw InterpretabilityError.tooFewTexts(found: texts.count, needed: 3) }
    var generator = SplitMix64(seed: seed)
    let order = generator.permutation(of: texts.count)
    let held = max(1, texts.count * 15 / 100)
    func part(_ places: Range<Int>) -> [Text] { order[places].sorted().map { texts[$0] } }
    test = part(0..<held)
    validation = part(held..<2 * held)
    training = part(2 * held..<texts.count)
  }
}

/// Hidden states of the texts: of a few layers at a time for fitting, of all layers for the test.
final class TokenStates {
  /// The most numbers held for fitting.
  private static let most = 1 << 28

  private let model: any TransformerModel
  private let workspace: Workspace
  private let fitted: [TokenTexts.Text]
  private let validationStart: Int
  let test: [TokenTexts.Text]
  /// d of hidden state l, l = 0...L.
  let widths: [Int]
  private var held: [Int: FloatBuffer] = [:]
  private var inputs: FloatBuffer?
  private var testStates: [FloatBuffer]?

  init(_ model: any TransformerModel, _ texts: TokenTexts, workspace: Workspace) {
    self.model = model
    self.workspace = workspace
    fitted = texts.training + texts.validation
    validationStart = texts.training.reduce(0) { $0 + $1.ids.count }
    test = texts.test
    let blocks = model.blockDimensions.map(\.hidden)
    widths = blocks.prefix(1) + blocks
  }

  /// Of hidden state `layer`.
  /// - Throws: `TransformerError` for a text that the model does not support.
  func pairs(_ layer: Int) throws -> TokenPairs {
    if held[layer] == nil || inputs == nil { try load(from: layer) }
    guard let states = held[layer], let inputs else { preconditionFailure("the layer was loaded") }
    let rows = fitted.reduce(0) { $0 + $1.ids.count }
    return TokenPairs(
      states: states, inputs: inputs, training: 0..<validationStart, validation: validationStart..<rows,
      width: widths[layer], inputWidth: widths[0])
  }

  /// Every hidden state of the test texts, one text after the other: [L + 1][tokens, d].
  func testing() throws -> [FloatBuffer] {
    if let testStates { return testStates }
    let states = try run(test, layers: Array(widths.indices))
    testStates = states
    return states
  }

  /// Loads as many layers from `layer` on as fit.
  private func load(from layer: Int) throws {
    held = [:]
    let rows = fitted.reduce(0) { $0 + $1.ids.count }
    var layers = [layer]
    var size = rows * widths[layer]
    while let next = layers.last.map({ $0 + 1 }), next < widths.count, size + rows * widths[next] <= Self.most {
      layers.append(next)
      size += rows * widths[next]
    }
    let states = try run(fitted, layers: inputs == nil && layer > 0 ? [0] + layers : layers)
    if inputs == nil { inputs = states[0] }
    for (layer, state) in zip(layers, states.suffix(layers.count)) { held[layer] = state }
  }

  private func run(_ texts: [TokenTexts.Text], layers: [Int]) throws -> [FloatBuffer] {
    let rows = texts.reduce(0) { $0 + $1.ids.count }
    let buffers = layers.map { FloatBuffer(uninitializedCount: rows * widths[$0]) }
    var first = 0
    for batch in PackedBatch.plan(texts.map(\.ids.count)) {
      let packed = try PackedBatch(texts[batch].map(\.ids))
      let reader = StateReader(layers: layers, buffers: buffers, firstRow: first)
      _ = try model.forward(packed, workspace: workspace, observer: reader)
      first += packed.tokens
    }
    return buffers
  }
}

/// Copies hidden states: state 0 is the input of block 0, state l the output of block l - 1.
private final class StateReader: Observer {
  private let places: [Int: FloatBuffer]
  private let firstRow: Int

  init(layers: [Int], buffers: [FloatBuffer], firstRow: Int) {
    places = Dictionary(uniqueKeysWithValues: zip(layers, buffers))
    self.firstRow = firstRow
  }

  func wants(_ site: Site, layer: Int) -> Bool { buffer(site, layer) != nil }

  func observe(_ observation: Observation) {
    guard let buffer = buffer(observation.site, observation.layer) else { return }
    for row in 0..<observation.rows {
      (buffer.pointer + (firstRow + row) * observation.columns).update(
        from: observation.pointer + row * observation.stride, count: observation.columns)
    }
  }

  private func buffer(_ site: Site, _ layer: Int) -> FloatBuffer? {
    switch site {
    case .residPre where layer == 0: places[0]
    case .residPost: places[layer + 1]
    default: nil
    }
  }
}
