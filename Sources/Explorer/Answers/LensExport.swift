import Files
import Reporting

/// The map as a file, which the page saves.
struct LensExport: Sendable {
  static let path = "/api/export"

  enum Format: String, CaseIterable {
    case svg, pdf, png, json

    /// - Throws: `FileError` for any other.
    init(_ node: JSONNode) throws {
      guard let format = Self(rawValue: try PromptRequest.text(node)) else {
        throw node.wrong("one of \(Self.allCases.map(\.rawValue).joined(separator: ", "))")
      }
      self = format
    }

    var media: HTTPResponse.Media {
      switch self {
      case .svg: .svg
      case .pdf: .pdf
      case .png: .png
      case .json: .json
      }
    }
  }

  let format: Format
  let picture: LensPicture
  /// What prints the same.
  let command: String
  /// Of the file: letters of ASCII, digits and "-", "_", ".".
  let name: String

  init(_ format: Format, _ picture: LensPicture, command: String, model: String) {
    (self.format, self.picture, self.command) = (format, picture, command)
    let letters = model.map { letter in
      letter.isASCII && (letter.isLetter || letter.isNumber || "-_.".contains(letter)) ? letter : "-"
    }
    name = "lens-\(String(letters.prefix(80))).\(format.rawValue)"
  }

  /// - Throws: `FigureError`, and what encoding throws.
  func response() throws -> HTTPResponse {
    let bytes =
      switch format {
      case .svg, .pdf, .png: try FigureFile.bytes(picture.svg, for: name).bytes
      case .json:
        Array(
          (try JSON(encoding: ["command": command, "results": picture.readings] as JSONMembers).serialized(.pretty)
            + "\n").utf8)
      }
    var response = HTTPResponse(.ok, format.media, bytes: bytes)
    response.fields = [("Content-Disposition", "attachment; filename=\"\(name)\"")]
    return response
  }
}
