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
