extension Table {
  /// A `tabular` with the rules of booktabs, its caption in a comment above: whether it floats, and below which caption, is
  /// up to the paper.
  var latex: String {
    var text = caption.isEmpty ? "" : "% \(caption.printable)\n"
    guard !columns.isEmpty else { return text }
    func line(_ texts: [String]) -> String { texts.joined(separator: " & ") + " \\\\\n" }
    let places = columns.map { $0.alignment == .trailing ? "r" : "l" }.joined()
    text += "\\begin{tabular}{\(places)}\n\\toprule\n" + line(columns.map { $0.title.latex }) + "\\midrule\n"
    for row in rows {
      text += line(row.map { $0.tone == .strong ? "\\textbf{\($0.text.latex)}" : $0.text.latex })
    }
    return text + "\\bottomrule\n\\end{tabular}\n"
  }
}

extension String {
  /// Text that LaTeX sets as it reads here. No letters join into other signs, and a bracket or a star at the beginning of a
  /// row is no argument of the command that ended the one above.
  fileprivate var latex: String {
    var result = ""
    var before: Unicode.Scalar?
    var rest = printable.unicodeScalars[...]
    while let scalar = rest.popFirst() {
      switch scalar {
      case "-" where before?.beginsNumber ?? true && rest.first?.properties.numericType == .decimal: result += "$-$"
      case "-", "'", ",": result += (before == scalar ? "{}" : "") + String(scalar)
      case " ": result += before == nil || before == " " ? "~" : " "
      default: result += Self.latexSigns[scalar] ?? String(scalar)
      }
      before = scalar
    }
    return result
  }

  private static let latexSigns: [Unicode.Scalar: String] = [
    "\\": "\\textbackslash{}", "{": "\\{", "}": "\\}", "$": "\\$", "&": "\\&", "#": "\\#", "_": "\\_", "%": "\\%",
    "~": "\\textasciitilde{}", "^": "\\textasciicircum{}", "<": "\\textless{}", ">": "\\textgreater{}",
    "|": "\\textbar{}", "\"": "\\symbol{34}", "`": "{`}", "[": "{[}", "]": "{]}", "*": "{*}", "–": "--", "—": "---",
    "…": "\\ldots{}", "␣": "\\textvisiblespace{}", "←": "$\\leftarrow$", "\u{A0}": "~", "\u{202F}": "\\,",
  ]
}

extension Unicode.Scalar {
  /// Whether a minus sign may stand behind it.
  fileprivate var beginsNumber: Bool { self == " " || self == "–" || self == "(" }
}
