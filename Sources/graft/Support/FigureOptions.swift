import ArgumentParser
import Files
import Reporting

/// `--figure`: a picture beside the text.
struct FigureOptions: ParsableArguments {
  @Option(
    name: [.long, .customLong("svg")],
    help: .file(
      "Also write the picture (of the first text, where there are several): PDF or PNG by the end of the name, else SVG."
    ))
  var figure: FileOutput?

  @Option(
    help: ArgumentHelp(
      "How wide the picture is printed, such as 3.25in, 8.5cm, 120mm or 400pt (default: 96 units to the inch); text keeps a "
        + "size that can be read.", valueName: "width"))
  var figureWidth: FigureWidth?

  @Flag(
    help: "Write every panel of the picture as a file of its own: a-1.pdf, a-2.pdf and so on in place of a.pdf.")
  var figurePanels = false

  /// How many panels may be written apart: their files are checked before any work.
  static let mostPanels = 100

  func validate() throws {
    if figurePanels, figure?.isStandardOutput ?? false {
      throw ValidationError("--figure-panels: standard output takes one file; give --figure a path.")
    }
  }

  /// The files that may be written.
  var outputs: [FileOutput] {
    guard let figure else { return [] }
    return figurePanels ? (1...Self.mostPanels).map { figure.panel($0) } : [figure]
  }

  /// Draws and writes the picture, where one was asked for.
  func write(_ picture: @autoclosure () throws -> some Figure) throws {
    guard figure != nil else { return }
    let units = figureWidth.map { FigureWidth.units(of: $0.points) }
    let svgs = figurePanels ? try picture().panels(width: units) : [try picture().svg(width: units)]
    guard svgs.count <= Self.mostPanels else { throw CommandError.tooManyPanels(svgs.count, most: Self.mostPanels) }
    let files = Array(outputs.prefix(svgs.count))
    let notes = try FigureFile.write(zip(svgs, files).map { ($0, $1.path) }, width: figureWidth?.points)
    for (file, notes) in zip(files, notes) where notes.unknownCharacters > 0 {
      Console.note(
        "\(file): no installed font has \(notes.unknownCharacters.counted("character")) of the picture, which it shows as "
          + "boxes; install a font that has them, or write SVG")
    }
    if figureWidth != nil, let (file, notes) = zip(files, notes).min(by: { $0.1.textHeight < $1.1.textHeight }),
      notes.textHeight < FigureWidth.smallestText
    {
      Console.note(
        "\(file): at this width its small text is \(notes.textHeight.fixed(1)) points high; give a larger --figure-width, "
          + "or show fewer columns")
    }
  }
}

extension FileOutput {
  /// The file of one panel, from 1: "a-1.pdf" for a.pdf, "a-1" for a name without an end of a picture's.
  func panel(_ number: Int) -> FileOutput {
    let end = FigureFile.Format.allCases.map { ".\($0.rawValue)" }.first { argument.lowercased().hasSuffix($0) } ?? ""
    return FileOutput(argument: "\(argument.dropLast(end.count))-\(number)\(argument.suffix(end.count))")
  }
}

/// A length on paper.
struct FigureWidth: ExpressibleByArgument {
  let points: Double

  /// Below this height text cannot be read.
  static let smallestText = 5.0
  /// The height that text of 12 units should have.
  private static let usualText = 7.0

  private static let pointsPerUnit = ["pt": 1, "in": 72, "cm": 72 / 2.54, "mm": 72 / 25.4]

  init?(argument: String) {
    guard let match = argument.wholeMatch(of: /([0-9]+(?:\.[0-9]+)?)(in|cm|mm|pt)/), let number = Double(match.1),
      let factor = Self.pointsPerUnit[String(match.2)], (36...7200).contains(number * factor)
    else { return nil }
    points = number * factor
  }

  /// How many units wide a chart is laid out whose text is then of the usual height.
  static func units(of points: Double) -> Double { min(760, max(340, points / usualText * 12)) }
}
