import Files

/// Where the numbers of a page come from: at the foot of every page.
package struct Provenance: Equatable, Sendable {
  /// A file that was read, and the SHA-256 digest of what it holds.
  package struct Source: Equatable, Sendable {
    package let name: String
    /// 64 hexadecimal digits.
    package let sha256: String

    package init(_ name: String, sha256: String) {
      self.name = name
      self.sha256 = sha256
    }
  }

  package let version: String
  /// The command line, as a shell takes it.
  package let command: String
  package let models: [Source]
  package let datasets: [Source]

  package init(version: String, command: String, models: [Source], datasets: [Source] = []) {
    self.version = version
    self.command = command
    self.models = models
    self.datasets = datasets
  }

  /// What a result says about itself.
  /// - Parameter command: what made it.
  package init(stamp: JSON, command: String) {
    func text(_ object: JSON, _ key: String) -> String? {
      if case .string(let text)? = object[key] { text } else { nil }
    }
    func source(_ object: JSON, _ name: String, _ digest: String) -> Source? {
      text(object, name).flatMap { name in text(object, digest).map { Source(name, sha256: $0) } }
    }
    var listed: [Source] = []
    if case .array(let models)? = stamp["models"] {
      listed = models.compactMap { source($0, "model", "model_sha256") ?? source($0, "model", "sha256") }
    }
    self.init(
      version: text(stamp, "graft_version") ?? "", command: command,
      models: ["model", "pretrained", "finetuned"].compactMap { source(stamp, $0, $0 + "_sha256") } + listed,
      datasets: [source(stamp, "dataset", "dataset_sha256")].compactMap { $0 })
  }

  func markup() -> Markup {
    func lines(_ kind: String, _ sources: [Source]) -> [Markup] {
      sources.map { .element("p", text: "\(kind) \($0.name), SHA-256 \($0.sha256)") }
    }
    return .element(
      "footer", [:],
      [.element("p", ["class": "version"], text: "graft \(version)")] + lines("model", models)
        + lines("dataset", datasets) + [
          .element("pre", ["class": "command", "tabindex": "0"], [.element("code", text: command)])
        ])
  }
}
