import Files

/// What is done with each key of config.json that Hugging Face reads for a family, or wrote in earlier versions.
/// docs/settings.md says the same with reasons.
extension SettingsKeys {
  /// config.json of a BERT model.
  package static let bert = SettingsKeys(
    file: "config.json",
    common + bertModules + [
      Entry("pad_token_id", .harmless), Entry("directionality", .harmless), Entry("pooler_fc_size", .harmless),
      Entry("pooler_num_attention_heads", .harmless), Entry("pooler_num_fc_layers", .harmless),
      Entry("pooler_size_per_head", .harmless), Entry("pooler_type", .harmless),
    ])

  /// config.json of a GPT-2 model.
  package static let gpt2 = SettingsKeys(
    file: "config.json",
    common + [
      Entry("n_embd", .honoured), Entry("n_layer", .honoured), Entry("n_head", .honoured), Entry("n_inner", .honoured),
      Entry("n_positions", .honoured), Entry("hidden_size", .honoured), Entry("num_hidden_layers", .honoured),
      Entry("num_attention_heads", .honoured), Entry("max_position_embeddings", .honoured),
      Entry("activation_function", .honoured), Entry("layer_norm_epsilon", .honoured),
      Entry("scale_attn_weights", .honoured), Entry("scale_attn_by_inverse_layer_idx", .honoured),
      Entry("pad_token_id", .honoured), Entry("is_causal", .refused(unless: [true])),
      Entry("is_decoder", .harmless), Entry("reorder_and_upcast_attn", .harmless), Entry("resid_pdrop", .harmless),
      Entry("embd_pdrop", .harmless), Entry("attn_pdrop", .harmless), Entry("hidden_dropout", .harmless),
      Entry("summary_type", .harmless), Entry("summary_use_proj", .harmless), Entry("summary_activation", .harmless),
      Entry("summary_proj_to_labels", .harmless), Entry("summary_first_dropout", .harmless),
      Entry("summary_last_dropout", .harmless), Entry("n_ctx", .harmless),
    ])

  /// The members of config.json's `graft`.
  package static let graft = SettingsKeys(
    file: "config.json",
    [
      Entry("pooling", .honoured), Entry("final_norm", .honoured), Entry("text_cleaning", .honoured),
    ])

  /// Keys of every family.
  static let common = read + otherPass + noEffect

  /// Keys of BERT and of the families with its modules.
  static let bertModules = [
    Entry("hidden_size", .honoured), Entry("num_hidden_layers", .honoured), Entry("num_attention_heads", .honoured),
    Entry("intermediate_size", .honoured), Entry("hidden_act", .honoured),
    Entry("max_position_embeddings", .honoured), Entry("type_vocab_size", .honoured),
    Entry("layer_norm_eps", .honoured), Entry("position_embedding_type", .refused(unless: ["absolute"])),
    Entry("is_decoder", .refused(unless: [false])), Entry("is_causal", .harmless),
    Entry("hidden_dropout_prob", .harmless), Entry("attention_probs_dropout_prob", .harmless),
    Entry("embedding_size", .harmless),
  ]

  private static let read = [
    Entry("model_type", .honoured), Entry("architectures", .honoured), Entry("vocab_size", .honoured),
    Entry("tie_word_embeddings", .honoured), Entry("id2label", .honoured), Entry("num_labels", .honoured),
    Entry("problem_type", .honoured), Entry("eos_token_id", .honoured), Entry("initializer_range", .honoured),
    Entry("tokenizer_class", .honoured), Entry("graft", .honoured),
  ]

  /// What makes Hugging Face compute another forward pass, or read other weights.
  private static let otherPass = [
    Entry("is_encoder_decoder", .refused(unless: [false])), Entry("add_cross_attention", .refused(unless: [false])),
    Entry("pruned_heads", .refused(unless: [[:], []])), Entry("quantization_config", .refused(unless: [[:]])),
    Entry("auto_map", .refused(unless: [[:]])), Entry("per_layer_config", .refused(unless: [[:]])),
    Entry("fusion_config", .refused(unless: [[:]])), Entry("sliding_window", .refused(unless: [])),
    Entry("attention_chunk_size", .refused(unless: [])), Entry("layer_types", .refused(unless: [])),
    Entry("kv_sharing_modes", .refused(unless: [])), Entry("text_config", .refused(unless: [])),
    Entry("encoder", .refused(unless: [])), Entry("decoder", .refused(unless: [])),
    Entry("transformers_weights", .refused(unless: ["model.safetensors"])),
  ]

  private static let noEffect = [
    "attn_implementation", "_attn_implementation", "_attn_implementation_autoset", "_attn_implementation_internal",
    "experts_implementation", "_experts_implementation", "_experts_implementation_internal", "_commit_hash",
    "_name_or_path", "name_or_path", "_num_labels", "bos_token_id", "chunk_size_feed_forward", "classifier_dropout",
    "cls_token_id",
    "cross_attention_hidden_size", "custom_pipelines", "distributed_config", "dtype", "finetuning_task",
    "gradient_checkpointing", "init_std", "initializer_factor", "label2id", "mask_token_id", "output_attentions",
    "output_hidden_states", "output_past", "prefix", "return_dict", "sep_token_id",
    "task_specific_params", "tf_legacy_loss", "tie_encoder_decoder", "tie_last_hidden_states",
    "token_classification_bias", "torch_dtype", "torchscript", "transformers_version", "unk_token_id", "use_bfloat16",
    "use_cache", "use_return_dict",
  ].map { Entry($0, .harmless) }
}

extension SettingsKeys {
  /// The keys of config.json that are not read, those of `graft` as "graft.KEY". Keys of generation_config.json may be
  /// in config.json too, where they affect generation alone.
  /// - Throws: `SettingsError` for a value that changes the forward pass; `FileError` for one of another type.
  func unreadKeys(of config: JSONNode) throws -> [String] {
    let own = try check(config).filter { SettingsKeys.generation.treatment(of: $0) == nil }
    let graft = config["graft"]
    return own + (graft.isPresent ? try SettingsKeys.graft.check(graft).map { "graft." + $0 } : [])
  }
}
