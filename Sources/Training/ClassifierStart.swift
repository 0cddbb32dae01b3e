import Checkpoints
import DenseMath
import Evaluation
import Files
import Transformer

/// The kinds of classifiers that a model can get, as in Hugging Face's classes.
package enum ClassifierKind: String, CaseIterable, Sendable {
  /// BertForSequenceClassification and its like: a dense layer and a classifier on the first token.
  case cls
  /// GPT2ForSequenceClassification: the last token after ln_f.
  case last
  /// The stitching paper's: GPT2ForTokenClassification without ln_f, its scores averaged over the tokens.
  case mean

  /// The suffix of Hugging Face's class.
  var classSuffix: String { self == .mean ? "ForTokenClassification" : "ForSequenceClassification" }

  /// The kinds a model can have, the usual one first: a causal model's first token attends to itself alone.
  package static func kinds(for model: Model) -> [ClassifierKind] { model.traits.isCausal ? [.mean, .last] : [.cls] }

  /// - Throws: `TrainingError.headDoesNotFit` when a model cannot have this kind.
  package func check(for model: Model) throws {
    let kinds = Self.kinds(for: model)
    guard kinds.contains(self) else {
      throw TrainingError.headDoesNotFit(
        model: model.name, head: rawValue, supported: kinds.map(\.rawValue).joined(separator: " or "))
    }
  }
}

extension Checkpoint {
  /// The checkpoint that training starts from: the body of this one under the names of Hugging Face's class, without
  /// other heads, and the classifier's weights. A classifier of the same kind and number of classes keeps its weights,
  /// with rows in the order of the names of the classes; else weights are normal with config.json's `initializer_range`
  /// and biases 0, as in Hugging Face. - Parameters: - labels: the names of the classes, at least two. - cleaning: of
  /// texts before tokenization; stored in config.json.
  ///   - seed: of the new weights.
  /// - Throws: `TrainingError.headDoesNotFit`; `TransformerError.notSingleLabel` for a model of another `problem_type`; what
  ///   opening the model throws.
  package func preparedForClassification(
    _ kind: ClassifierKind, labels: [String], cleaning: TextCleaning, seed: UInt64
  ) throws -> Checkpoint {
    let model = try Model(self)
    if model.classifier != nil {
      _ = try model.singleLabelClassification()
    } else if let problem = try config.problemType(), problem != .singleLabel {
      throw TransformerError.notSingleLabel(path: config.path, found: problem.rawValue)
    }
    try kind.check(for: model)
    let names = model.family.names
    let (oldPrefix, prefix) = (try WeightReader(self, anchor: names.anchor).prefix, names.prefix)
    let goesOn = model.classifier.map { $0.kind == kind && $0.classes == labels.count } ?? false

    let other = Set(model.otherHead?.tensors.map(ExactKey.init) ?? [])
    // Names in another order reorder the weights.
    let order = ClassNames(try model.labels(), of: model.name).places(of: labels) ?? Array(labels.indices)

    var tensors: [String: Tensor] = [:]
    let (output, dense) = (kind.outputLayer(names), names.firstTokenClassifier?.dense)
    for entry in entries where !other.contains(ExactKey(entry.name)) {
      if let body = names.bodyName(of: entry.name, prefix: oldPrefix) {
        if !Self.isBuffer(body) { tensors[prefix + Self.modernName(body)] = try floats(entry.name) }
      } else if entry.name.hasPrefix(output + ".") {
        if goesOn { tensors[entry.name] = try floats(entry.name).takingRows(order) }
      } else if let dense, entry.name.hasPrefix(dense + ".") {
        tensors[entry.name] = try floats(entry.name)
      }
    }
    let d = model.dimensions.hidden
    let range = config["initializer_range"].isPresent ? try config["initializer_range"].double() : 0.02
    var generator = SplitMix64(seed: seed)
    func addLinear(_ name: String, _ outputs: Int, hasBias: Bool = true) {
      guard tensors[name + ".weight"] == nil else { return }
      tensors[name + ".weight"] = Tensor(
        shape: [outputs, d], (0..<outputs * d).map { _ in Float(range * generator.normal()) })
      if hasBias { tensors[name + ".bias"] = Tensor(shape: [outputs], [Float](repeating: 0, count: outputs)) }
    }
    if let dense { addLinear(dense, d) }
    addLinear(output, labels.count, hasBias: kind != .last)
    return replacing(
      config: try classifierConfig(
        kind, modelClass: model.family.classPrefix + kind.classSuffix, labels: labels, cleaning: cleaning),
      tensors: tensors, removing: { _ in true })
  }

  /// Constant buffers that old checkpoints store.
  private static func isBuffer(_ name: String) -> Bool {
    ["position_ids", "token_type_ids", ".attn.bias", ".attn.masked_bias"].contains { name.hasSuffix($0) }
  }

  private static func modernName(_ name: String) -> String {
    if name.hasSuffix("LayerNorm.gamma") { return name.dropLast("gamma".count) + "weight" }
    if name.hasSuffix("LayerNorm.beta") { return name.dropLast("beta".count) + "bias" }
    return name
  }

  /// config.json with the settings of this classifier for Hugging Face and Graft.
  private func classifierConfig(
    _ kind: ClassifierKind, modelClass: String, labels: [String], cleaning: TextCleaning
  ) throws -> JSON {
    var members = try config.members()
    func set(_ key: String, _ value: JSON) {
      members.removeAll { ExactKey($0.key) == ExactKey(key) }
      members.append(JSON.Member(key, value))
    }
    set("architectures", [.string(modelClass)])
    set("id2label", .object(labels.enumerated().map { JSON.Member("\($0)", .string($1)) }))
    set("label2id", .object(labels.enumerated().map { JSON.Member($1, .integer($0)) }))
    members.removeAll { ["torch_dtype", "_name_or_path", "num_labels"].contains($0.key) }
    set("dtype", "float32")
    var graft = config["graft"].isPresent ? try config["graft"].members() : []
    graft.removeAll { ["text_cleaning", "pooling", "final_norm"].contains($0.key) }
    graft.append(JSON.Member("text_cleaning", .string(cleaning.rawValue)))
    if kind == .mean { graft += [JSON.Member("pooling", "mean"), JSON.Member("final_norm", false)] }
    set("graft", .object(graft))
    return .object(members)
  }

  /// Writes config.json and model.safetensors in Hugging Face layout, all tensors as F32.
  /// - Throws: `FileError`, `CheckpointError`.
  package func write(to directory: String) throws {
    var writer = SafetensorsWriter(metadata: ["format": "pt"])
    for entry in entries { writer.add(entry.name, try floats(entry.name)) }
    try writer.write(to: directory + "/model.safetensors")
    try OutputFile.write((config.value ?? .null).serialized(.pretty) + "\n", to: directory + "/config.json")
  }
}

extension Tensor {
  /// The rows, or elements of a vector, in another order.
  fileprivate func takingRows(_ order: [Int]) -> Tensor {
    let (values, width) = (self.values, columns)
    return Tensor(shape: shape, order.flatMap { values[$0 * width..<($0 + 1) * width] })
  }
}

extension ClassifierKind {
  /// The name of the layer with a score per class.
  func outputLayer(_ names: ModelFamily.WeightNames) -> String {
    switch self {
    case .cls: return names.firstTokenClassifier?.output ?? "classifier"
    case .last: return "score"
    case .mean: return "classifier"
    }
  }
}

extension ClassifierHead {
  /// nil for a mean after ln_f, which is not trained.
  var kind: ClassifierKind? {
    switch pooling {
    case .firstToken: return .cls
    case .lastToken: return .last
    case .mean(let norm): return norm == nil ? .mean : nil
    }
  }
}

extension Trainable {
  /// Trains the last `blocks` blocks and the classifier (with its dense layer where there is one) of a prepared checkpoint.
  /// Embeddings and ln_f are frozen.
  /// - Parameter weightsOnly: freezes every bias, as the stitching paper does.
  /// - Throws: `TrainingError.tooManyBlocks`; what opening the model throws.
  package init(_ checkpoint: Checkpoint, lastBlocks blocks: Int, weightsOnly: Bool) throws {
    let model = try Model(checkpoint)
    let count = model.dimensions.layers
    guard blocks <= count else {
      throw TrainingError.tooManyBlocks(model: model.name, asked: blocks, blocks: count)
    }
    let names = model.family.names
    let layers = names.firstTokenClassifier.map { [$0.dense, $0.output] } ?? ["classifier", "score"]
    try self.init(checkpoint) { name in
      if weightsOnly, !name.hasSuffix(".weight") { return false }
      if let layer = names.layer(of: name) { return layer >= count - blocks }
      return layers.contains { name.hasPrefix($0 + ".") }
    }
  }
}
