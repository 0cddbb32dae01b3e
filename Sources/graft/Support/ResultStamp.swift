import Dispatch
import Evaluation
import Files
import Synchronization
import Transformer

/// What every JSON result says about how it was made.
struct ResultStamp {
  let command: String
  let model: any TransformerModel
  let digest: BackgroundDigest
  /// The reviews that were scored.
  var dataset: Dataset?
  /// The seed, where something was drawn.
  var seed: UInt64?
  /// Every option that could change the result, with the value it had.
  let options: JSONMembers

  /// An object with the stamp and `members`.
  /// - Throws: `DigestError`.
  func object(_ members: JSONMembers = [:]) throws -> JSON {
    let own: JSONMembers = [
      "model": model.name, "model_sha256": try digest.wait(), "options": options,
      "model_revision": Absent(wrappedValue: model.checkpointModel?.revision),
      "dataset": Absent(wrappedValue: dataset?.name), "dataset_sha256": Absent(wrappedValue: try dataset?.sha256()),
      "label_order": Absent(wrappedValue: dataset?.labelOrder?.rawValue),
      "seed": Absent(wrappedValue: seed.map { Int(clamping: $0) }),
    ]
    return try JSON(encoding: JSONMembers.header(command) + own + members)
  }
}

extension JSONMembers {
  /// The numbers of the schemas that have changed since their first; of all others, 1.
  private static let schemas = ["lens": 2, "experiment key-value-overlap": 2]

  /// What every object a command prints begins with.
  static func header(_ command: String) -> JSONMembers {
    ["schema": schemas[command] ?? 1, "command": command, "graft_version": Version.current]
  }
}

/// The digest of a model's weights, made beside other work.
final class BackgroundDigest: Sendable {
  private let model: any TransformerModel
  /// nil until it is made.
  private let result = Mutex<Result<String, any Error>?>(nil)
  private let finished = DispatchGroup()

  init(of model: any TransformerModel) {
    self.model = model
    DispatchQueue.global().async(group: finished) {
      let digest = Result { try model.weightsDigest() }
      self.result.withLock { $0 = digest }
    }
  }

  /// 64 hexadecimal digits, once they are known.
  /// - Throws: `DigestError`.
  func wait() throws -> String {
    Progress.during("SHA-256 of \(model.name)") { finished.wait() }
    return try result.withLock { $0 }?.get() ?? model.weightsDigest()
  }
}
