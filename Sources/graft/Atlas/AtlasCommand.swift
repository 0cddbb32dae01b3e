import ArgumentParser
import Atlas

struct AtlasCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "atlas",
    abstract: "All of a model's parameters read as words, in one searchable file.",
    usage: "graft atlas <command> [<options>]",
    discussion: """
      EXAMPLES:
        graft atlas build imdb-gpt2-wide -o atlas.sqlite
        graft atlas search 'great wonderful'
        graft atlas show L3H2
        graft atlas export --html pages
      """, subcommands: [AtlasBuild.self, AtlasSearch.self, AtlasShow.self, AtlasExport.self])
}

/// The atlas that a command reads.
struct AtlasArgument: ParsableArguments {
  @Option(help: ArgumentHelp("The atlas to read.", valueName: "path"))
  var atlas = "atlas.sqlite"

  func open() throws -> Atlas { try Atlas(atlas) }
}
