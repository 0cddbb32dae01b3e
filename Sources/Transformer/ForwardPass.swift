import DenseMath

/// One forward pass over a batch: what the blocks of every architecture share.
struct ForwardPass {
  let batch: PackedBatch
  let workspace: Workspace
  let observer: (any Observer)?
  var interventions = InterventionTable()
  /// Keys and values of the tokens that come before the batch; nil where there are none.
  var cache: KeyValueCache?
  /// Keys and values of the tokens before each sequence, of an earlier pass over the same text; nil where there are none.
  var prefixes: KeyValuePrefixes?
  /// `headOutputs` of the first block, from an earlier pass, [T, d]: its attention is then not computed; nil otherwise.
  var headOutputs: HiddenState?
  /// The rows of the batch, ascending, that are read after the last block; nil for all.
  var rowsRead: [Int]?
  /// The rows of the batch that are carried on; nil for all.
  private(set) var selection: RowSelection?

  /// T, or how many rows are carried on.
  var tokens: Int { selection?.rows.count ?? batch.tokens }
  var threads: Threads { workspace.threads }
  /// The position in the text of a sequence's first row.
  var firstPosition: Int { cache?.tokens ?? 0 }

  /// The rows of a matrix, [batch.tokens, n], that are carried on.
  func carried(_ matrix: MutableMatrixView) -> MutableMatrixView {
    matrix[rows: 0..<tokens, columns: 0..<matrix.columns]
  }

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

  /// The same for the rows of a matrix.
  func announce(_ site: Site, _ layer: Int, _ rows: MutableMatrixView) throws {
    try announce(site, layer, rows.pointer, columns: rows.columns, stride: rows.stride)
  }

  /// hidden = activation(x wIn + b), [T, dFF]. Announces mlpPreActivation and mlpHidden.
  func expand(
    _ x: MatrixView, _ wIn: Linear, _ activation: Activation, _ layer: Int, into hidden: MutableMatrixView
  ) throws {
    if wants(.mlpPreActivation, layer) {
      wIn.apply(x, into: hidden, workspace: workspace, finish: .bias)
      try announce(.mlpPreActivation, layer, hidden)
      threads.runRows(hidden.rows) { activation.apply(hidden.pointer($0, 0), bias: nil, count: hidden.columns) }
    } else {
      wIn.apply(x, into: hidden, workspace: workspace, finish: .activation(activation))
    }
    try announce(.mlpHidden, layer, hidden)
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

  /// Queries, keys and values of x, [T, d], side by side, and attention of every sequence over its own keys. Announces
  /// queries, keys, values, attentionWeights and headOutputs.
  ///
  /// In the last of `layers`, of the rows that are not read afterwards only keys and values are needed, unless an observer
  /// or an intervention needs more.
  /// - Returns: the pass through the rest of the block, with the rows that z then has.
  func attend(
    _ attention: Attention, _ block: Block, _ layer: Int, of layers: Range<Int>, _ x: MatrixView,
    into z: MutableMatrixView
  ) throws -> ForwardPass {
    if let headOutputs, layer == layers.lowerBound {
      for row in 0..<z.rows {
        z.pointer(row, 0).update(from: headOutputs.pointer + row * headOutputs.width, count: headOutputs.width)
      }
      try announce(.headOutputs, layer, z)
      return self
    }
    guard let rowsRead, layer == layers.upperBound - 1, rowsRead.count < batch.tokens,
      !Site.allCases.contains(where: { interventions.has($0, layer) })
    else {
      try attend(attention, block, layer, x, into: z)
      return self
    }
    var rest = self
    rest.selection = RowSelection(rowsRead, of: batch.tokens)
    let isSeen = Site.allCases.contains { $0 != .residPre && $0 != .attentionInput && wants($0, layer) }
    if !isSeen {
      try rest.attend(attention, block, layer, x, into: z)
    } else {
      try attend(attention, block, layer, x, into: z)
      guard observer?.acceptsRowsRead ?? false else { return self }
      rest.selection?.gather(z.pointer, width: z.columns, stride: z.stride)
    }
    return rest
  }

  private func attend(
    _ attention: Attention, _ block: Block, _ layer: Int, _ x: MatrixView, into z: MutableMatrixView
  ) throws {
    let width = z.columns
    let projections = workspace.rows(.projections, batch.tokens, columns: 3 * width)
    project(x, block, into: projections)
    func part(_ index: Int, rows: Int) -> MutableMatrixView {
      projections[rows: 0..<rows, columns: index * width..<(index + 1) * width]
    }
    let queries = part(0, rows: tokens)
    let (ownKeys, ownValues) = (part(1, rows: batch.tokens), part(2, rows: batch.tokens))
    try announce(.queries, layer, queries)
    try announce(.keys, layer, ownKeys)
    try announce(.values, layer, ownValues)
    var (keys, values) = (MatrixView(ownKeys), MatrixView(ownValues))
    let out = carried(z)

    let sequences = querySequences(isCausal: attention.causal)
    if let cache {
      cache.append(layer, keys: keys, values: values, sequences: batch.sequences)
      (keys, values) = cache.rows(layer)
    } else if let prefixes {
      (keys, values) = prefixes.joined(layer, keys: keys, values: values, of: batch, workspace: workspace)
    }
    if let observer, wants(.attentionWeights, layer) {
      for (index, sequence) in sequences.enumerated() {
        let count = attention.heads * sequence.queries.count * sequence.keys.count
        let weights = workspace.buffer(.weights, count: count).pointer
        attention.apply(
          queries: MatrixView(queries), keys: keys, values: values, sequences: [sequence], into: out, weights: weights,
          workspace: workspace)
        try observer.observe(
          Observation(
            site: .attentionWeights, layer: layer, sequence: index, pointer: weights,
            rows: attention.heads * sequence.queries.count, columns: sequence.keys.count, stride: sequence.keys.count))
      }
    } else {
      attention.apply(
        queries: MatrixView(queries), keys: keys, values: values, sequences: sequences, into: out, workspace: workspace)
    }
    try announce(.headOutputs, layer, out)
  }

  /// The projections of a block, [T, 3 d].
  private func project(_ x: MatrixView, _ block: Block, into projections: MutableMatrixView) {
    func apply(_ linear: Linear, _ outputs: Range<Int>, _ x: MatrixView, column: Int) {
      linear.apply(
        x, into: projections[rows: 0..<x.rows, columns: column..<column + outputs.count], outputs: outputs,
        workspace: workspace, finish: .bias)
    }
    guard let rows = selection?.rows else {
      for (linear, column) in block.projectionProducts { apply(linear, 0..<linear.outputs, x, column: column) }
      return
    }
    let width = x.columns
    let few = MutableMatrixView(
      workspace.buffer(.update, count: batch.tokens * width).pointer, rows: rows.count, columns: width)
    for (place, row) in rows.enumerated() {
      few.pointer(place, 0).update(from: x.pointer + row * x.stride, count: width)
    }
    for (place, part) in [block.wQ, block.wK, block.wV].enumerated() {
      apply(part.linear, part.columns, place == 0 ? MatrixView(few) : x, column: place * part.columns.count)
    }
  }

  /// The queries that are carried on, with the keys that they see: those of a sequence together or, where a query sees the
  /// keys up to its own, neighbours together.
  private func querySequences(isCausal: Bool) -> [Attention.Sequence] {
    var result: [Attention.Sequence] = []
    var (place, firstKey) = (0, 0)
    for (index, whole) in batch.sequences.enumerated() {
      let before = prefixes?.lengths[index] ?? firstPosition
      let first = cache?.firstRow(of: index) ?? firstKey
      func keys(to end: Int) -> Range<Int> { first..<first + before + end - whole.lowerBound }
      if let rows = selection?.rows {
        while place < rows.count, rows[place] < whole.upperBound {
          let start = place
          repeat {
            place += 1
          } while place < rows.count && rows[place] < whole.upperBound
            && (!isCausal || rows[place] == rows[place - 1] + 1)
          result.append(
            .init(queries: start..<place, keys: keys(to: isCausal ? rows[place - 1] + 1 : whole.upperBound)))
        }
      } else {
        result.append(.init(queries: whole, keys: keys(to: whole.upperBound)))
      }
      firstKey += before + whole.count
    }
    return result
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
