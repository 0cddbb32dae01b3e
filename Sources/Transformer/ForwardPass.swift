import DenseMath

/// One forward pass over a batch: what the blocks of every architecture share.
struct ForwardPass {
  let batch: PackedBatch
  let workspace: Workspace
  let observer: (any Observer)?
  var interventions = InterventionTable()
  /// Keys and values of the tokens that come before the batch; nil where there are none.
  var cache: KeyValueCache?

  /// T
  var tokens: Int { batch.tokens }
  var threads: Threads { workspace.threads }
  /// The position in the text of a sequence's first row.
  var firstPosition: Int { cache?.tokens ?? 0 }

  /// Whether a site's value must be computed separately.
  func wants(_ site: Site, _ layer: Int) -> Bool {
    interventions.has(site, layer) || observer?.wants(site, layer: layer) ?? false
  }

  /// Applies the interventions at a site to its [T, columns] rows, then shows them to the observer, if it wants the
  /// site.
  func announce(
    _ site: Site, _ layer: Int, _ pointer: UnsafeMutablePointer<Float>, columns: Int, stride: Int? = nil
  ) throws {
    interventions.apply(site, layer, pointer, stride: stride ?? columns)
    guard let observer, observer.wants(site, layer: layer) else { return }
    try observer.observe(
      Observation(
        site: site, layer: layer, sequence: nil, pointer: pointer, rows: tokens, columns: columns,
        stride: stride ?? columns))
  }

  /// hidden = activation(x wIn + b), [T, dFF]. Announces mlpPreActivation and mlpHidden.
  func expand(
    _ x: UnsafePointer<Float>, _ wIn: Linear, _ activation: Activation, _ layer: Int,
    into hidden: UnsafeMutablePointer<Float>
  ) throws {
    let width = wIn.outputs
    if wants(.mlpPreActivation, layer) {
      wIn.apply(x, rows: tokens, into: hidden, threads: threads, finish: .bias)
      try announce(.mlpPreActivation, layer, hidden, columns: width)
      threads.runRows(tokens) { row in activation.apply(hidden + row * width, bias: nil, count: width) }
    } else {
      wIn.apply(x, rows: tokens, into: hidden, threads: threads, finish: .activation(activation))
    }
    try announce(.mlpHidden, layer, hidden, columns: width)
  }

  /// The output of a block's attention or feed-forward before it is added to the residual stream: announced with its
  /// bias if it is wanted. Returns the bias that is still to be added.
  func announceUpdate(
    _ site: Site, _ layer: Int, _ update: UnsafeMutablePointer<Float>, of linear: Linear
  ) throws -> UnsafePointer<Float>? {
    let bias = linear.bias?.pointer
    guard wants(site, layer) else { return bias }
    let width = linear.outputs
    if let bias { threads.runRows(tokens) { row in VectorMath.add(bias, to: update + row * width, count: width) } }
    try announce(site, layer, update, columns: width)
    return nil
  }

  /// Attention of every sequence over its own keys. `projections` holds queries, keys and values side by side, [T, 3 d].
  /// Announces queries, keys, values, attentionWeights and headOutputs.
  func attend(
    _ attention: Attention, _ layer: Int, projections: UnsafeMutablePointer<Float>, into z: UnsafeMutablePointer<Float>
  ) throws {
    let width = attention.heads * attention.headSize
    func part(_ index: Int) -> MatrixView {
      MatrixView(projections + index * width, rows: tokens, columns: width, stride: 3 * width)
    }
    let queries = part(0)
    var (keys, values) = (part(1), part(2))
    let out = MutableMatrixView(z, rows: tokens, columns: width)
    try announce(.queries, layer, projections, columns: width, stride: 3 * width)
    try announce(.keys, layer, projections + width, columns: width, stride: 3 * width)
    try announce(.values, layer, projections + 2 * width, columns: width, stride: 3 * width)

    var sequences = batch.sequences.map { Attention.Sequence(queries: $0, keys: $0) }
    if let cache {
      cache.append(layer, keys: keys, values: values)
      (keys, values) = cache.rows(layer)
      sequences = [Attention.Sequence(queries: 0..<tokens, keys: 0..<cache.tokens + tokens)]
    }
    if let observer, wants(.attentionWeights, layer) {
      for (index, sequence) in sequences.enumerated() {
        let count = attention.heads * sequence.queries.count * sequence.keys.count
        let weights = workspace.buffer(.weights, count: count).pointer
        attention.apply(
          queries: queries, keys: keys, values: values, sequences: [sequence], into: out, weights: weights,
          workspace: workspace)
        try observer.observe(
          Observation(
            site: .attentionWeights, layer: layer, sequence: index, pointer: weights,
            rows: attention.heads * sequence.queries.count, columns: sequence.keys.count, stride: sequence.keys.count))
      }
    } else {
      attention.apply(
        queries: queries, keys: keys, values: values, sequences: sequences, into: out, workspace: workspace)
    }
    try announce(.headOutputs, layer, z, columns: width)
  }

  /// Hidden state 0 before any norm: the token embedding of each row, to which `add(row, out)` adds.
  func gather(
    _ embedding: Tensor, into h: UnsafeMutablePointer<Float>,
    add: (_ row: Int, _ out: UnsafeMutablePointer<Float>) -> Void
  ) {
    let width = embedding.columns
    for row in 0..<tokens {
      let out = h + row * width
      out.update(from: embedding.pointer + Int(batch.ids[row]) * width, count: width)
      add(row, out)
    }
  }
}

extension PackedBatch {
  /// - Throws: `TransformerError` when an id is outside the vocabulary or a sequence longer than the positions left.
  func check(against dimensions: Dimensions, firstPosition: Int = 0) throws {
    for sequence in sequences {
      let needed = firstPosition + sequence.count
      guard needed <= dimensions.positions else {
        throw TransformerError.tooLong(tokens: needed, positions: dimensions.positions)
      }
      for row in sequence where ids[row] < 0 || Int(ids[row]) >= dimensions.vocabulary {
        throw TransformerError.idOutOfRange(
          id: Int(ids[row]), position: row - sequence.lowerBound, vocabulary: dimensions.vocabulary)
      }
    }
  }
}
