import Checkpoints

/// A trace compared with stored results, stage by stage, so that the first stage that differs is named.
package struct Verification: Sendable {
  package struct Stage: Sendable {
    /// "hidden 3", "attention 2", "logits", "classifier_logits"; for a part of a stitched model "hidden_finetuned 0".
    package let name: String
    /// Largest absolute difference; NaN where either side is not a number.
    package let largestError: Double
    /// The position of that error on the stage's axes, such as [position, column].
    package let index: [Int]
    /// The largest magnitude of the whole expected tensor.
    package let largestMagnitude: Double

    /// The error as a fraction of the tensor's largest magnitude, which the tolerance bounds.
    package var fraction: Double { largestError == 0 ? 0 : largestError / largestMagnitude }
  }

  /// In the order of the forward pass.
  package let stages: [Stage]
  /// Tensors of the file that are not compared.
  package let notCompared: [String]

  /// The first stage whose error is over the tolerance, or not a number.
  package func firstFailure(tolerance: Double) -> Stage? { stages.first { !($0.fraction <= tolerance) } }

  /// The ids, and token types where stored, behind the expected results.
  /// - Throws: `CheckpointError`, `TransformerError.idOutOfRange`.
  package static func input(of file: SafetensorsFile) throws -> (ids: [Int32], tokenTypes: [Int32]?) {
    func narrow(_ values: [Int]) throws -> [Int32] {
      try values.enumerated().map { position, value in
        guard let narrow = Int32(exactly: value) else {
          throw TransformerError.idOutOfRange(id: value, position: position, vocabulary: Int(Int32.max))
        }
        return narrow
      }
    }
    let types = file.entry(named: "token_types") == nil ? nil : try narrow(file.integers("token_types").values)
    return (try narrow(file.integers("ids").values), types)
  }

  /// Compares hidden, attention, logits and classifier_logits where both have them; for a stitched model also those of
  /// the two parts, such as hidden_pretrained.
  /// - Parameters:
  ///   - file: F32 or F64 tensors of the shapes `graft forward` writes.
  /// - Throws: `CheckpointError` for a tensor that cannot be read, `TransformerError.differentShape`.
  package init(of trace: Trace, against file: SafetensorsFile) throws {
    let T = trace.tokens
    var compared = Set(["ids", "token_types"])
    func expected(_ name: String, _ shape: [Int]) throws -> [Double]? {
      guard file.entry(named: name) != nil else { return nil }
      let (found, values) = try file.doubles(name)
      guard found == shape else {
        throw TransformerError.differentShape(path: file.path, tensor: name, expected: shape, found: found)
      }
      compared.insert(name)
      return values
    }
    var stages: [Stage] = []
    func compare(_ segment: Trace.Segment, suffix: String) throws {
      let (d, H, layers) = (segment.dimensions.hidden, segment.dimensions.heads, segment.attention.count)
      let hidden = try expected("hidden" + suffix, [layers + 1, T, d])
      let attention = try expected("attention" + suffix, [layers, H, T, T])
      for layer in 0...layers {
        if layer > 0, let attention {
          let (name, values) = ("attention\(suffix) \(layer - 1)", segment.attention[layer - 1])
          stages.append(Stage(name, values, attention, part: layer - 1, axes: [H, T, T]))
        }
        if let hidden {
          stages.append(Stage("hidden\(suffix) \(layer)", segment.hidden[layer], hidden, part: layer, axes: [T, d]))
        }
      }
    }
    if trace.segments.count == Trace.partSuffixes.count {
      for (segment, suffix) in zip(trace.segments, Trace.partSuffixes) { try compare(segment, suffix: suffix) }
    }
    if let whole = trace.joined { try compare(whole, suffix: "") }
    if let logits = trace.logits, let stored = try expected("logits", [T, logits.count / T]) {
      stages.append(Stage("logits", logits, stored, part: 0, axes: [T, logits.count / T]))
    }
    if let scores = trace.classifierLogits, let stored = try expected("classifier_logits", [scores.count]) {
      stages.append(Stage("classifier_logits", scores, stored, part: 0, axes: [scores.count]))
    }
    self.stages = stages
    notCompared = file.names.filter { !compared.contains($0) }
  }
}

extension Verification.Stage {
  /// Compares `actual` with slice `part` of `expected`, which has as many numbers.
  fileprivate init(_ name: String, _ actual: [Float], _ expected: [Double], part: Int, axes: [Int]) {
    var worst = 0.0
    var worstAt = 0
    for index in actual.indices {
      let difference = abs(Double(actual[index]) - expected[part * actual.count + index])
      // A NaN must win, and stay.
      if !(difference <= worst), !worst.isNaN { (worst, worstAt) = (difference, index) }
    }
    self.name = name
    largestError = worst
    largestMagnitude = expected.reduce(0) { max($0, abs($1)) }
    var rest = worstAt
    var indices: [Int] = []
    for size in axes.reversed() {
      indices.insert(rest % size, at: 0)
      rest /= size
    }
    index = indices
  }
}
