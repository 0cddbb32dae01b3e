extension ModelFamily {
  package static let bert = ModelFamily(
    modelType: "bert",
    traits: ModelTraits(
      family: "BERT", isCausal: false, normPlacement: .post, objective: .maskedToken, positionOffset: 0,
      hasTokenTypes: true),
    classPrefix: "Bert", names: WeightNames(.bert, prefix: "bert."), settings: .bert,
    load: { try BERT.load($0, EncoderConfiguration(bert: $0.config), .bert) })
}

extension EncoderTable {
  /// BertModel, BertForMaskedLM, BertForSequenceClassification.
  static let bert = EncoderTable(
    blocks: "encoder.layer", block: bertBlock,
    vocabularyHead: VocabularyHead(
      dense: "cls.predictions.transform.dense", activation: nil, norm: "cls.predictions.transform.LayerNorm",
      decoder: "cls.predictions.decoder", bias: "cls.predictions.bias", modules: ["cls.predictions"]),
    // BertForTokenClassification also stores a classifier, but no pooler.
    classifier: Classifier(dense: .body("pooler.dense"), activation: .tanh, output: "classifier"),
    body: ["embeddings", "encoder", "pooler"],
    ignored: [
      .body("pooler.dense.weight"), .body("pooler.dense.bias"), .head("cls.seq_relationship.weight"),
      .head("cls.seq_relationship.bias"),
    ], leftOut: "cls.seq_relationship")
}
