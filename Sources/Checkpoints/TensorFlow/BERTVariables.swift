/// The names that the first releases of BERT, and models trained with that code, have for their variables, and those of
/// Hugging Face.
enum BERTVariables {
  /// What becomes of a variable.
  enum Meaning: Equatable {
    /// A tensor of that name; a matrix that is stored as [in, out] is turned to [out, in].
    case tensor(String, isTransposed: Bool)
    /// What training needs and the model does not.
    case training
  }

  /// The state of optimisers, by the last part of the name; and counters, by the whole.
  private static let slots: Set<String> = [
    "adam_m", "adam_v", "Adam", "Adam_1", "lamb_m", "lamb_v", "LAMB", "LAMB_1", "Momentum", "accum_grad",
    "ExponentialMovingAverage",
  ]
  private static let counters: Set<String> = [
    "global_step", "beta1_power", "beta2_power", "current_loss_scale", "good_steps", "bad_steps", "loss_scale",
  ]

  /// Names outside the body and the pretraining heads: a classifier of the released run_classifier.py.
  private static let heads = ["output_weights": "classifier.weight", "output_bias": "classifier.bias"]

  /// Heads over the pretraining objectives, whose own parts have names unlike those of layers.
  private static let pretraining = [
    "cls/predictions/output_bias": "cls.predictions.bias",
    "cls/predictions/output_weights": "cls.predictions.decoder.weight",
    "cls/seq_relationship/output_weights": "cls.seq_relationship.weight",
    "cls/seq_relationship/output_bias": "cls.seq_relationship.bias",
  ]

  /// What a variable is. A name that BERT does not have stays as it is, for the model to refuse or to leave out.
  static func meaning(of name: String) -> Meaning {
    let parts = name.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard let last = parts.last else { return .tensor(name, isTransposed: false) }
    if slots.contains(last) || counters.contains(name) { return .training }
    if let known = heads[name] ?? pretraining[name] { return .tensor(known, isTransposed: false) }
    guard parts.count > 1, parts[0] == "bert" || name.hasPrefix("cls/predictions/transform/") else {
      return .tensor(name, isTransposed: false)
    }
    var path = parts.dropLast().map(layer)
    switch last {
    case "kernel": path.append("weight")
    case "gamma": path.append("weight")
    case "beta", "bias": path.append(last == "beta" ? "bias" : last)
    case "word_embeddings", "position_embeddings", "token_type_embeddings": path += [last, "weight"]
    default: return .tensor(name, isTransposed: false)
    }
    return .tensor(path.joined(separator: "."), isTransposed: last == "kernel")
  }

  /// `layer_7` as `layer.7`; every other part as it is.
  private static func layer(_ part: String) -> String {
    let prefix = "layer_"
    guard part.hasPrefix(prefix), let number = Int(part.dropFirst(prefix.count)), number >= 0 else { return part }
    return "layer.\(number)"
  }
}
