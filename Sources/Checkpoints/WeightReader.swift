import DenseMath
import Files
import Foundation

/// Takes a model's weights out of a checkpoint under their canonical Hugging Face names, and knows which it took: what
/// is missing fails when it is asked for, what nobody asked for fails or is given
/// back in `finish(ignoring:body:heads:)`.
///
/// Names of the body are given as the bare model (BertModel, GPT2Model) has them. A checkpoint of a model with a head
/// stores them behind one prefix, `bert.` or `transformer.`; heads stand beside the body, outside the prefix:
///
///     var reader = try WeightReader(checkpoint, anchor: "wte.weight")
///     let wE = try reader.take("wte.weight", shape: [vocabulary, hidden])
///     let wU = try reader.takeUntied("lm_head.weight", .head, shape: [vocabulary, hidden], from: wE) ?? wE
///     try reader.finish(ignoring: [.body("h.N.attn.bias")], body: ["wte", "wpe", "h", "ln_f"], heads: ["lm_head"])
///
/// The names of old TensorFlow checkpoints, `LayerNorm.gamma` and `LayerNorm.beta`, are found under
/// `LayerNorm.weight` and `LayerNorm.bias`.
package struct WeightReader {
  /// Where a name belongs: behind the checkpoint's prefix, or beside it.
  package enum Part: Sendable { case body, head }

  /// What a body's names begin with in the checkpoints of one model class or another.
  package static let prefixes = ["", "bert.", "distilbert.", "roberta.", "transformer.", "model."]

  package let checkpoint: Checkpoint
  /// What the names of the body begin with in this checkpoint; empty for a bare model.
  package let prefix: String
  private var taken: Set<ExactKey> = []

  /// - Parameter anchor: a body name that every checkpoint of the architecture has; it shows the prefix.
  /// - Throws: `CheckpointError.missingTensor` when it is there with no prefix, `.ambiguous` with several.
  package init(_ checkpoint: Checkpoint, anchor: String) throws {
    let found = Self.prefixes.filter { checkpoint.entry(named: $0 + anchor) != nil }
    guard let prefix = found.first else {
      throw CheckpointError.missingTensor(
        path: checkpoint.weightsPath, tensor: anchor, stored: checkpoint.entries.map(\.name))
    }
    guard found.count == 1 else {
      throw CheckpointError.ambiguous(path: checkpoint.weightsPath, names: found.map { $0 + anchor })
    }
    self.checkpoint = checkpoint
    self.prefix = prefix
  }

  /// Whether the checkpoint has the tensor, under either spelling.
  package func contains(_ name: String, _ part: Part = .body) throws -> Bool {
    try storedName(name, part) != nil
  }

  /// The shape of a tensor, for sizes that only the weights tell; nil when there is none.
  /// - Throws: `CheckpointError.ambiguous` when it is stored under two spellings.
  package func shape(of name: String, _ part: Part = .body) throws -> [Int]? {
    try storedName(name, part).flatMap { checkpoint.entry(named: $0)?.shape }
  }

  /// A tensor that must be there, all its numbers finite; from the mapped file where it is stored as F32.
  /// - Throws: `CheckpointError`: missing, stored under two spellings, another shape, no float type, NaN or infinite.
  package mutating func take(_ name: String, _ part: Part = .body, shape: [Int]) throws -> Tensor {
    guard let tensor = try takeIfPresent(name, part, shape: shape) else {
      throw CheckpointError.missingTensor(
        path: checkpoint.weightsPath, tensor: fullName(name, part), stored: checkpoint.entries.map(\.name))
    }
    return tensor
  }

  /// The same for a tensor that may be absent; then nil.
  /// - Throws: as `take`, but for a missing tensor.
  package mutating func takeIfPresent(_ name: String, _ part: Part = .body, shape: [Int]) throws -> Tensor? {
    guard let stored = try storedName(name, part) else { return nil }
    let tensor = try checkpoint.finiteFloats(stored, shape: shape)
    taken.insert(ExactKey(stored))
    return tensor
  }

  /// A tensor that a checkpoint may store although the model ties it to another, `tied`, such as an output embedding:
  /// nil when it is absent or holds the same numbers, bit for bit, as `tied`.
  /// - Throws: as `takeIfPresent`.
  package mutating func takeUntied(
    _ name: String, _ part: Part = .body, shape: [Int], from tied: Tensor
  ) throws -> Tensor? {
    guard let tensor = try takeIfPresent(name, part, shape: shape) else { return nil }
    return tensor.hasSameNumbers(as: tied) ? nil : tensor
  }

  /// Ends the reading. A head that nobody computes may be left over.
  /// - Parameters:
  ///   - patterns: stored tensors that the model does not need: constant buffers, parts of heads.
  ///   - body: first parts of the body's own names, without the prefix.
  ///   - heads: what the names of heads that are computed begin with, whether or not all of them is stored.
  /// - Returns: the names of the tensors of a head that is left over, in the order of their bytes.
  /// - Throws: `CheckpointError.unused` with every other tensor that was neither taken nor matched: one inside the body
  ///   or inside a head that is computed, or an adapter of either.
  @discardableResult
  package func finish(
    ignoring patterns: [WeightPattern] = [], body: Set<String>, heads: [String] = []
  ) throws -> [String] {
    let left = checkpoint.entries.map(\.name).filter { name in
      !taken.contains(ExactKey(name)) && !patterns.contains { $0.matches(name, prefix: prefix) }
    }
    let computed = heads + Set(taken.map(\.string).filter { !isBody($0, body) }.map(Self.module)).sorted()
    let foreign = left.filter { name in
      isBody(name, body) || Self.isAdapter(name) || computed.contains { name == $0 || name.hasPrefix($0 + ".") }
    }
    guard foreign.isEmpty else { throw CheckpointError.unused(path: checkpoint.weightsPath, names: foreign) }
    return left
  }

  /// Whether a name stands behind a prefix that bodies have, or holds a part of the body.
  private func isBody(_ name: String, _ body: Set<String>) -> Bool {
    let parts = name.split(separator: ".").map(String.init)
    let prefixes = Self.prefixes.filter { !$0.isEmpty } + ["base_model."]
    if prefixes.contains(where: name.hasPrefix) { return true }
    return parts.first.map(body.contains) ?? false
  }

  /// Tensors that parameter-efficient tuning puts beside weights that are computed.
  private static func isAdapter(_ name: String) -> Bool {
    let name = name.lowercased()
    return ["adapter", "lora_", "prompt", "prefix_encoder", "ia3"].contains(where: name.contains)
  }

  private static func module(_ name: String) -> String {
    name.split(separator: ".").first.map(String.init) ?? name
  }

  private func fullName(_ name: String, _ part: Part) -> String {
    part == .body ? prefix + name : name
  }

  /// The name the file has for it; nil when there is none.
  private func storedName(_ name: String, _ part: Part) throws -> String? {
    let full = fullName(name, part)
    let found = ([full] + LegacyName.of(full)).filter { checkpoint.entry(named: $0) != nil }
    guard found.count < 2 else { throw CheckpointError.ambiguous(path: checkpoint.weightsPath, names: found) }
    return found.first
  }
}

extension Tensor {
  /// Whether the shapes are equal and the numbers are, bit for bit.
  fileprivate func hasSameNumbers(as other: Tensor) -> Bool {
    shape == other.shape
      && (pointer == other.pointer || memcmp(pointer, other.pointer, count * MemoryLayout<Float>.stride) == 0)
  }
}
