import DenseMath
import Foundation
import Interpretability
import TestSupport
import Testing
import Transformer

/// Attribution against parts propagated through the model one by one, in Double, from the oracle's values. The library
/// walks down from the logit instead.
@Suite struct LogitAttributionTests {
  /// Linear maps in the order of the forward pass, and vectors that enter before one of them.
  private struct Pushed {
    private var maps: [([Double]) -> [Double]] = []
    private var vectors: [(name: String, start: Int, vector: [Double])] = []
    private(set) var values: [String: Double] = [:]

    mutating func enter(_ name: String, _ vector: [Double]) { vectors.append((name, maps.count, vector)) }

    mutating func pass(_ map: @escaping ([Double]) -> [Double]) { maps.append(map) }

    /// gain (v - mean(v)) / σ with σ that of `x`, then the shift as a part of its own.
    mutating func pass(_ norm: Norm, of x: [Double], _ name: String) {
      let mean = x.reduce(0, +) / Double(x.count)
      let variance = x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(x.count)
      let deviation = (variance + Double(norm.epsilon)).squareRoot()
      pass { v in
        let mean = v.reduce(0, +) / Double(v.count)
        return v.indices.map { (v[$0] - mean) / deviation * Double(norm.gain[$0]) }
      }
      enter(name, norm.shift.values.map(Double.init))
    }

    mutating func finish(_ direction: [Double]) {
      for (name, start, vector) in vectors {
        let end = maps[start...].reduce(vector) { $1($0) }
        values[name, default: 0] += zip(end, direction).reduce(0) { $0 + $1.0 * $1.1 }
      }
    }
  }

  private func row(_ tensor: Tensor, _ index: Int) -> [Double] {
    (0..<tensor.columns).map { Double(tensor[index * tensor.columns + $0]) }
  }

  private func add(_ a: [Double], _ b: [Double]) -> [Double] { zip(a, b).map { $0 + $1 } }

  /// x W
  private func product(_ x: [Double], _ linear: Linear) -> [Double] {
    let (rows, columns) = (linear.weight.rows, linear.weight.columns)
    if linear.layout == .inputByOutput {
      return (0..<columns).map { out in (0..<rows).reduce(0) { $0 + x[$1] * Double(linear.weight[$1 * columns + out]) }
      }
    }
    return (0..<rows).map { out in (0..<columns).reduce(0) { $0 + x[$1] * Double(linear.weight[out * columns + $1]) } }
  }

  private func biases(_ linear: Linear) throws -> [Double] {
    try #require(linear.bias).values.map(Double.init)
  }

  private func reference(
    _ model: Model, _ trace: Oracle.Trace, _ ids: [Int], _ position: Int, _ head: Unembedding, _ target: Int
  ) throws -> [String: Double] {
    let id = ids[position]
    // RoBERTa does not count padding, whose id is the row before the first.
    let offset = model.traits.positionOffset
    let place = offset + ids[..<position].filter { offset == 0 || $0 != offset - 1 }.count
    let (d, size) = (model.dimensions.hidden, model.dimensions.headSize)
    func site(_ name: String, _ layer: Int) throws -> [Double] {
      Array(try #require(trace.sites["\(name).\(layer)"])[position * d..<(position + 1) * d])
    }
    var pushed = Pushed()
    func enterAttention(_ wO: Linear, _ layer: Int) throws {
      let z = try site("headOutputs", layer)
      for head in 0..<model.dimensions.heads {
        pushed.enter(
          "L\(layer)H\(head)", product(z.indices.map { $0 / size == head ? z[$0] : 0 }, wO))
      }
      pushed.enter("L\(layer).attn.bias", try biases(wO))
    }
    func enterMLP(_ wOut: Linear, _ layer: Int) throws {
      let bias = try biases(wOut)
      pushed.enter("L\(layer).mlp", zip(try site("mlpOut", layer), bias).map { $0 - $1 })
      pushed.enter("L\(layer).mlp.bias", bias)
    }
    switch model.traits.normPlacement {
    case .pre:
      pushed.enter("token", row(model.wE, id))
      pushed.enter("position", row(model.wPos, place))
      for (layer, block) in model.blocks.enumerated() {
        try enterAttention(block.wO, layer)
        try enterMLP(block.wOut, layer)
      }
    case .post:
      let parts =
        [("token", row(model.wE, id)), ("position", row(model.wPos, place))]
        + (model.wType.map { [("type", row($0, 0))] } ?? [])
      for (name, vector) in parts { pushed.enter(name, vector) }
      pushed.pass(
        try #require(model.embeddingNorm), of: parts.dropFirst().reduce(parts[0].1) { add($0, $1.1) }, "embed.norm")
      for (layer, block) in model.blocks.enumerated() {
        try enterAttention(block.wO, layer)
        pushed.pass(
          block.attentionNorm, of: add(try site("residPre", layer), try site("attnOut", layer)), "L\(layer).attn.norm")
        try enterMLP(block.wOut, layer)
        pushed.pass(
          block.mlpNorm, of: add(try site("residMid", layer), try site("mlpOut", layer)), "L\(layer).mlp.norm")
      }
    }
    let state = try site("residPost", model.dimensions.layers - 1)
    switch head.preparation {
    case .none: break
    case .norm(let norm): pushed.pass(norm, of: state, "final.norm")
    case .transform(let dense, let activation, let norm):
      let inputs = add(product(state, dense), try biases(dense))
      #expect(activation == .geluErf)
      let outputs = inputs.map { 0.5 * $0 * (1 + erf($0 / 2.0.squareRoot())) }
      pushed.pass { product($0, dense) }
      pushed.enter("head.dense.bias", try biases(dense))
      pushed.pass { v in v.indices.map { v[$0] * outputs[$0] / inputs[$0] } }
      pushed.pass(norm, of: outputs, "head.norm")
    }
    pushed.finish(row(head.matrix, target))
    var values = pushed.values
    if let bias = head.bias { values["head.bias"] = Double(bias[target]) }
    return values
  }

  /// Within 1e-5 of Σ |parts|; measured: at most 4.0e-7.
  @Test(arguments: Golden.names) func everyPartIsWhatItPushes(_ name: String) throws {
    let model = try Golden.model(name)
    let ids = try Verification.input(of: try Golden.expected(name)).ids
    let trace = try Oracle(directory: model.checkpoint.directory).forward(ids.map(Int.init))
    let position = ids.count - 2
    for head in [try model.requireUnembedding(), .embedding(model.wE)] {
      for target: Int32 in [7, ids[0]] {
        let found = try #require(
          try LogitAttribution.attributions(
            at: [(position, target)], in: ids, model: model, head: head, workspace: Workspace()
          ).first)
        let expected = try reference(model, trace, ids.map(Int.init), position, head, Int(target))
        #expect(Set(found.parts.map(\.name)) == Set(expected.keys) && found.parts.count == expected.count)
        for part in found.parts {
          expectClose(
            [part.value], [try #require(expected[part.name])], absolute: 1e-5 * found.magnitude, relative: 0, part.name)
        }
        expectClose([found.sum], [found.logit], absolute: 1e-5 * found.magnitude, relative: 0, "sum")
      }
    }
  }

  @Test(arguments: Golden.names) func aDifferenceIsTheDifferenceOfTheParts(_ name: String) throws {
    let model = try Golden.model(name)
    let ids = try Verification.input(of: try Golden.expected(name)).ids
    let head = try model.requireUnembedding()
    func attribute(_ target: Int32, _ versus: Int32? = nil) throws -> [LogitAttribution] {
      try LogitAttribution.attributions(
        at: [(0, target), (ids.count - 1, target)], versus: versus, in: ids, model: model, head: head,
        workspace: Workspace())
    }
    for (difference, (one, other)) in zip(try attribute(3, 5), zip(try attribute(3), try attribute(5))) {
      #expect(difference.logit == one.logit - other.logit)
      #expect(difference.parts.map(\.name) == one.parts.map(\.name))
      expectClose(
        difference.parts.map(\.value), zip(one.parts, other.parts).map { $0.value - $1.value },
        absolute: 1e-12 * (one.magnitude + other.magnitude), relative: 0, "parts")
    }
  }

  /// Read with the matrix alone nothing is frozen, so a part of the last block is the change of the logit without it.
  @Test func aPartIsWhatIsLostWithoutIt() throws {
    let model = try Golden.model("tiny/gpt2")
    let (ids, last, head): ([Int32], Int, Unembedding) = (
      [3, 1, 4, 1, 5], model.dimensions.layers - 1, .embedding(model.wE)
    )
    func attribute(_ interventions: [Intervention] = []) throws -> LogitAttribution {
      try #require(
        try LogitAttribution.attributions(
          at: [(4, 9)], in: ids, model: model, head: head, interventions: interventions, workspace: Workspace()
        ).first)
    }
    let whole = try attribute()
    func value(_ names: String...) -> Double {
      whole.parts.filter { names.contains($0.name) }.reduce(0) { $0 + $1.value }
    }
    let without = try attribute([Intervention(BlockSite(layer: last, site: .mlpOut), .zero)])
    expectClose(
      [whole.logit - without.logit], [value("L\(last).mlp", "L\(last).mlp.bias")], absolute: 1e-5, relative: 0, "mlp")
    #expect(value("L\(last).mlp") != 0 && without.parts.filter { $0.name == "L\(last).mlp" }.map(\.value) == [0])
  }

  /// A replacement in the stream is a part of its own, and the parts add up, which is checked on every run.
  @Test(arguments: ["tiny/bert", "tiny/gpt2"]) func replacedValuesAreParts(_ name: String) throws {
    let model = try Golden.model(name)
    let head = try model.requireUnembedding()
    var numbers = SeededNumbers(seed: 51)
    for site in BlockSite.sites {
      for layer in 0..<2 {
        let width =
          [.mlpPreActivation, .mlpHidden].contains(site) ? model.dimensions.feedForward : model.dimensions.hidden
        let place = BlockSite(layer: layer, site: site)
        for position in [2, nil] {
          let found = try LogitAttribution.attributions(
            at: [(1, 8), (2, 8)], in: [1, 2, 3, 4], model: model, head: head,
            interventions: [Intervention(place, at: position, .row(numbers.normal(count: width)))],
            workspace: Workspace())
          let replaced = found.map { $0.parts.filter { $0.kind == .replacement }.map(\.name) }
          guard [.residPre, .residMid, .residPost].contains(site) else {
            #expect(replaced == [[], []])
            continue
          }
          #expect(replaced == [position == nil ? [place.description] : [], [place.description]])
        }
      }
    }
  }

  /// More positions than are scored at a time, and in any order: each as alone, bit for bit.
  @Test(arguments: ["tiny/bert", "tiny/gpt2"]) func placesDoNotMeet(_ name: String) throws {
    let model = try Golden.model(name)
    let head = try model.requireUnembedding()
    let ids: [Int32] = [5, 4, 3, 2, 1]
    let places = (0..<40).map { (position: ($0 * 3) % 5, target: Int32($0 % 7)) }
    func attribute(_ places: [(position: Int, target: Int32)]) throws -> [LogitAttribution] {
      try LogitAttribution.attributions(at: places, in: ids, model: model, head: head, workspace: Workspace())
    }
    #expect(try attribute(places) == places.flatMap { try attribute([$0]) })
    #expect(try attribute([]).isEmpty)
  }

  @Test func whatIsNotThereIsNamed() throws {
    let model = try Golden.model("tiny/gpt2")
    let head = try model.requireUnembedding()
    func attribute(_ target: Int32, versus: Int32? = nil, at position: Int, _ head: Unembedding) throws {
      _ = try LogitAttribution.attributions(
        at: [(position, target)], versus: versus, in: [1, 2], model: model, head: head, workspace: Workspace())
    }
    #expect(throws: InterpretabilityError.noSuchRow(2, tokens: 2)) { try attribute(1, at: 2, head) }
    #expect(throws: InterpretabilityError.noSuchToken(-1, vocabulary: head.vocabulary)) {
      try attribute(-1, at: 0, head)
    }
    #expect(throws: InterpretabilityError.noSuchToken(999_999, vocabulary: head.vocabulary)) {
      try attribute(1, versus: 999_999, at: 0, head)
    }
    let other = try Golden.model("tiny/gpt2-wide").requireUnembedding()
    #expect(throws: InterpretabilityError.self) { try attribute(1, at: 0, other) }
  }

  @Test func partsThatDoNotAddUpAreRefused() throws {
    func parts(_ values: Double...) -> [LogitAttribution.Part] {
      values.map { LogitAttribution.Part(name: "a", kind: .mlp, layer: 0, head: nil, value: $0) }
    }
    #expect(try LogitAttribution(parts: parts(1e5, -1e5), logit: 1.9, model: "m", position: 0).sum == 0)
    for (values, logit) in [(parts(1e5, -1e5), 2.1), (parts(.nan, 1), 1), (parts(1), .nan), ([], 1)] {
      #expect(throws: InterpretabilityError.self) {
        try LogitAttribution(parts: values, logit: logit, model: "m", position: 0)
      }
    }
  }
}
