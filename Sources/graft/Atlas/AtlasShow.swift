import ArgumentParser
import Atlas
import Files
import Interpretability
import Transformer

struct AtlasShow: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Show a head, a neuron or a sub-head; without one, what the atlas holds.",
    discussion: """
      L3H5 is a head, L3:90 a neuron, L3H5:12 a sub-head; all count from 0. In an atlas built with --svd a head has its \
      singular directions behind its pairs, and L3 shows those of block 3's feed-forward keys and values.

      EXAMPLES:
        graft atlas build imdb-gpt2-wide
        graft atlas show
        graft atlas show L3H2
        graft atlas show L3:90 --atlas atlas.sqlite
      """)

  @Argument(help: "L3H5, L3:90, L3H5:12 or L3.", transform: { try Address($0, as: .head, .vector, .block) })
  var place: Address?
  @OptionGroup var atlas: AtlasArgument
  @OptionGroup var tables: TableOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let atlas = try atlas.open()
    guard let place else { return try summarise(atlas) }
    let readings: [Atlas.Reading]
    if let head = HeadPlace(place) {
      readings = try atlas.readings(of: head)
    } else if let vector = VectorPlace(place) {
      readings = try atlas.readings(of: vector)
    } else {
      readings = try atlas.readingsOfDirections(inBlock: place.layer)
    }
    let object =
      JSONMembers.header("atlas show") + atlas.progressMembers + [
        "options": ["place": "\(place)"], "readings": readings,
      ]
    try tables.write(readings.map(\.table))
    try output.print(object, beside: tables.table) { style in
      readings.map(\.table).text(style) + atlas.partialNote(style)
    }
  }

  private func summarise(_ atlas: Atlas) throws {
    let object =
      JSONMembers.header("atlas show") + atlas.progressMembers + [
        "options": ["place": JSON.null], "readings": [Atlas.Reading](),
      ]
    try output.print(object) { style in
      let state =
        atlas.isComplete ? "complete" : "\(atlas.done) of \(atlas.parts) parts; graft atlas build continues it"
      let directions = atlas.directions > 0 ? ", \(atlas.directions.counted("singular direction")) a matrix" : ""
      return """
        \(style.painted(atlas.modelName, .strong)): \(atlas.layers.counted("block")), \(atlas.heads.counted("head")) each, \
        \(atlas.vocabulary.counted("token"))\(directions)
        \(state)

        """
    }
  }
}
