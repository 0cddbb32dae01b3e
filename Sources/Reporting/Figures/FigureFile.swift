import CFigure
import Files
import Foundation

/// A picture as a file: SVG, or drawn from it as PDF or PNG, with the fonts of `ChartFont` in place of the viewer's own.
package enum FigureFile {
  package enum Format: String, CaseIterable, Sendable {
    case svg, pdf, png

    /// By the end of a file's name; SVG for any other.
    package init(path: String) {
      let name = path.lowercased()
      self = Self.allCases.first { name.hasSuffix(".\($0.rawValue)") } ?? .svg
    }
  }

  /// What may be wrong with a picture that was written.
  package struct Notes: Equatable, Sendable {
    /// How many characters no installed font has: they are drawn as boxes.
    package let unknownCharacters: Int
    /// The height of its small text, in points.
    package let textHeight: Double
  }

  /// Points per unit of a picture without a width of its own: CSS pixels.
  private static let pointsPerUnit = 0.75
  private static let pixelsPerPoint = 300.0 / 72

  /// Writes a picture, whole or not at all. The same picture gives the same bytes, on machines with the same libraries and
  /// fonts.
  /// - Parameters:
  ///   - svg: as a chart gives it.
  ///   - width: in points; nil for that of the SVG.
  ///   - path: ends with .pdf or .png for these.
  /// - Throws: `FigureError`, `FileError`.
  package static func write(_ svg: String, width: Double? = nil, to path: String) throws -> Notes {
    guard let root = svg.firstMatch(of: /<svg [^>]*?viewBox="[^" ]+ [^" ]+ ([0-9.]+) ([0-9.]+)"[^>]*>/),
      let units = Double(root.1), let heightUnits = Double(root.2), units > 0, heightUnits > 0
    else { throw FigureError.failed(path: path, reason: "a picture without a size") }
    let points = width ?? units * pointsPerUnit
    let size = (width: points, height: points * heightUnits / units)
    let textHeight = ChartFont.smallSize * points / units
    let format = Format(path: path)
    guard format != .svg else {
      try OutputFile.write(width == nil ? svg : sized(svg, root.0, size), to: path)
      return Notes(unknownCharacters: 0, textHeight: textHeight)
    }
    let unknown = try draw(ChartFont.embedded(in: svg), format, size, to: path)
    return Notes(unknownCharacters: unknown, textHeight: textHeight)
  }

  /// With a size in points in place of that of the root element.
  private static func sized(_ svg: String, _ root: Substring, _ size: (width: Double, height: Double)) -> String {
    let own = root.replacing(#/ width="[^"]*"/#, with: " width=\"\(size.width.fixed(2))pt\"", maxReplacements: 1)
      .replacing(#/ height="[^"]*"/#, with: " height=\"\(size.height.fixed(2))pt\"", maxReplacements: 1)
    return svg.replacing(root, with: own, maxReplacements: 1)
  }

  /// What receives the bytes of a drawing.
  private final class Receiver {
    let file: OutputFile
    var error: (any Error)?

    init(_ file: OutputFile) { self.file = file }
  }

  private static func draw(
    _ svg: String, _ format: Format, _ size: (width: Double, height: Double), to path: String
  ) throws -> Int {
    let receiver = Receiver(try OutputFile(path))
    let characters = String(String.UnicodeScalarView(Set(svg.unicodeScalars.filter { $0.value > 127 }).sorted()))
    var report = graft_figure_report()
    var svg = svg
    let families = ChartFont.families.map { strdup($0) }
    defer { families.forEach { free($0) } }
    let status = svg.withUTF8 { bytes in
      families.map { UnsafePointer($0) }.withUnsafeBufferPointer { families in
        characters.withCString { characters in
          bytes.withMemoryRebound(to: CChar.self) { text in
            var picture = graft_figure_picture(
              svg: text.baseAddress, svg_count: text.count, width: size.width, height: size.height,
              pixels_per_point: pixelsPerPoint, families: families.baseAddress, family_count: families.count,
              characters: characters)
            return graft_figure_draw(
              &picture, format == .pdf ? GRAFT_FIGURE_PDF : GRAFT_FIGURE_PNG,
              { context, bytes, count in
                guard let context else { return false }
                let receiver = Unmanaged<Receiver>.fromOpaque(context).takeUnretainedValue()
                do {
                  try receiver.file.write(UnsafeRawBufferPointer(start: bytes, count: Int(count)))
                  return true
                } catch {
                  receiver.error = error
                  return false
                }
              }, Unmanaged.passUnretained(receiver).toOpaque(), &report)
          }
        }
      }
    }
    let message = withUnsafeBytes(of: report.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    switch status {
    case GRAFT_FIGURE_DRAWN: try receiver.file.commit()
    case GRAFT_FIGURE_NO_LIBRARY: throw FigureError.noLibrary(reason: message)
    case GRAFT_FIGURE_NO_FONT: throw FigureError.noFont(message)
    case GRAFT_FIGURE_STOPPED: throw receiver.error ?? FigureError.failed(path: path, reason: message)
    default: throw FigureError.failed(path: path, reason: message)
    }
    return Int(report.unknown_characters)
  }
}

/// Why a PDF or PNG was not drawn.
package enum FigureError: Error, Equatable, Sendable, CustomStringConvertible {
  case noLibrary(reason: String)
  case noFont(String)
  case failed(path: String, reason: String)

  package var description: String {
    switch self {
    case .noLibrary(let reason):
      "PDF and PNG are drawn by librsvg, which was not found (\(reason)); install it (Debian: librsvg2-2), or write SVG"
    case .noFont(let family):
      "PDF and PNG are drawn in the font \(family), which is not installed; install it (Debian: fonts-dejavu-core), or write "
        + "SVG"
    case .failed(let path, let reason): "\(path): the picture could not be drawn: \(reason)"
    }
  }
}
