import Checkpoints
import DenseMath
import Files
import Stitching
import Tokenization
import Transformer

/// What `graft inspect` says about a model.
package struct ModelDescription {
  private let model: any TransformerModel
  private let labels: [String]
  private let tokenizer: Tokenizer?
  /// Why the tokenizer's files are not supported.
  private let refusal: String?
  private let memory: MemoryEstimate

  /// - Throws: what reading the labels or a tokenizer that is there throws; a directory without one is no error.
  package init(_ model: any TransformerModel, threads: Threads, tokenizer: () throws -> Tokenizer) throws {
    self.model = model
    labels = try model.labels()
    memory = MemoryEstimate(model, tokens: model.positions, threads: threads)
    do {
      self.tokenizer = try tokenizer()
      refusal = nil
    } catch TokenizationError.noTokenizer {
      (self.tokenizer, refusal) = (nil, nil)
    } catch let error as TokenizationError where error.isRefusal {
      (self.tokenizer, refusal) = (nil, error.description)
    } catch let error as SettingsError {
      (self.tokenizer, refusal) = (nil, error.description)
    }
  }

  private var traits: ModelTraits { model.traits }

  /// nil for an ordinary checkpoint.
  private var stitch: StitchedModel? { model as? StitchedModel }

  private var activation: Activation? { model.segments.last?.model.activation }

  private var entries: [TensorEntry] { model.checkpoints.flatMap(\.checkpoint.entries) }
  private var parameterCount: Int { model.checkpoints.reduce(0) { $0 + $1.checkpoint.totalParameterCount } }

  /// Neighbouring blocks of one size.
  private var parts: [(blocks: Range<Int>, size: Dimensions)] {
    let blocks = model.blockDimensions
    let ends = model.segmentStarts.dropFirst() + [blocks.count]
    return zip(model.segmentStarts, ends).filter { $0 < $1 }.map { ($0..<$1, blocks[$0]) }
  }

  private var classifierPooling: String? {
    switch model.classifier?.pooling {
    case .firstToken: return "first token"
    case .lastToken: return "last token"
    case .mean(let norm): return norm == nil ? "mean of tokens, without the final norm" : "mean of tokens"
    case nil: return nil
    }
  }
}

// MARK: - For people

extension ModelDescription {
  package func text(_ style: Style, digest: String, withTensors: Bool) -> String {
    var sheet = FactSheet("\(model.name): \(families)")
    for part in parts {
      let size = part.size
      let name = parts.count == 1 ? "blocks" : "blocks \(part.blocks.lowerBound)-\(part.blocks.upperBound - 1)"
      sheet.add(
        name,
        "\(part.blocks.count), hidden \(size.hidden), \(size.heads) heads of \(size.headSize), "
          + "feed-forward \(size.feedForward.grouped)")
    }
    if let stitch {
      sheet.add("joined", "\(stitch.pretrained.name) to \(stitch.finetuned.name) by \(stitch.map.recipe.name)")
    }
    sheet.add("norms", traits.normPlacement == .post ? "after each sum (post-norm)" : "before each read (pre-norm)")
    if let activation { sheet.add("activation", activation.title) }
    sheet.add("positions", model.positions.grouped)
    if let vocabulary = parts.last?.size.vocabulary { sheet.add("vocabulary", vocabulary.grouped) }
    if let head = model.unembedding {
      sheet.add(
        traits.predictsMasked ? "masked-LM head" : "LM head", head.isTied ? "tied to the token embedding" : "of its own"
      )
    }
    if let classifierPooling { sheet.add("classifier", "\(labels.joined(separator: ", ")) (\(classifierPooling))") }
    if let head = model.otherHead {
      sheet.add("left out", head.title)
    } else if model.unembedding == nil, model.classifier == nil {
      sheet.add("heads", "none")
    }
    let types = Set(entries.map(\.type.rawValue)).sorted().joined(separator: ", ")
    sheet.add("parameters", "\(parameterCount.grouped) in \(entries.count.counted("tensor")) (\(types))")
    addTokenizer(to: &sheet)
    sheet.add(
      "memory",
      "\(memory.mapped.asByteCount) mapped, \(memory.working.asByteCount) to run \(model.positions.grouped) tokens")
    sheet.add("sha256", digest)
    return sheet.text(style) + (withTensors ? "\n" + tensorTable.text(style) : "")
  }

  /// That of the checkpoint, or those of a stitched model's two.
  private var families: String {
    var families: [String] = []
    for family in model.checkpoints.map(\.traits.family) where !families.contains(family) { families.append(family) }
    return families.joined(separator: " and ")
  }

  private func addTokenizer(to sheet: inout FactSheet) {
    guard let tokenizer else {
      sheet.add("tokenizer", refusal.map { "not supported: \($0)" } ?? "no files of one")
      return
    }
    sheet.add(
      "tokenizer",
      "\(tokenizer.kind.rawValue), \(tokenizer.vocabularyCount.grouped) tokens, from \(tokenizer.files.joined(separator: ", "))"
    )
    let special = tokenizer.specialTokens.named.map { "\(tokenizer.token($0.id) ?? "") \($0.id)" }
    // GPT-2 has one token in three roles.
    let distinct = special.enumerated().filter { special.firstIndex(of: $0.element) == $0.offset }.map(\.element)
    sheet.add("special tokens", distinct.isEmpty ? "none" : distinct.joined(separator: ", "))
    sheet.add("settings", tokenizer.settings.map { "\($0.key) \($0.value)" }.joined(separator: ", "))
  }

  package var tensorTable: Table {
    var table = Table(columns: [Table.Column("tensor"), Table.Column("type"), Table.Column("shape")])
    for entry in entries {
      table.append([
        Table.Cell(entry.name), Table.Cell(entry.type.rawValue, .faint),
        Table.Cell(entry.shape.map(String.init).joined(separator: " x ")),
      ])
    }
    return table
  }
}

// MARK: - For programs

extension ModelDescription {
  package func members(withTensors: Bool) -> JSONMembers {
    let tensors = model.checkpoints.map(\.checkpoint).flatMap { checkpoint in
      checkpoint.entries.map { entry -> JSONMembers in
        [
          "file": checkpoint.path(holding: entry.name), "name": entry.name, "shape": entry.shape,
          "type": entry.type.rawValue,
        ]
      }
    }
    return [
      "model_type": model.modelType, "positions": model.positions, "norm_placement": traits.normPlacement.rawValue,
      "activation": activation.map(\.rawValue), "parts": parts.map { json($0.blocks, $0.size) },
      "language_head": model.unembedding.map { ["tied": $0.isTied] }, "classifier": classifierMembers,
      "other_head": model.otherHead, "tokenizer": tokenizer.map(json), "tokenizer_refusal": refusal,
      "memory": ["mapped": memory.mapped, "working": memory.working], "parameters": parameterCount,
      "stitch": stitch.map(json), "tensors": Absent(wrappedValue: withTensors ? tensors : nil),
    ]
  }

  private func json(_ blocks: Range<Int>, _ size: Dimensions) -> JSONMembers {
    [
      "blocks": blocks.count, "hidden": size.hidden, "heads": size.heads, "feed_forward": size.feedForward,
      "vocabulary": size.vocabulary,
    ]
  }

  private func json(_ stitch: StitchedModel) -> JSONMembers {
    [
      "pretrained": stitch.pretrained.name, "kept": stitch.kept, "map": stitch.map.recipe.name, "draw": stitch.map.draw,
      "finetuned": stitch.finetuned.name, "transplanted": stitch.transplanted,
    ]
  }

  private var classifierMembers: JSONMembers? {
    classifierPooling.map { ["labels": labels, "pooling": $0] }
  }

  private func json(_ tokenizer: Tokenizer) -> JSONMembers {
    [
      "kind": tokenizer.kind.rawValue, "size": tokenizer.vocabularyCount, "files": tokenizer.files,
      "special_tokens": Dictionary(tokenizer.specialTokens.named.map { ($0.role, $0.id) }) { $1 },
      "settings": Dictionary(tokenizer.settings.map { ($0.key, $0.value) }) { $1 }, "warnings": tokenizer.warnings,
    ]
  }
}

extension OtherHead: Encodable {
  public func encode(to encoder: any Encoder) throws {
    try encoder.encode(["model_class": modelClass, "modules": modules, "tensors": tensors])
  }
}

extension Tokenizer.SpecialTokens {
  /// The roles that are filled.
  fileprivate var named: [(role: String, id: Int32)] {
    [("bos", bos), ("cls", cls), ("eos", eos), ("mask", mask), ("pad", pad), ("sep", sep), ("unk", unk)]
      .compactMap { role, id in id.map { (role, $0) } }
  }
}

extension Activation {
  /// The readable name.
  fileprivate var title: String {
    switch self {
    case .geluErf: return "GELU, erf form"
    case .geluTanh: return "GELU, tanh form"
    case .geluSigmoid: return "GELU, sigmoid form"
    case .relu: return "ReLU"
    case .silu: return "SiLU"
    case .tanh: return "tanh"
    }
  }
}
