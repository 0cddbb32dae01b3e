import ArgumentParser
import Files
import Foundation
import Interpretability
import Reporting
import Transformer

extension [HeadPlace] {
  /// - Throws: `CommandError.noSuchHead`.
  func check(against model: any TransformerModel) throws {
    let blocks = model.blockDimensions
    for head in self where head.layer >= blocks.count || head.head >= blocks[head.layer].heads {
      throw CommandError.noSuchHead(
        head: "\(head)", model: model.name, blocks: blocks.count,
        heads: head.layer < blocks.count ? blocks[head.layer].heads : blocks.first?.heads ?? 0)
    }
  }
}

extension AttentionPart: ExpressibleByArgument {}

/// How effective attention is measured.
struct EffectiveAttentionOptions: ParsableArguments {
  @Option(help: "A singular value counts above this part of the largest: what makes the rank.")
  var tolerance = EffectiveAttention.defaultTolerance

  @Flag(help: "Also show the null space within probability rows, whose numbers sum to 0.")
  var simplex = false

  func validate() throws {
    guard tolerance >= 0, tolerance < 1 else {
      throw ValidationError("--tolerance must be from 0 and below 1, not \(tolerance).")
    }
  }

  /// The options as recorded in a result.
  var members: JSONMembers { ["simplex": simplex, "tolerance": tolerance] }

  /// - Throws: `LinearAlgebraError` when a weight is not finite.
  func method(for model: any TransformerModel) throws -> EffectiveAttention {
    EffectiveAttention(blocks: try model.attentionValues(), tolerance: tolerance)
  }
}

extension TransformerModel {
  /// One per block that is run.
  fileprivate func attentionValues() throws -> [AttentionValues] {
    try segments.flatMap { try AttentionValues.blocks(of: $0.model)[$0.blocks] }
  }
}
