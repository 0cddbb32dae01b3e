import Files

/// DistilBERT (Sanh et al. 2019): BERT's forward pass without token types and pooler, under names of its own.
extension ModelFamily {
  package static let distilBERT = ModelFamily(
    modelType: "distilbert",
    traits: ModelTraits(
      family: "DistilBERT", isCausal: false, normPlacement: .post, objective: .maskedToken, positionOffset: 0,
      hasTokenTypes: false),
    classPrefix: "DistilBert", names: WeightNames(.distilBERT, prefix: "distilbert."), settings: .distilBERT,
    load: { try BERT.load($0, EncoderConfiguration(distilBERT: $0.config), .distilBERT) })
}

extension EncoderTable {
  /// DistilBertModel, DistilBertForMaskedLM, DistilBertForSequenceClassification.
  static let distilBERT = EncoderTable(
    blocks: "transformer.layer",
    block: BlockNames(
      wQ: "attention.q_lin", wK: "attention.k_lin", wV: "attention.v_lin", wO: "attention.out_lin",
      attentionNorm: "sa_layer_norm", wIn: "ffn.lin1", wOut: "ffn.lin2", mlpNorm: "output_layer_norm"),
    vocabularyHead: VocabularyHead(
      dense: "vocab_transform", activation: nil, norm: "vocab_layer_norm", decoder: "vocab_projector", bias: nil,
      modules: ["vocab_transform", "vocab_layer_norm", "vocab_projector"]),
    classifier: Classifier(dense: .head("pre_classifier"), activation: .relu, output: "classifier"),
    body: ["embeddings", "transformer"])
}

extension EncoderConfiguration {
  /// config.json of a DistilBERT model.
  /// - Throws: `TransformerError` for a size or an activation that is not supported, `FileError`.
  init(distilBERT config: JSONNode) throws {
    let reader = ConfigReader(
      config, aliases: ["dim": "hidden_size", "n_layers": "num_hidden_layers", "n_heads": "num_attention_heads"])
    dimensions = try reader.dimensions(
      vocabulary: ("vocab_size", 30522), hidden: ("dim", 768), layers: ("n_layers", 6), heads: ("n_heads", 12),
      feedForward: ("hidden_dim", nil), positions: ("max_position_embeddings", 512), defaultFeedForward: { _ in 3072 })
    tokenTypes = nil
    activation = try reader.activation("activation", default: "gelu")
    normEpsilon = 1e-12
    tiesEmbeddings = try reader.flag("tie_word_embeddings", default: true)
    positionRows = .fromZero
  }
}

extension SettingsKeys {
  /// config.json of a DistilBERT model.
  package static let distilBERT = SettingsKeys(
    file: "config.json",
    common + [
      Entry("dim", .honoured), Entry("n_layers", .honoured), Entry("n_heads", .honoured),
      Entry("hidden_dim", .honoured), Entry("activation", .honoured), Entry("hidden_size", .honoured),
      Entry("num_hidden_layers", .honoured), Entry("num_attention_heads", .honoured),
      Entry("max_position_embeddings", .honoured), Entry("pad_token_id", .harmless),
      // The rows are stored either way.
      Entry("sinusoidal_pos_embds", .harmless),
      Entry("is_causal", .harmless), Entry("is_decoder", .harmless), Entry("dropout", .harmless),
      Entry("attention_dropout", .harmless), Entry("qa_dropout", .harmless), Entry("seq_classif_dropout", .harmless),
      Entry("tie_weights_", .harmless),
    ])
}
