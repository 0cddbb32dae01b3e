import ArgumentParser
import Files

/// The options that a user gave: a default that is written out counts, one that is left out does not.
///
/// The parser keeps values alone, in which the two are the same.
struct GivenOptions {
  struct Option {
    /// The name that rules use: "--output", "-n".
    let name: String
    /// As it stands on the command line: "-o".
    let spelling: String
    /// nil for a flag.
    let value: String?
  }

  private let options: [Option]
  /// How many words belong to no option.
  let arguments: Int

  /// - Parameters:
  ///   - arguments: what `command` was parsed from without an error, without the names of commands.
  /// - Throws: `FileError` when the parser describes its options in a form that is not known.
  init(_ arguments: [String], of command: any ParsableCommand.Type) throws {
    let known = try Self.names(of: command)
    var options: [Option] = []
    var words = 0
    var rest = arguments[...]
    while let word = rest.popFirst(), word != "--" {
      let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard let spelling = parts.first, let (name, takesValue) = known[spelling] else {
        words += 1
        continue
      }
      let value = takesValue ? (parts.count == 2 ? parts[1] : rest.popFirst()) : nil
      options.append(Option(name: name, spelling: spelling, value: value))
    }
    self.options = options
    self.arguments = words + rest.count
  }

  /// The last one of a name.
  subscript(_ name: String) -> Option? { options.last { $0.name == name } }

  func all(_ name: String) -> [Option] { options.filter { $0.name == name } }

  /// Every spelling of every option, with the name that rules use and whether a value follows.
  private static func names(of command: any ParsableCommand.Type) throws -> [String: (name: String, takesValue: Bool)] {
    let path = "the options of graft"
    let dump = JSONNode(try JSON.parse(command._dumpHelp(), path: path), path: path)
    func text(_ node: JSONNode) throws -> String {
      try (node["kind"].string() == "long" ? "--" : "-") + node["name"].string()
    }
    var names: [String: (String, Bool)] = [:]
    for argument in try dump["command"]["arguments"].array() where argument["preferredName"].isPresent {
      let name = try text(argument["preferredName"])
      let takesValue = try argument["kind"].string() == "option"
      for spelling in try argument["names"].array() { names[try text(spelling)] = (name, takesValue) }
    }
    return names
  }
}
