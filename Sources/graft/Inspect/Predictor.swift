import Evaluation
import Reporting
import Tokenization
import Transformer

/// Predicts tokens for one text after the other.
struct Predictor {
  let model: any TransformerModel
  let encoder: TextEncoder
  let workspace: Workspace

  private var tokenizer: Tokenizer { encoder.tokenizer }

  /// The most probable tokens for each mask, or after the last token of a causal model.
  func top(_ count: Int, _ text: InputText) throws -> TokenPrediction {
    let tokens = try encoder.encode(text.bytes, source: text.source)
    let mask = model.traits.predictsMasked ? try self.mask : nil
    let found = try model.predict(tokens.ids, top: count, mask: mask, workspace: workspace)
    if let mask, found.isEmpty {
      throw CommandError.noMask(text: text.string.shortened(to: 60), mask: tokenizer.display(mask))
    }
    return TokenPrediction(text.string, tokens, found, tokenizer: tokenizer)
  }

  func generate(_ plan: GenerationPlan, _ text: InputText) throws -> TokenPrediction {
    let tokens = try encoder.encode(text.bytes, source: text.source)
    let generation = try model.generate(
      after: tokens.ids, count: plan.count, choosing: plan.choice, endOfText: plan.endOfText, workspace: workspace,
      progress: .command)
    return TokenPrediction(
      text.string, tokens, generation, positions: model.positions, tokenizer: tokenizer)
  }

  private var mask: Int32 {
    get throws {
      guard let mask = tokenizer.specialTokens.mask else {
        throw CommandError.missingSpecialToken(directory: model.tokenizerDirectory, role: "mask", option: "predict")
      }
      return mask
    }
  }
}
