import DenseMath
import Evaluation
import Files
import Transformer

/// Token identifiability (Brunner et al., "On Identifiability in Transformers", 2020, section 4): whether a hidden
/// state identifies its token. A map g is fitted from states to inputs, hidden state 0, and the nearest input of the
/// same text should be the token's own.
package struct TokenIdentifiability: Sendable {
  /// The result of one map: fitted to one layer, scored on all.
  package struct Record: Sendable, Equatable, Encodable {
    package let kind: TokenMap.Kind
    /// Hidden state it was fitted to, 0 to L.
    package let layer: Int
    /// Passes over the training rows; 0 for a map that is not trained.
    package let epochs: Int
    /// NaN for a map that is not trained.
    package let validationLoss: Double
    /// Tokens of each test text.
    package let tokens: [Int]
    /// [hidden states][metrics][test texts]: tokens whose nearest input is their own. Empty for a state of another width.
    package let hits: [[[Int]]]

    private enum CodingKeys: String, CodingKey {
      case kind, layer, epochs, validationLoss = "validation_loss", tokens, hits
    }
  }

  package let model: any TransformerModel
  package let texts: TokenTexts
  package let kinds: [TokenMap.Kind]
  package let training: TokenMapTraining

  package init(_ model: any TransformerModel, _ texts: TokenTexts, kinds: [TokenMap.Kind], training: TokenMapTraining) {
    self.model = model
    self.texts = texts
    self.kinds = TokenMap.Kind.allCases.filter(kinds.contains)
    self.training = training
  }

  /// What is fitted, in the order of `Runner.record`: the identity once, every other kind once per hidden state.
  package var parts: [(kind: TokenMap.Kind, layer: Int)] {
    let count = model.blockDimensions.count + 1
    return kinds.flatMap { kind in (kind == .identity ? 0..<1 : 0..<count).map { (kind, $0) } }
  }

  /// Holds the states that consecutive parts share.
  package func runner(workspace: Workspace) -> Runner { Runner(self, workspace: workspace) }

  package final class Runner {
    private let study: TokenIdentifiability
    private let states: TokenStates
    private let threads: Threads

    fileprivate init(_ study: TokenIdentifiability, workspace: Workspace) {
      self.study = study
      states = TokenStates(study.model, study.texts, workspace: workspace)
      threads = workspace.threads
    }

    /// - Throws: `TransformerError` for a text the model does not support, `LinearAlgebraError` for non-finite states.
    package func record(part: Int) throws -> Record {
      let (kind, layer) = study.parts[part]
      let fit = try study.training.fit(kind, states.pairs(layer), threads: threads)
      let testing = try states.testing()
      let width = states.widths[0]
      let hits = testing.enumerated().map { target, buffer -> [[Int]] in
        let own = states.widths[target]
        guard own == states.widths[layer], kind != .identity || own == width else { return [] }
        var counts = [[Int]](repeating: [], count: NeighbourMetric.allCases.count)
        var row = 0
        for text in states.test {
          let size = text.ids.count
          let mapped = fit.map.apply(buffer.pointer + row * own, rows: size, width: own, threads: threads)
          let found = TokenNeighbours.hits(
            mapped.pointer, inputs: testing[0].pointer + row * width, rows: size, width: width, threads: threads)
          for (metric, count) in found.enumerated() { counts[metric].append(count) }
          row += size
        }
        return counts
      }
      return Record(
        kind: kind, layer: layer, epochs: fit.epochs, validationLoss: fit.validationLoss,
        tokens: states.test.map(\.ids.count), hits: hits)
    }
  }
}

extension TokenIdentifiability.Record {
  /// A share of tokens, with an interval over texts.
  package struct Accuracy: Sendable, Equatable, Encodable {
    package let value: Double
    package let interval: Interval

    private enum CodingKeys: String, CodingKey { case value = "accuracy", interval = "ci95" }
  }

  /// At hidden state `layer`; nil where the map has another width.
  /// - Parameter seed: of the bootstrap over test texts, 1,000 resamples.
  package func accuracy(_ layer: Int, _ metric: NeighbourMetric, seed: UInt64) -> Accuracy? {
    guard let index = NeighbourMetric.allCases.firstIndex(of: metric), layer < hits.count, !hits[layer].isEmpty else {
      return nil
    }
    let (found, all) = (hits[layer][index].map(Double.init), tokens.map(Double.init))
    return Accuracy(
      value: found.reduce(0, +) / all.reduce(0, +), interval: .bootstrap(ratioOf: found, to: all, seed: seed))
  }

  /// The expected accuracy of a random guess among the tokens of a text.
  package var chance: Double { Double(tokens.count) / Double(tokens.reduce(0, +)) }

  /// Reads what was encoded.
  /// - Throws: `FileError` that names what is not as expected.
  package init(_ node: JSONNode) throws {
    func counts(_ node: JSONNode) throws -> [Int] { try node.array().map { try $0.int() } }
    guard let kind = TokenMap.Kind(rawValue: try node["kind"].string()) else {
      throw node["kind"].wrong("one of \(TokenMap.Kind.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    self.kind = kind
    layer = try node["layer"].int()
    epochs = try node["epochs"].int()
    if case .null? = node["validation_loss"].value {
      validationLoss = .nan
    } else {
      validationLoss = try node["validation_loss"].double()
    }
    tokens = try counts(node["tokens"])
    hits = try node["hits"].array().map { try $0.array().map(counts) }
  }
}
