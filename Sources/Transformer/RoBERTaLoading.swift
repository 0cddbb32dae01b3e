import Files

/// RoBERTa (Liu et al. 2019): BERT's forward pass with positions counted after the id of padding, and other heads.
extension ModelFamily {
  package static let roBERTa = ModelFamily(
    modelType: "roberta",
    traits: ModelTraits(
      family: "RoBERTa", isCausal: false, normPlacement: .post, objective: .maskedToken, positionOffset: 2,
      hasTokenTypes: true),
    classPrefix: "Roberta", names: WeightNames(.roBERTa, prefix: "roberta."), settings: .roBERTa,
    load: { try BERT.load($0, EncoderConfiguration(roBERTa: $0.config), .roBERTa) })
}

extension EncoderTable {
  /// RobertaModel, RobertaForMaskedLM, RobertaForSequenceClassification. No head that is computed reads the pooler.
  static let roBERTa = EncoderTable(
    blocks: "encoder.layer", block: bertBlock,
    vocabularyHead: VocabularyHead(
      dense: "lm_head.dense", activation: .geluErf, norm: "lm_head.layer_norm", decoder: "lm_head.decoder",
      bias: "lm_head.bias", modules: ["lm_head"]),
    classifier: Classifier(dense: .head("classifier.dense"), activation: .tanh, output: "classifier.out_proj"),
    body: ["embeddings", "encoder", "pooler"], ignored: [.body("pooler.dense.weight"), .body("pooler.dense.bias")])
}

extension EncoderConfiguration {
  /// config.json of a RoBERTa model.
  /// - Throws: `TransformerError` for a size or an activation that is not supported, `FileError`.
  init(roBERTa config: JSONNode) throws {
    let reader = ConfigReader(config)
    let size = try reader.dimensions(
      vocabulary: ("vocab_size", 50265), hidden: ("hidden_size", 768), layers: ("num_hidden_layers", 12),
      heads: ("num_attention_heads", 12), feedForward: ("intermediate_size", nil),
      positions: ("max_position_embeddings", 512), defaultFeedForward: { _ in 3072 })
    positionRows = try PositionRows(afterPaddingOf: config, size)
    dimensions = size.with(positions: size.positions - positionRows.first)
    tokenTypes = try reader.size("type_vocab_size", default: 2)
    activation = try reader.activation("hidden_act", default: "gelu")
    normEpsilon = try reader.epsilon("layer_norm_eps", default: 1e-12)
    tiesEmbeddings = try reader.flag("tie_word_embeddings", default: true)
  }
}

extension PositionRows {
  /// Positions are counted from the row after that of `pad_token_id`.
  /// - Parameter size: with all rows of the position embedding.
  fileprivate init(afterPaddingOf config: JSONNode, _ size: Dimensions) throws {
    let node = config["pad_token_id"]
    // Hugging Face's positions need a number here, so that null is no absent key.
    let padding = node.value == nil ? 1 : try node.int()
    guard padding >= 0, padding < size.vocabulary, let id = Int32(exactly: padding) else {
      throw TransformerError.impossibleSize(
        path: config.path, option: "pad_token_id", found: "\(padding)",
        expected: "an id of the vocabulary, from 0 to \(size.vocabulary - 1)")
    }
    guard size.positions > padding + 1 else {
      throw TransformerError.impossibleSize(
        path: config.path, option: "max_position_embeddings", found: "\(size.positions)",
        expected: "more than pad_token_id + 1, \(padding + 1), the rows before a text's first token")
    }
    self.init(first: padding + 1, uncounted: id)
  }
}

extension SettingsKeys {
  /// config.json of a RoBERTa model.
  package static let roBERTa = SettingsKeys(
    file: "config.json",
    common + bertModules + [
      Entry("pad_token_id", .honoured)
    ])
}
