import Files
import Testing

/// What `--experimental-dump-help` says of one command that runs something.
struct CommandLeaf: Sendable {
  struct Argument: Sendable {
    /// The longest spelling, such as "--pretrained"; nil for an argument by position.
    let option: String?
    let valueName: String?
    let help: String
    let isRequired: Bool
  }

  /// Without "graft": "atlas build".
  let path: [String]
  let discussion: String
  let arguments: [Argument]

  var name: String { path.joined(separator: " ") }

  /// Every command of graft that is no group of others; `help` is left out.
  static func all() throws -> [CommandLeaf] {
    try leaves(of: GraftProcess.run("--experimental-dump-help").json()["command"], below: nil)
  }

  private static func leaves(of command: JSONNode, below path: [String]?) throws -> [CommandLeaf] {
    let name = try command["commandName"].string()
    guard name != "help" else { return [] }
    let path = path.map { $0 + [name] } ?? []
    let inner = command["subcommands"].isPresent ? try command["subcommands"].array() : []
    guard inner.isEmpty else { return try inner.flatMap { try leaves(of: $0, below: path) } }
    func text(_ node: JSONNode) throws -> String { node.isPresent ? try node.string() : "" }
    let arguments = command["arguments"].isPresent ? try command["arguments"].array() : []
    return [
      CommandLeaf(
        path: path, discussion: try text(command["discussion"]),
        arguments: try arguments.map { argument in
          let names = argument["names"].isPresent ? try argument["names"].array() : []
          let spelled = try names.map { name in
            (try name["kind"].string() == "long" ? "--" : "-") + (try name["name"].string())
          }
          return Argument(
            option: spelled.max { $0.count < $1.count },
            valueName: argument["valueName"].isPresent ? try argument["valueName"].string() : nil,
            help: try text(argument["abstract"]), isRequired: try !argument["isOptional"].bool())
        })
    ]
  }
}
