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

  /// Draws and writes the picture, where one was asked for.
  /// - Parameter draw: gets the units that the picture should be wide, nil for its own width.
  func write(_ draw: (_ units: Double?) throws -> String) throws {
    guard let figure else { return }
    let notes = try FigureFile.write(
      draw(figureWidth.map { FigureWidth.units(of: $0.points) }), width: figureWidth?.points, to: figure.path)
    if notes.unknownCharacters > 0 {
      Console.note(
        "\(figure): no installed font has \(notes.unknownCharacters.counted("character")) of the picture, which it shows as "
          + "boxes; install a font that has them, or write SVG")
    }
    if figureWidth != nil, notes.textHeight < FigureWidth.smallestText {
      Console.note(
        "\(figure): at this width its small text is \(notes.textHeight.fixed(1)) points high; give a larger --figure-width, "
          + "or show fewer columns")
    }
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
