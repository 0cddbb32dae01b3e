import Files

/// A head of a checkpoint that is not supported, such as that of a question-answering model. Its tensors are left out,
/// and the body runs.
public struct OtherHead: Equatable, Sendable {
  /// What config.json's `architectures` names, with commas between; nil for none.
  public let modelClass: String?
  /// What its tensors belong to: "qa_outputs", "cls.seq_relationship".
  public let modules: [String]
  /// The names of its tensors, in the order of their bytes.
  public let tensors: [String]

  /// "the head qa_outputs (BertForQuestionAnswering)"
  package var title: String {
    let heads = (modules.count == 1 ? "the head " : "the heads ") + modules.joined(separator: ", ")
    return heads + (modelClass.map { " (\($0))" } ?? "")
  }

  /// nil where no tensor was left out.
  init?(_ tensors: [String], _ classes: ModelClasses) {
    guard !tensors.isEmpty else { return nil }
    self.tensors = tensors
    modelClass = classes.names.isEmpty ? nil : classes.names.joined(separator: ", ")
    modules = tensors.reduce(into: []) { modules, name in
      let module = name.split(separator: ".").prefix(name.hasPrefix("cls.") ? 2 : 1).joined(separator: ".")
      if modules.last != module { modules.append(module) }
    }
  }
}

/// The classes of Hugging Face that a checkpoint was saved by: config.json's `architectures`.
struct ModelClasses {
  let names: [String]

  /// - Throws: `FileError` for another value than a list of names.
  init(_ config: JSONNode) throws {
    let node = config["architectures"]
    names = node.isPresent ? try node.array().map { try $0.string() } : []
  }

  /// Whether a head with a sequence classifier's name is one; nil where only the tensors can tell: no class, an unknown
  /// one or one without a head of that name, or several that disagree.
  var classifySequences: Bool? {
    let answers = names.map(Self.classifiesSequences)
    guard let first = answers.first, answers.allSatisfy({ $0 == first }) else { return nil }
    return first
  }

  private static func classifiesSequences(_ name: String) -> Bool? {
    if name.hasSuffix("ForSequenceClassification") { return true }
    // Their heads have the same name and another meaning.
    return ["ForTokenClassification", "ForMultipleChoice"].contains(where: name.hasSuffix) ? false : nil
  }
}
