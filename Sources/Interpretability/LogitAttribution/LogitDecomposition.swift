import DenseMath
import Transformer

/// The path of one position's state to a logit with norms and gates frozen (Mickus et al. 2022), walked from the logit
/// down: `direction` · x is the contribution of a vector x at the present depth.
struct LogitDecomposition {
  typealias Part = LogitAttribution.Part

  let model: Model
  let id: Int32
  let position: Int
  /// The row of the position embedding.
  let place: Int
  let rows: RowRecorder
  let interventions: [Intervention]
  private var direction: [Double] = []
  /// From the logit down.
  private var parts: [Part] = []

  /// - Parameter place: the row of the position embedding that the token reads.
  init(
    model: Model, id: Int32, position: Int, place: Int, rows: RowRecorder, interventions: [Intervention]
  ) {
    self.model = model
    self.id = id
    self.position = position
    self.place = place
    self.rows = rows
    self.interventions = interventions
  }

  /// The parts of the logit of a token, minus that of another, in the order of the forward pass.
  /// - Parameter state: the residual stream after the last block.
  mutating func parts(
    of target: Int32, versus: Int32?, head: Unembedding, state: HiddenState
  ) -> [Part] {
    let d = state.width
    let last = (0..<d).map { Double(state.pointer[position * d + $0]) }
    passHead(head, target, versus, last)
    for layer in (0..<model.dimensions.layers).reversed() {
      switch model.traits.normPlacement {
      case .pre: passPreNorm(model.blocks[layer], layer)
      case .post: passPostNorm(model.blocks[layer], layer)
      }
    }
    passEmbeddings()
    return parts.reversed()
  }

  // MARK: - What is passed on the way down

  /// From the logit to the state that the head reads.
  private mutating func passHead(_ head: Unembedding, _ target: Int32, _ versus: Int32?, _ state: [Double]) {
    func row(_ id: Int32) -> [Double] { numbers(head.matrix, Int(id)) }
    direction = versus.map { zip(row(target), row($0)).map { $0 - $1 } } ?? row(target)
    if let bias = head.bias {
      let value = Double(bias[Int(target)]) - (versus.map { Double(bias[Int($0)]) } ?? 0)
      parts.append(Part(name: "head.bias", kind: .headBias, layer: nil, head: nil, value: value))
    }
    switch head.preparation {
    case .none: return
    case .norm(let norm): passNorm(norm, of: state, name: "final.norm", layer: nil)
    case .transform(let dense, let activation, let norm):
      let inputs = dense.forwards(state)
      let outputs = activation.values(inputs)
      passNorm(norm, of: outputs, name: "head.norm", layer: nil)
      // f(x) = gate x; all activations are 0 at 0.
      for index in direction.indices {
        direction[index] *= inputs[index] == 0 ? 0 : outputs[index] / inputs[index]
      }
      if let bias = dense.bias { add("head.dense.bias", .headBias, nil, numbers(bias, 0, count: bias.count)) }
      direction = dense.backwards(direction)
    }
  }

  /// The output of a pre-norm block is part of the residual stream unchanged.
  private mutating func passPreNorm(_ block: Block, _ layer: Int) {
    replaced(.residPost, layer, of: sum(rows[layer, .residMid, position], rows[layer, .mlpOut, position]))
    passMLP(block.wOut, layer)
    replaced(.residMid, layer, of: sum(rows[layer, .residPre, position], rows[layer, .attnOut, position]))
    passAttention(block.wO, layer)
    passStart(layer)
  }

  /// The output of a post-norm block passes the norm with the rest of the stream.
  private mutating func passPostNorm(_ block: Block, _ layer: Int) {
    let afterMLP = sum(rows[layer, .residMid, position], rows[layer, .mlpOut, position])
    replaced(.residPost, layer, of: block.mlpNorm.values(afterMLP))
    passNorm(block.mlpNorm, of: afterMLP, name: "L\(layer).mlp.norm", layer: layer)
    passMLP(block.wOut, layer)
    let afterAttention = sum(rows[layer, .residPre, position], rows[layer, .attnOut, position])
    replaced(.residMid, layer, of: block.attentionNorm.values(afterAttention))
    passNorm(block.attentionNorm, of: afterAttention, name: "L\(layer).attn.norm", layer: layer)
    passAttention(block.wO, layer)
    passStart(layer)
  }

  private mutating func passMLP(_ wOut: Linear, _ layer: Int) {
    let output = rows[layer, .mlpOut, position]
    guard !isReplaced(.mlpOut, layer), let bias = wOut.bias.map({ numbers($0, 0, count: $0.count) }) else {
      return add("L\(layer).mlp", .mlp, layer, output)
    }
    add("L\(layer).mlp.bias", .mlpBias, layer, bias)
    add("L\(layer).mlp", .mlp, layer, zip(output, bias).map { $0 - $1 })
  }

  private mutating func passAttention(_ wO: Linear, _ layer: Int) {
    if isReplaced(.attnOut, layer) {
      return add("L\(layer).attn", .attention, layer, rows[layer, .attnOut, position])
    }
    if let bias = wO.bias { add("L\(layer).attn.bias", .attentionBias, layer, numbers(bias, 0, count: bias.count)) }
    let z = rows[layer, .headOutputs, position]
    let directionOfZ = wO.backwards(direction)
    let size = model.dimensions.headSize
    for head in (0..<model.dimensions.heads).reversed() {
      let columns = head * size..<(head + 1) * size
      parts.append(
        Part(
          name: "\(Address(layer: layer, head: head))", kind: .head, layer: layer, head: head,
          value: dot(z[columns], directionOfZ[columns])))
    }
  }

  /// The input of a block is the output of the one before, or hidden state 0.
  private mutating func passStart(_ layer: Int) {
    if layer > 0 { replaced(.residPre, layer, of: rows[layer - 1, .residPost, position]) }
  }

  private mutating func passEmbeddings() {
    if isReplaced(.residPre, 0) { return add("embed", .replacement, 0, rows[0, .residPre, position]) }
    let token = numbers(model.wE, Int(id))
    let place = numbers(model.wPos, place)
    let type = model.wType.map { numbers($0, 0) }
    if let norm = model.embeddingNorm {
      let embeddings = sum(token, place)
      passNorm(norm, of: type.map { sum(embeddings, $0) } ?? embeddings, name: "embed.norm", layer: nil)
    }
    add("position", .positionEmbedding, nil, place)
    if let type { add("type", .typeEmbedding, nil, type) }
    add("token", .tokenEmbedding, nil, token)
  }

  // MARK: - The steps

  /// y = (x - mean) / σ gain + shift, with mean and σ those of `x`: the shift is a part, the rest is linear in x.
  private mutating func passNorm(_ norm: Norm, of x: [Double], name: String, layer: Int?) {
    add(name, .normShift, layer, numbers(norm.shift, 0, count: x.count))
    let deviation = norm.statistics(x).deviation
    for index in direction.indices { direction[index] *= Double(norm.gain[index]) / deviation }
    let mean = direction.reduce(0, +) / Double(direction.count)
    for index in direction.indices { direction[index] -= mean }
  }

  /// What an intervention at a site of the residual stream added to `value`, which is the value without it.
  private mutating func replaced(_ site: Site, _ layer: Int, of value: [Double]) {
    guard isReplaced(site, layer) else { return }
    add(
      BlockSite(layer: layer, site: site).description, .replacement, layer,
      zip(rows[layer, site, position], value).map { $0 - $1 })
  }

  private func isReplaced(_ site: Site, _ layer: Int) -> Bool {
    interventions.contains {
      $0.site.layer == layer && $0.site.site == site && ($0.position == nil || $0.position == position)
    }
  }

  private mutating func add(_ name: String, _ kind: Part.Kind, _ layer: Int?, _ vector: [Double]) {
    parts.append(Part(name: name, kind: kind, layer: layer, head: nil, value: dot(vector[...], direction[...])))
  }
}

// MARK: - Arithmetic in Double

private func dot(_ a: ArraySlice<Double>, _ b: ArraySlice<Double>) -> Double {
  zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
}

private func sum(_ a: [Double], _ b: [Double]) -> [Double] { zip(a, b).map { $0 + $1 } }

/// Row `row` of a tensor; of a vector, `count` numbers.
private func numbers(_ tensor: Tensor, _ row: Int, count: Int? = nil) -> [Double] {
  let width = count ?? tensor.columns
  return (0..<width).map { Double(tensor.pointer[row * width + $0]) }
}

extension Norm {
  /// The mean of a row, and the standard deviation with epsilon under the root.
  fileprivate func statistics(_ x: [Double]) -> (mean: Double, deviation: Double) {
    let mean = x.reduce(0, +) / Double(x.count)
    let variance = x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(x.count)
    return (mean, (variance + Double(epsilon)).squareRoot())
  }

  fileprivate func values(_ x: [Double]) -> [Double] {
    let (mean, deviation) = statistics(x)
    return x.indices.map { (x[$0] - mean) / deviation * Double(gain[$0]) + Double(shift[$0]) }
  }
}

extension Linear {
  /// x W + b
  fileprivate func forwards(_ x: [Double]) -> [Double] {
    var y = [Double](repeating: 0, count: outputs)
    for input in 0..<inputs {
      for output in 0..<outputs { y[output] += x[input] * at(input, output) }
    }
    return bias.map { bias in y.indices.map { y[$0] + Double(bias.pointer[$0]) } } ?? y
  }

  /// W u: the direction of `u` · (x W) in x.
  fileprivate func backwards(_ u: [Double]) -> [Double] {
    (0..<inputs).map { input in
      var sum = 0.0
      for output in 0..<outputs { sum += at(input, output) * u[output] }
      return sum
    }
  }

  private func at(_ input: Int, _ output: Int) -> Double {
    Double(weight.pointer[layout == .inputByOutput ? input * weight.columns + output : output * weight.columns + input])
  }
}

extension Activation {
  /// On each number, in Double from its Float32 rounding.
  fileprivate func values(_ x: [Double]) -> [Double] {
    let buffer = FloatBuffer(count: x.count)
    for (index, number) in x.enumerated() { buffer.pointer[index] = Float(number) }
    apply(buffer.pointer, bias: nil, count: x.count)
    return x.indices.map { Double(buffer.pointer[$0]) }
  }
}
