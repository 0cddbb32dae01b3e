import Reporting

/// The command of `graft` that shows the same.
enum CommandLineText {
  static func lens(_ request: PromptRequest, _ model: ExploredModel, beside: String?) -> String {
    var words = ["graft", "lens", model.argument, "--text", request.text]
    words += options(request, model)
    if let beside { words += ["--beside", beside] }
    if !request.changes.isEmpty, beside == nil { words.append("--unchanged") }
    return line(words)
  }

  static func attribution(_ request: PromptRequest, _ model: ExploredModel, at position: Int) -> String {
    line(
      ["graft", "lens", model.argument, "--text", request.text] + options(PromptRequest(request, at: nil), model)
        + ["--tokens", "\(position)", "--attribute"])
  }

  static func decision(_ text: String, _ model: ExploredModel) -> String {
    line(["graft", "lens-classifier", model.argument, "--text", text])
  }

  private static func options(_ request: PromptRequest, _ model: ExploredModel) -> [String] {
    var words: [String] = []
    if model.headChoice == .embedding { words += ["--head", "embedding"] }
    if request.masksEach { words.append("--mask-each") }
    if request.sublayers { words.append("--sublayers") }
    if request.tuned, let path = model.tuned?.path { words += ["--tuned", path] }
    if let target = request.target { words += ["--target", target] }
    if let versus = request.versus { words += ["--versus", versus] }
    if let show = request.show { words += ["--show", show.rawValue] }
    for (text, change) in request.changes {
      if case .text = change.source { words += ["--patch", text] } else { words += ["--ablate", text] }
    }
    return words
  }

  /// An option's value that begins with "-" is joined to it, as a parser of arguments wants it.
  private static func line(_ words: [String]) -> String {
    var parts: [String] = []
    for word in words {
      if word.hasPrefix("-"), !word.hasPrefix("--") || word.contains(" "), let option = parts.last {
        parts[parts.count - 1] = "\(option)=\(word.shellQuoted)"
      } else {
        parts.append(word.shellQuoted)
      }
    }
    return parts.joined(separator: " ")
  }
}
