/// The fonts of pictures: on a page and in an SVG those of the viewer, in a PDF or PNG one that is the same everywhere.
enum ChartFont {
  /// As SVG and CSS name the viewer's fonts.
  static let sans = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
  static let mono = "ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace"
  /// What is embedded instead.
  static let families = ["DejaVu Sans", "DejaVu Sans Mono"]
  /// The height of a picture's small text, in its units.
  static let smallSize = 11.0

  /// A picture in the fonts that are embedded.
  static func embedded(in svg: String) -> String {
    svg.replacing(/font-family="system-ui,[^"]*"/, with: "font-family=\"\(families[0])\"")
      .replacing(/font-family:ui-monospace,[^}]*/, with: "font-family:'\(families[1])'")
  }
}
