import CFigure
import Files
import Foundation
import Synchronization

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

  /// Writes pictures, each whole, and all of them or none. The same picture gives the same bytes, on machines with the same
  /// libraries and fonts.
  /// - Parameters:
  ///   - pictures: SVG as a chart gives it, and the path, which ends with .pdf or .png for these.
  ///   - width: of each in points; nil for that of the SVG.
  /// - Throws: `FigureError`, `FileError`.
  package static func write(_ pictures: [(svg: String, path: String)], width: Double? = nil) throws -> [Notes] {
    let drawn = try pictures.map { try bytes($0.svg, width: width, for: $0.path) }
    try OutputFile.write(zip(drawn, pictures).map { ($0.bytes, to: $1.path) })
    return drawn.map(\.notes)
  }

  /// The bytes of the file that `write` makes.
  /// - Parameters:
  ///   - svg, width: as above.
  ///   - path: what the file is or would be called: the end of it decides the format, and errors name it.
  /// - Throws: `FigureError`.
  package static func bytes(
    _ svg: String, width: Double? = nil, for path: String
  ) throws -> (bytes: [UInt8], notes: Notes) {
    guard let root = svg.firstMatch(of: /<svg [^>]*?viewBox="[^" ]+ [^" ]+ ([0-9.]+) ([0-9.]+)"[^>]*>/),
      let units = Double(root.1), let heightUnits = Double(root.2), units > 0, heightUnits > 0
    else { throw FigureError.failed(path: path, reason: "a picture without a size") }
    let points = width ?? units * pointsPerUnit
    let size = (width: points, height: points * heightUnits / units)
    let textHeight = ChartFont.smallSize * points / units
    let format = Format(path: path)
    guard format != .svg else {
      return (
        Array((width == nil ? svg : sized(svg, root.0, size)).utf8), Notes(unknownCharacters: 0, textHeight: textHeight)
      )
    }
    if format == .png { try checkPixels(size, path) }
    let drawn = try drawing.withLock { _ in try draw(ChartFont.embedded(in: svg), format, size, path) }
    return (drawn.bytes, Notes(unknownCharacters: drawn.unknown, textHeight: textHeight))
  }

  /// The libraries draw one picture at a time.
  private static let drawing = Mutex(())

  /// A PNG is drawn in memory, at four bytes a pixel.
  private static func checkPixels(_ size: (width: Double, height: Double), _ path: String) throws {
    let (width, height) = (size.width * pixelsPerPoint, size.height * pixelsPerPoint)
    guard width <= FigureError.mostPixels.side, height <= FigureError.mostPixels.side,
      width * height <= FigureError.mostPixels.area
    else { throw FigureError.tooLarge(path: path, width: Int(width.rounded()), height: Int(height.rounded())) }
  }

  /// With a size in points in place of that of the root element.
  private static func sized(_ svg: String, _ root: Substring, _ size: (width: Double, height: Double)) -> String {
    let own = root.replacing(#/ width="[^"]*"/#, with: " width=\"\(size.width.fixed(2))pt\"", maxReplacements: 1)
      .replacing(#/ height="[^"]*"/#, with: " height=\"\(size.height.fixed(2))pt\"", maxReplacements: 1)
    return svg.replacing(root, with: own, maxReplacements: 1)
  }

  /// What receives the bytes of a drawing.
  private final class Receiver { var bytes: [UInt8] = [] }

  private static func draw(
    _ svg: String, _ format: Format, _ size: (width: Double, height: Double), _ path: String
  ) throws -> (bytes: [UInt8], unknown: Int) {
    let receiver = Receiver()
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
                guard let context else { return }
                Unmanaged<Receiver>.fromOpaque(context).takeUnretainedValue().bytes += UnsafeBufferPointer(
                  start: bytes, count: Int(count))
              }, Unmanaged.passUnretained(receiver).toOpaque(), &report)
          }
        }
      }
    }
    let message = withUnsafeBytes(of: report.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    switch status {
    case GRAFT_FIGURE_DRAWN: return (receiver.bytes, Int(report.unknown_characters))
    case GRAFT_FIGURE_NO_LIBRARY: throw FigureError.noLibrary(reason: message)
    case GRAFT_FIGURE_NO_FONT: throw FigureError.noFont(message)
    default: throw FigureError.failed(path: path, reason: message)
    }
  }
}

/// Why a PDF or PNG was not drawn.
package enum FigureError: Error, Equatable, Sendable, CustomStringConvertible {
  case noLibrary(reason: String)
  case noFont(String)
  case failed(path: String, reason: String)
  /// A PNG of more pixels than are drawn.
  case tooLarge(path: String, width: Int, height: Int)

  /// Of a PNG: along one side, as far as cairo counts, and in all.
  static let mostPixels = (side: 32_767.0, area: 100e6)

  package var description: String {
    switch self {
    case .noLibrary(let reason):
      "PDF and PNG are drawn by librsvg, which was not found (\(reason)); install it (Debian: librsvg2-2), or write SVG"
    case .noFont(let family):
      "PDF and PNG are drawn in the font \(family), which is not installed; install it (Debian: fonts-dejavu-core), or write "
        + "SVG"
    case .failed(let path, let reason): "\(path): the picture could not be drawn: \(reason)"
    case .tooLarge(let path, let width, let height):
      "\(path): the picture would have \(width) x \(height) pixels; a PNG has at most \(Int(Self.mostPixels.side)) on a side "
        + "and \(Int(Self.mostPixels.area / 1e6)) million in all; draw it smaller, or write PDF or SVG"
    }
  }
}
