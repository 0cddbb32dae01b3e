import ArgumentParser
import Atlas
import Files
import Interpretability
import Reporting

struct AtlasShow: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Show a head, a neuron or a sub-head; without one, what the atlas holds.",
    discussion: """
      L3H5 is a head, L3:90 a neuron, L3H5:12 a sub-head; all count from 0.

      EXAMPLES:
        graft atlas show L3H2
        graft atlas show L3:90 --atlas bert.sqlite
        graft atlas show
      """)

  @Argument(help: "L3H5, L3:90 or L3H5:12.")
  var place: String?
  @OptionGroup var atlas: AtlasArgument
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if let place, HeadPlace(place) == nil, VectorPlace(place) == nil {
      throw ValidationError("\(place) is no place in a model: give L3H5, L3:90 or L3H5:12.")
    }
  }

  func run() throws {
    let atlas = try atlas.open()
    guard let place else { return try summarise(atlas) }
    let readings: [Atlas.Reading]
    if let head = HeadPlace(place) {
      readings = try atlas.readings(of: head)
    } else if let vector = VectorPlace(place) {
      readings = try atlas.readings(of: vector)
    } else {
      readings = []
    }
    let object = JSON.object(
      JSON.header("atlas show") + atlas.progressMembers + [
        JSON.Member("options", .object([JSON.Member("place", .string(place))])),
        JSON.Member("readings", .array(readings.map(\.json))),
      ])
    try output.print(object) { style in
      readings.map { table($0).text(style) }.joined(separator: "\n") + atlas.partialNote(style)
    }
  }

  private func summarise(_ atlas: Atlas) throws {
    let object = JSON.object(
      JSON.header("atlas show") + atlas.progressMembers + [
        JSON.Member("options", .object([JSON.Member("place", .null)])), JSON.Member("readings", .array([])),
      ])
    try output.print(object) { style in
      let state =
        atlas.isComplete ? "complete" : "\(atlas.done) of \(atlas.parts) parts; graft atlas build continues it"
      return """
        \(style.painted(atlas.modelName, .strong)): \(atlas.layers.counted("block")), \(atlas.heads.counted("head")) each, \
        \(atlas.vocabulary.counted("token"))
        \(state)

        """
    }
  }

  private func table(_ reading: Atlas.Reading) -> Table {
    guard reading.pairs.isEmpty else {
      var table = Table(
        caption: reading.title,
        columns: [.init("#", .trailing), .init("left"), .init("right"), .init("score", .trailing)])
      for (index, pair) in reading.pairs.enumerated() {
        table.append([
          .count(index + 1, .faint), .init(pair.left.text), .init(pair.right.text), .number(pair.score, decimals: 3),
        ])
      }
      return table
    }
    var table = Table(
      caption: reading.title,
      columns: [
        .init("#", .trailing), .init("highest"), .init("score", .trailing), .init("lowest"), .init("score", .trailing),
      ])
    for index in reading.highest.indices {
      let low = reading.lowest.indices.contains(index) ? reading.lowest[index] : nil
      table.append([
        .count(index + 1, .faint), .init(reading.highest[index].text),
        .number(reading.highest[index].score, decimals: 3), .init(low?.text ?? ""), .number(low?.score, decimals: 3),
      ])
    }
    return table
  }
}
