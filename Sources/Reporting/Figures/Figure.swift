/// What is drawn as one picture, or panel by panel.
package protocol Figure {
  /// All of it as one SVG.
  /// - Parameter width: in units; nil for the usual one.
  func svg(width: Double?) -> String
  /// Each panel as an SVG of its own, in the order of reading. Panels that are compared share their scale.
  func panels(width: Double?) -> [String]
}

extension Figure {
  package func panels(width: Double?) -> [String] { [svg(width: width)] }
}
