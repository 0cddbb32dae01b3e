import Files

/// What is done with each key of generation_config.json that Hugging Face reads. docs/settings.md says the same with
/// reasons.
extension SettingsKeys {
  package static let generation = SettingsKeys(
    file: "generation_config.json", generationRead + otherGeneration + generationWithoutEffect + samplingAlone)

  private static let generationRead = [
    Entry("eos_token_id", .honoured), Entry("do_sample", .honoured), Entry("temperature", .honoured),
    Entry("top_k", .honoured),
  ]

  /// What makes Hugging Face choose other tokens, or stop elsewhere.
  private static let otherGeneration = [
    Entry("num_beams", .refused(unless: [1])), Entry("num_return_sequences", .refused(unless: [1])),
    Entry("min_length", .refused(unless: [0])), Entry("min_new_tokens", .refused(unless: [0])),
    Entry("max_time", .refused(unless: [])), Entry("stop_strings", .refused(unless: [[]])),
    Entry("repetition_penalty", .refused(unless: [1])), Entry("encoder_repetition_penalty", .refused(unless: [1])),
    Entry("no_repeat_ngram_size", .refused(unless: [0])),
    Entry("encoder_no_repeat_ngram_size", .refused(unless: [0])), Entry("bad_words_ids", .refused(unless: [[]])),
    Entry("suppress_tokens", .refused(unless: [[]])), Entry("begin_suppress_tokens", .refused(unless: [[]])),
    Entry("sequence_bias", .refused(unless: [[], [:]])), Entry("forced_bos_token_id", .refused(unless: [])),
    Entry("forced_eos_token_id", .refused(unless: [])),
    Entry("force_bos_token_to_be_generated", .refused(unless: [false])),
    Entry("exponential_decay_length_penalty", .refused(unless: [])), Entry("guidance_scale", .refused(unless: [1])),
    Entry("watermarking_config", .refused(unless: [])), Entry("token_healing", .refused(unless: [false])),
    Entry("use_mtp", .refused(unless: [false])), Entry("is_assistant", .refused(unless: [false])),
    Entry("assistant_early_exit", .refused(unless: [])), Entry("penalty_alpha", .refused(unless: [0])),
    Entry("dola_layers", .refused(unless: [])), Entry("constraints", .refused(unless: [])),
    Entry("force_words_ids", .refused(unless: [])),
  ]

  /// Keys that narrow the tokens to sample from, without effect on greedy generation.
  private static let samplingAlone = [
    Entry("top_p", .refused(unless: [1])), Entry("min_p", .refused(unless: [0])), Entry("top_h", .refused(unless: [])),
    Entry("typical_p", .refused(unless: [1])), Entry("epsilon_cutoff", .refused(unless: [0])),
    Entry("eta_cutoff", .refused(unless: [0])),
  ]

  private static let generationWithoutEffect = [
    "_commit_hash", "_from_model_config", "assistant_confidence_threshold", "assistant_ensemble_weight",
    "assistant_lookbehind", "bos_token_id", "cache_config", "cache_implementation", "compile_config",
    "continuous_batching_config", "decoder_start_token_id", "disable_compile", "diversity_penalty", "early_stopping",
    "length_penalty", "low_memory", "max_cache_len", "max_length", "max_matching_ngram_size", "max_new_tokens",
    "num_assistant_tokens", "num_assistant_tokens_schedule", "num_beam_groups", "output_attentions",
    "output_hidden_states", "output_logits", "output_scores", "pad_token_id", "prefill_chunk_size",
    "prompt_lookup_num_tokens", "remove_invalid_values", "renormalize_logits", "return_dict_in_generate",
    "speculation_type", "target_lookbehind", "transformers_version", "use_cache",
  ].map { Entry($0, .harmless) }

  /// The keys of `samplingAlone`.
  static var samplingKeys: Set<String> { Set(samplingAlone.map(\.key)) }
}
