import Transformer

extension TransformerModel {
  /// Says once what the model's files hold that does nothing here, and what was assumed about them.
  func noteSettings() {
    for model in checkpoints {
      let path = model.checkpoint.config.path
      Console.noteUnread(model.unreadKeys, path: path)
      if let head = model.otherHead, !model.isPretrained {
        Console.noteOnce("\(model.name): \(head.title) is left out; the rest runs")
      }
      if model.classifierIsAssumed {
        Console.noteOnce(
          "\(path): architectures names no one class of sequence classifiers; the stored tensors are those of one and are "
            + "read as one")
      }
    }
  }
}

extension Model {
  /// Whether only the next-sentence head is left out, beside the one over the vocabulary: BERT as it was pretrained.
  fileprivate var isPretrained: Bool { unembedding != nil && otherHead?.modules == ["cls.seq_relationship"] }
}
