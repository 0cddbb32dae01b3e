import Evaluation
import Files

/// One text of a sweep as it is written in a file.
package struct SweepText {
  package let text: InputText
  /// The text that states are taken from; nil for an ablation.
  package let source: InputText?
  package let target: String
  package let versus: String

  package init(_ text: InputText, from source: InputText?, target: String, versus: String) {
    (self.text, self.source, self.target, self.versus) = (text, source, target, versus)
  }

  /// The objects `{"text": string, "from": string, "target": string, "versus": string}` of a JSON Lines file; other keys are
  /// left out.
  /// - Parameter patches: whether `from` is read.
  /// - Throws: `FileError` that names the line; `EvaluationError.noText`.
  package static func objects(of path: String, patches: Bool) throws -> [SweepText] {
    let texts = try readJSONLines(path) { object in
      func input(_ key: String) throws -> InputText {
        InputText(try object[key].string(), source: "\(path), \(object.location): \(key)")
      }
      return SweepText(
        try input("text"), from: patches ? try input("from") : nil, target: try object["target"].string(),
        versus: try object["versus"].string())
    }
    guard !texts.isEmpty else { throw EvaluationError.noText(source: path) }
    return texts
  }
}
