import Checkpoints
import DenseMath

extension Trace {
  /// The name and shape of a tensor in the file.
  package typealias Entry = (name: String, shape: [Int])

  /// Writes the trace as safetensors, C order: `ids` I64 [T], and F32 `hidden` [L+1, T, d], `attention` [L, H, T, T],
  /// `logits` [T, V] and `classifier_logits` [C], where present. A stitched model has `hidden_pretrained`,
  /// `hidden_finetuned`, `attention_pretrained` and `attention_finetuned`; where all sizes agree also `attention` of
  /// all blocks and `hidden`, without the state before the map. Frees the trace's own numbers on the way, so that they
  /// are held once.
  /// - Returns: what was written.
  /// - Throws: `FileError`.
  package mutating func write(to path: String) throws -> [Entry] {
    let T = tokens
    var writer = SafetensorsWriter()
    var entries: [Entry] = [("ids", [T])]
    writer.add("ids", shape: [T], integers: ids.map(Int.init))

    func add(_ name: String, _ tensors: [Tensor]) {
      guard let first = tensors.first else { return }
      writer.add(name, stacking: tensors)
      entries.append((name, [tensors.count] + first.shape))
    }
    let sizes = segments.map(\.dimensions)
    let hidden = segments.indices.map { part in
      Self.tensors(&segments[part].hidden, shape: [T, sizes[part].hidden])
    }
    let attention = segments.indices.map { part in
      Self.tensors(&segments[part].attention, shape: [sizes[part].heads, T, T])
    }
    if partsAgree {
      // Between two parts the state appears twice: before the map and after it.
      add("hidden", hidden.enumerated().flatMap { $0 < hidden.count - 1 ? $1.dropLast() : $1[...] })
      add("attention", attention.flatMap { $0 })
    }
    if segments.count == Self.partSuffixes.count {
      for (part, suffix) in Self.partSuffixes.enumerated() {
        add("hidden" + suffix, hidden[part])
        add("attention" + suffix, attention[part])
      }
    }
    if let values = logits.take() {
      let shape = [T, values.count / T]
      writer.add("logits", Tensor(shape: shape, values))
      entries.append(("logits", shape))
    }
    if let values = classifierLogits.take() {
      writer.add("classifier_logits", Tensor(shape: [values.count], values))
      entries.append(("classifier_logits", [values.count]))
    }
    try writer.write(to: path)
    return entries
  }

  /// Moves arrays into tensors of one shape, one after the other.
  private static func tensors(_ arrays: inout [[Float]], shape: [Int]) -> [Tensor] {
    arrays.indices.map { index in
      defer { arrays[index] = [] }
      return Tensor(shape: shape, arrays[index])
    }
  }
}
