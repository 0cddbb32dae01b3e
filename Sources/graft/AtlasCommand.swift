import ArgumentParser
import Atlas
import DenseMath
import Files
import Interpretability
import Reporting
import Tokenization
import Transformer

struct AtlasCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "atlas",
    abstract: "All of a model's parameters read as words, in one searchable file.",
    discussion: """
      EXAMPLES:
        graft atlas build imdb-gpt2-wide -o atlas.sqlite
        graft atlas search 'waste money'
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

extension Atlas {
  /// A line about what an atlas that is not complete may lack; empty for a complete one.
  func partialNote(_ style: Style) -> String {
    guard !isComplete else { return "" }
    return style.painted("\(done) of \(parts) parts are built; graft atlas build continues it", .faint) + "\n"
  }

  /// How far it got, as it stands in every result.
  var progressMembers: [JSON.Member] {
    [JSON.Member("atlas", stamp), JSON.Member("done", .integer(done)), JSON.Member("parts", .integer(parts))]
  }
}

extension Atlas.RankedToken {
  var json: JSON { ["id": .integer(id), "score": .number(score), "token": .string(text)] }
}

extension Atlas.Item {
  var members: [JSON.Member] {
    [
      JSON.Member("head", head.map { .integer($0) } ?? .null), JSON.Member("kind", .string(kind.name)),
      JSON.Member("layer", .integer(layer)), JSON.Member("name", .string(name)),
      JSON.Member("place", place.map { .integer($0) } ?? .null),
    ]
  }
}

extension Atlas.Reading {
  var json: JSON {
    guard !pairs.isEmpty else {
      return .object(
        item.members + [
          JSON.Member("highest", .array(highest.map(\.json))), JSON.Member("lowest", .array(lowest.map(\.json))),
        ])
    }
    return .object(
      item.members + [
        JSON.Member(
          "pairs",
          .array(
            pairs.map { pair in
              [
                "left": ["id": .integer(pair.left.id), "token": .string(pair.left.text)],
                "right": ["id": .integer(pair.right.id), "token": .string(pair.right.text)],
                "score": .number(pair.score),
              ]
            }))
      ])
  }

  /// What a head's matrix or a vector is, for a heading: "L3H5 W_VO", "L3:907 feed-forward key".
  var title: String { "\(item.name) \(item.kind.title)" }
}

extension AtlasKind {
  /// For a heading.
  var title: String {
    switch self {
    case .head(.vo): return "W_VO, what is read and what is written for it"
    case .head(.qk): return "W_QK, what attends and what is attended to"
    case .vector(.feedForwardKey): return "feed-forward key"
    case .vector(.feedForwardValue): return "feed-forward value"
    case .vector(.query): return "query"
    case .vector(.key): return "key"
    case .vector(.value): return "value"
    case .vector(.output): return "output"
    }
  }
}
