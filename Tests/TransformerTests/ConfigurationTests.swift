import Checkpoints
import DenseMath
import Files
import Foundation
import TestSupport
import Testing
import Transformer

/// An option of config.json that changes the forward pass is honoured or refused by name.
@Suite struct ConfigurationTests {
  /// A change of config.json and its expected result; nil removes the key.
  struct Case: Sendable, CustomTestStringConvertible {
    let kind: TinyCheckpoint.Kind
    let option: String
    let value: JSON?
    let found: String
    let expected: String

    init(_ kind: TinyCheckpoint.Kind, _ option: String, _ value: JSON?, found: String = "", _ expected: String = "") {
      self.kind = kind
      self.option = option
      self.value = value
      self.found = found
      self.expected = expected
    }

    var testDescription: String { "\(kind) \(option) \(value.map { $0.serialized() } ?? "absent")" }
  }

  private func open(_ test: Case, in directory: TemporaryDirectory) throws -> Model {
    var checkpoint = TinyCheckpoint.make(test.kind)
    checkpoint.config[test.option] = test.value
    return try checkpoint.open(in: directory)
  }

  private static let activations =
    "gelu, gelu_python, gelu_new, gelu_fast, gelu_accurate, gelu_pytorch_tanh, gelu_python_tanh, quick_gelu, relu, "
    + "silu, swish, tanh"

  static let unsupported: [Case] = [
    Case(.bert, "hidden_act", "gelu_10", found: "\"gelu_10\"", activations),
    Case(.bert, "hidden_act", "GELU", found: "\"GELU\"", activations),
    Case(.gpt2, "activation_function", "relu2", found: "\"relu2\"", activations),
    Case(.distilbert, "activation", "gelu_10", found: "\"gelu_10\"", activations),
    Case(.roberta, "hidden_act", "mish", found: "\"mish\"", activations),
    Case(.gpt2, "activation_function", "", found: "\"\"", activations),
  ]

  @Test(arguments: unsupported) func unknownActivations(_ test: Case) throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/config.json"
    #expect(
      throws: TransformerError.unsupportedOption(
        path: path, option: test.option, found: test.found, supported: test.expected)
    ) { try open(test, in: directory) }
  }

  static let refused: [Case] = [
    Case(.bert, "position_embedding_type", "relative_key", found: "the string \"relative_key\"", "\"absolute\""),
    Case(.bert, "position_embedding_type", "alibi", found: "the string \"alibi\"", "\"absolute\""),
    Case(.bert, "position_embedding_type", 3, found: "the number 3", "\"absolute\""),
    Case(.bert, "is_decoder", true, found: "true", "false"),
    Case(.bert, "is_decoder", "yes", found: "the string \"yes\"", "false"),
    Case(.bert, "is_encoder_decoder", true, found: "true", "false"),
    Case(.bert, "add_cross_attention", true, found: "true", "false"),
    Case(.gpt2, "add_cross_attention", true, found: "true", "false"),
    Case(.gpt2, "is_encoder_decoder", true, found: "true", "false"),
    Case(.gpt2, "is_causal", false, found: "false", "true"),
    Case(.distilbert, "pruned_heads", ["0": [1]], found: "an object of 1", "{} or []"),
    Case(.distilbert, "quantization_config", ["bits": 4], found: "an object of 1", "{}"),
    Case(.roberta, "position_embedding_type", "relative_key", found: "the string \"relative_key\"", "\"absolute\""),
    Case(.roberta, "is_decoder", true, found: "true", "false"),
    Case(.roberta, "add_cross_attention", true, found: "true", "false"),
    Case(.gpt2, "sliding_window", 4, found: "the number 4"),
    Case(.gpt2, "layer_types", ["sliding_attention"], found: "an array of 1"),
    Case(.gpt2, "per_layer_config", ["0": ["n_head": 2]], found: "an object of 1", "{}"),
    Case(
      .bert, "transformers_weights", "other.safetensors", found: "the string \"other.safetensors\"",
      "\"model.safetensors\""),
    Case(.bert, "pruned_heads", ["0": [1]], found: "an object of 1", "{} or []"),
    Case(.gpt2, "pruned_heads", ["1": [0, 2]], found: "an object of 1", "{} or []"),
    Case(.bert, "quantization_config", ["bits": 4], found: "an object of 1", "{}"),
    Case(.gpt2, "quantization_config", ["bits": 8], found: "an object of 1", "{}"),
    Case(.bert, "auto_map", ["AutoModel": "modeling.Other"], found: "an object of 1", "{}"),
    Case(.gpt2, "auto_map", ["AutoModel": "modeling.Other"], found: "an object of 1", "{}"),
  ]

  @Test(arguments: refused) func refusedByName(_ test: Case) throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/config.json"
    let supported = test.expected.isEmpty ? [] : test.expected.components(separatedBy: " or ")
    #expect(
      throws: SettingsError.unsupported(path: path, key: test.option, found: test.found, supported: supported)
    ) { try open(test, in: directory) }
  }

  /// A key that is not read does nothing, and is distinguished from those known to do nothing.
  @Test(arguments: TinyCheckpoint.Kind.allCases) func keysThatNobodyReads(_ kind: TinyCheckpoint.Kind) throws {
    let directory = try TemporaryDirectory()
    var checkpoint = TinyCheckpoint.make(kind)
    #expect(try checkpoint.open(in: directory).unreadKeys == [])
    checkpoint.config["hidden_dropout_probability"] = 0.3
    checkpoint.config["torch_dtype"] = "float16"
    checkpoint.config["repetition_penalty"] = 1.2
    checkpoint.config["graft"] = ["text_cleaning": "br", "pool": "mean"]
    #expect(try checkpoint.open(in: directory).unreadKeys == ["hidden_dropout_probability", "graft.pool"])
  }

  private static let paddings = "an id of the vocabulary, from 0 to 24"
  private static let whole = "a whole number from 1 to 2147483647"

  static let impossible: [Case] = [
    Case(.bert, "hidden_size", 0, found: "0", whole),
    Case(.bert, "num_hidden_layers", -1, found: "-1", whole),
    Case(.bert, "vocab_size", 2_147_483_648, found: "2147483648", whole),
    Case(.bert, "type_vocab_size", 0, found: "0", whole),
    Case(.bert, "intermediate_size", .integer(.max), found: "\(Int.max)", whole),
    Case(.bert, "max_position_embeddings", .integer(.min), found: "\(Int.min)", whole),
    Case(.bert, "num_attention_heads", 5, found: "5", "a divisor of hidden_size, 12"),
    Case(.bert, "num_attention_heads", 24, found: "24", "a divisor of hidden_size, 12"),
    Case(.bert, "layer_norm_eps", -1e-12, found: "-1e-12", "a number from 0 to 1"),
    Case(.bert, "layer_norm_eps", 1, found: "1.0", "a number from 0 to 1"),
    Case(.distilbert, "dim", 0, found: "0", whole),
    Case(.distilbert, "n_heads", 5, found: "5", "a divisor of dim, 12"),
    Case(.distilbert, "hidden_dim", -1, found: "-1", whole),
    Case(.distilbert, "num_hidden_layers", 4, found: "the number 4", "what n_layers is, the number 2"),
    Case(.roberta, "type_vocab_size", 0, found: "0", whole),
    Case(.roberta, "pad_token_id", -1, found: "-1", paddings),
    Case(.roberta, "pad_token_id", 25, found: "25", paddings),
    Case(.roberta, "pad_token_id", .integer(.max), found: "\(Int.max)", paddings),
    Case(
      .roberta, "max_position_embeddings", 2, found: "2",
      "more than pad_token_id + 1, 2, the rows before a text's first token"),
    Case(.gpt2, "n_embd", 0, found: "0", whole),
    Case(.gpt2, "n_layer", 4_294_967_296, found: "4294967296", whole),
    Case(.gpt2, "n_head", 7, found: "7", "a divisor of n_embd, 12"),
    Case(.gpt2, "n_inner", -4, found: "-4", whole),
    Case(.gpt2, "n_positions", 0, found: "0", whole),
    Case(.gpt2, "num_attention_heads", 4, found: "the number 4", "what n_head is, the number 3"),
    Case(.gpt2, "hidden_size", 6, found: "the number 6", "what n_embd is, the number 12"),
    Case(.gpt2, "layer_norm_epsilon", 2.5, found: "2.5", "a number from 0 to 1"),
  ]

  @Test(arguments: impossible) func impossibleSizes(_ test: Case) throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/config.json"
    #expect(
      throws: TransformerError.impossibleSize(
        path: path, option: test.option, found: test.found, expected: test.expected)
    ) { try open(test, in: directory) }
  }

  static let illTyped: [Case] = [
    Case(.bert, "hidden_act", 3, found: "the number 3", "a string"),
    Case(.bert, "hidden_size", "12", found: "the string \"12\"", "an integer"),
    Case(.bert, "hidden_size", 12.5, found: "the number 12.5", "an integer"),
    Case(.bert, "num_hidden_layers", [2], found: "an array of 1", "an integer"),
    Case(.bert, "layer_norm_eps", "1e-12", found: "the string \"1e-12\"", "a number"),
    Case(.bert, "tie_word_embeddings", 1, found: "the number 1", "true or false"),
    Case(.gpt2, "activation_function", true, found: "true", "a string"),
    Case(.gpt2, "scale_attn_weights", "false", found: "the string \"false\"", "true or false"),
    Case(.gpt2, "scale_attn_by_inverse_layer_idx", 0, found: "the number 0", "true or false"),
    Case(.gpt2, "n_inner", "4", found: "the string \"4\"", "an integer"),
    Case(.distilbert, "activation", 3, found: "the number 3", "a string"),
    Case(.distilbert, "n_layers", "2", found: "the string \"2\"", "an integer"),
    Case(.roberta, "pad_token_id", .null, found: "null", "an integer"),
    Case(.roberta, "pad_token_id", "1", found: "the string \"1\"", "an integer"),
    Case(.gpt2, "pad_token_id", "0", found: "the string \"0\"", "an integer"),
  ]

  @Test(arguments: illTyped) func wrongTypes(_ test: Case) throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/config.json"
    #expect(
      throws: FileError.malformed(path: path, location: test.option, expected: test.expected, found: test.found)
    ) { try open(test, in: directory) }
  }

  @Test(arguments: [
    Case(.bert, "model_type", "t5", found: "the string \"t5\""),
    Case(.roberta, "model_type", "xlm-roberta", found: "the string \"xlm-roberta\""),
    Case(.roberta, "model_type", "camembert", found: "the string \"camembert\""),
    Case(.bert, "model_type", "BERT", found: "the string \"BERT\""), Case(.gpt2, "model_type", nil, found: "missing"),
    Case(.gpt2, "model_type", 2, found: "the number 2"), Case(.gpt2, "model_type", .null, found: "null"),
  ]) func unknownModelTypes(_ test: Case) throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/config.json"
    #expect(throws: TransformerError.unknownModelType(path: path, found: test.found)) {
      try open(test, in: directory)
    }
  }

  /// A size that is absent takes Hugging Face's default, and then the weights show that it was wrong.
  @Test(arguments: [
    (Case(.bert, "vocab_size", nil), "bert.embeddings.word_embeddings.weight", [30522, 12], [23, 12]),
    (Case(.bert, "intermediate_size", nil), "bert.encoder.layer.0.intermediate.dense.weight", [3072, 12], [10, 12]),
    (Case(.bert, "hidden_size", nil), "bert.embeddings.word_embeddings.weight", [23, 768], [23, 12]),
    (Case(.bert, "max_position_embeddings", nil), "bert.embeddings.position_embeddings.weight", [512, 12], [16, 12]),
    (Case(.bert, "type_vocab_size", 3), "bert.embeddings.token_type_embeddings.weight", [3, 12], [2, 12]),
    (Case(.distilbert, "dim", nil), "distilbert.embeddings.word_embeddings.weight", [23, 768], [23, 12]),
    (Case(.distilbert, "hidden_dim", nil), "distilbert.transformer.layer.0.ffn.lin1.weight", [3072, 12], [10, 12]),
    (Case(.roberta, "vocab_size", nil), "roberta.embeddings.word_embeddings.weight", [50265, 12], [25, 12]),
    (Case(.roberta, "type_vocab_size", nil), "roberta.embeddings.token_type_embeddings.weight", [2, 12], [1, 12]),
    (
      Case(.roberta, "max_position_embeddings", nil), "roberta.embeddings.position_embeddings.weight", [512, 12],
      [18, 12]
    ),
    (Case(.gpt2, "vocab_size", nil), "transformer.wte.weight", [50257, 12], [21, 12]),
    (Case(.gpt2, "n_positions", nil), "transformer.wpe.weight", [1024, 12], [16, 12]),
    (Case(.gpt2, "n_inner", .null), "transformer.h.0.mlp.c_fc.weight", [12, 48], [12, 10]),
    (Case(.gpt2, "n_embd", 2_147_483_646), "transformer.wte.weight", [21, 2_147_483_646], [21, 12]),
  ]) func sizesThatTheWeightsDoNotHave(_ test: (Case, tensor: String, expected: [Int], found: [Int])) throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/model.safetensors"
    #expect(
      throws: CheckpointError.wrongShape(path: path, tensor: test.tensor, expected: test.expected, found: test.found)
    ) { try open(test.0, in: directory) }
  }

  /// Two thousand million blocks are refused at the first missing one, before memory is allocated.
  @Test(arguments: [
    (Case(.bert, "num_hidden_layers", 2_147_483_647), "bert.encoder.layer.2.attention.self.query.weight"),
    (Case(.distilbert, "n_layers", 2_147_483_647), "distilbert.transformer.layer.2.attention.q_lin.weight"),
    (Case(.roberta, "num_hidden_layers", 2_147_483_647), "roberta.encoder.layer.2.attention.self.query.weight"),
    (Case(.gpt2, "n_layer", 2_147_483_647), "transformer.h.2.ln_1.weight"),
  ]) func moreBlocksThanStored(_ test: (Case, tensor: String)) throws {
    let directory = try TemporaryDirectory()
    let error = #expect(throws: CheckpointError.self) { try open(test.0, in: directory) }
    guard case .missingTensor(let path, let tensor, _)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(path == directory.path + "/model.safetensors")
    #expect(tensor == test.tensor)
  }

  @Test func fewerBlocksThanStored() throws {
    let directory = try TemporaryDirectory()
    let error = #expect(throws: CheckpointError.self) { try open(Case(.gpt2, "n_layer", 1), in: directory) }
    guard case .unused(_, let names)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(names.count == 12)
    #expect(names.allSatisfy { $0.hasPrefix("transformer.h.1.") })
  }

  /// Options with the value of the default, or without effect on the forward pass of whole texts.
  @Test(arguments: [
    Case(.bert, "position_embedding_type", "absolute"), Case(.bert, "position_embedding_type", .null),
    Case(.bert, "is_decoder", false), Case(.bert, "pruned_heads", [:]), Case(.bert, "auto_map", .null),
    Case(.bert, "hidden_dropout_prob", 0.5), Case(.bert, "chunk_size_feed_forward", 4),
    Case(.bert, "architectures", nil), Case(.distilbert, "sinusoidal_pos_embds", true),
    Case(.distilbert, "qa_dropout", 0.5), Case(.distilbert, "seq_classif_dropout", 0.5),
    Case(.distilbert, "tie_weights_", true), Case(.distilbert, "pad_token_id", 7), Case(.distilbert, "dim", 12),
    Case(.distilbert, "hidden_size", 12), Case(.distilbert, "chunk_size_feed_forward", 4),
    Case(.distilbert, "is_decoder", true), Case(.roberta, "position_embedding_type", "absolute"),
    Case(.roberta, "is_decoder", false), Case(.roberta, "classifier_dropout", 0.5),
    Case(.roberta, "pad_token_id", nil), Case(.gpt2, "_num_labels", 1), Case(.gpt2, "reorder_and_upcast_attn", true),
    Case(.gpt2, "summary_activation", "tanh"), Case(.gpt2, "num_attention_heads", 3),
    Case(.gpt2, "hidden_size", 12), Case(.gpt2, "use_cache", false), Case(.gpt2, "scale_attn_weights", .null),
  ]) func optionsWithoutEffect(_ test: Case) throws {
    let directory = try TemporaryDirectory()
    let plain = try TinyCheckpoint.make(test.kind).open(in: directory)
    let expected = try plain.trace([1, 2, 3], workspace: Workspace())
    let found = try open(test, in: directory).trace([1, 2, 3], workspace: Workspace())
    #expect(found.logits?.bits == expected.logits?.bits)
  }

  /// Options that do change the result, each against the oracle.
  @Test(arguments: [
    Case(.bert, "layer_norm_eps", 0.03), Case(.bert, "num_attention_heads", 4), Case(.bert, "num_attention_heads", 1),
    Case(.bert, "hidden_act", "gelu_new"), Case(.distilbert, "activation", "relu"), Case(.distilbert, "n_heads", 4),
    Case(.roberta, "hidden_act", "relu"), Case(.roberta, "layer_norm_eps", 0.03),
    Case(.roberta, "num_attention_heads", 2),
    Case(.gpt2, "layer_norm_epsilon", 0.03), Case(.gpt2, "n_head", 6),
    Case(.gpt2, "scale_attn_weights", false), Case(.gpt2, "scale_attn_by_inverse_layer_idx", true),
    Case(.gpt2, "activation_function", "gelu"),
  ]) func optionsWithEffect(_ test: Case) throws {
    let directory = try TemporaryDirectory()
    let plain = try TinyCheckpoint.make(test.kind).open(in: directory).trace([1, 2, 3], workspace: Workspace())
    let found = try open(test, in: directory).trace([1, 2, 3], workspace: Workspace())
    let expected = try #require(try Oracle(directory: directory.path).forward([1, 2, 3]).logits)
    let scale = expectCloseToLargest(try #require(found.logits), expected, fraction: 2e-5, test.testDescription)
    let change = zip(try #require(plain.logits), expected).map { abs(Double($0) - $1) }.max() ?? 0
    #expect(change > 1e-4, "the option changes nothing here, so this test shows nothing (\(scale))")
  }

  /// The sizes of the published GPT-2 models and DistilGPT-2, and the keys of their config.json, are supported.
  @Test(arguments: [(12, 768, 6), (12, 768, 12), (16, 1024, 24), (20, 1280, 36), (25, 1600, 48)])
  func publishedSizesOfGPT2(_ heads: Int, hidden: Int, layers: Int) throws {
    let directory = try TemporaryDirectory()
    var checkpoint = TinyCheckpoint.gpt2()
    checkpoint.config = [
      "_num_labels": 1, "activation_function": "gelu_new", "architectures": ["GPT2LMHeadModel"], "attn_pdrop": 0.1,
      "bos_token_id": 50256, "embd_pdrop": 0.1, "eos_token_id": 50256, "id2label": ["0": "LABEL_0"],
      "initializer_range": 0.02, "label2id": ["LABEL_0": 0], "layer_norm_epsilon": 1e-5, "model_type": "gpt2",
      "n_ctx": 1024, "n_embd": .integer(hidden), "n_head": .integer(heads), "n_layer": .integer(layers),
      "n_positions": 1024, "output_past": true, "resid_pdrop": 0.1, "summary_activation": .null,
      "summary_first_dropout": 0.1, "summary_proj_to_labels": true, "summary_type": "cls_index",
      "summary_use_proj": true,
      "task_specific_params": ["text-generation": ["do_sample": true, "max_length": 50]], "vocab_size": 50257,
    ]
    #expect(
      throws: CheckpointError.wrongShape(
        path: directory.path + "/model.safetensors", tensor: "transformer.wte.weight", expected: [50257, hidden],
        found: [21, 12])
    ) { try checkpoint.open(in: directory) }
    #expect(try ModelFamily.gpt2.settings.check(JSONNode.read(directory.path + "/config.json")) == [])
  }

  /// The names that all architectures share in Hugging Face stand for GPT-2's own.
  @Test func generalNames() throws {
    let directory = try TemporaryDirectory()
    var checkpoint = TinyCheckpoint.gpt2()
    let expected = try checkpoint.open(in: directory).trace([1, 2, 3], workspace: Workspace()).logits
    for (own, general) in [
      ("n_embd", "hidden_size"), ("n_layer", "num_hidden_layers"), ("n_head", "num_attention_heads"),
      ("n_positions", "max_position_embeddings"),
    ] { checkpoint.config[general] = checkpoint.config.removeValue(forKey: own) }
    #expect(try checkpoint.open(in: directory).trace([1, 2, 3], workspace: Workspace()).logits?.bits == expected?.bits)

    var distilled = TinyCheckpoint.distilbert()
    let own = try distilled.open(in: directory).trace([1, 2, 3], workspace: Workspace()).logits
    for (key, general) in [
      ("dim", "hidden_size"), ("n_layers", "num_hidden_layers"), ("n_heads", "num_attention_heads"),
    ] { distilled.config[general] = distilled.config.removeValue(forKey: key) }
    #expect(try distilled.open(in: directory).trace([1, 2, 3], workspace: Workspace()).logits?.bits == own?.bits)
  }

  @Test func absentOptionsTakeTheDefaults() throws {
    let directory = try TemporaryDirectory()
    for (kind, options) in [
      (TinyCheckpoint.Kind.bert, ["hidden_act", "layer_norm_eps", "tie_word_embeddings", "type_vocab_size"]),
      (.distilbert, ["activation", "tie_word_embeddings"]), (.roberta, ["hidden_act", "pad_token_id"]),
      (.gpt2, ["activation_function", "layer_norm_epsilon", "tie_word_embeddings"]),
    ] {
      var checkpoint = TinyCheckpoint.make(kind)
      let expected = try checkpoint.open(in: directory).trace([1, 2, 3], workspace: Workspace()).logits
      for option in options { checkpoint.config[option] = nil }
      let found = try checkpoint.open(in: directory).trace([1, 2, 3], workspace: Workspace()).logits
      #expect(found?.bits == expected?.bits)
    }
  }
}
