import Files

extension JSONSchema {
  /// The schema of a command's output: the one ```` ```json ```` block under the heading `## graft COMMAND` of a
  /// Markdown text.
  /// - Throws: `SchemaError` when there is no such heading, or not exactly one block under it; `FileError` when the
  ///   block is no JSON.
  public static func read(command: String, fromMarkdown text: String, path: String) throws -> JSONSchema {
    let blocks = try jsonBlocks(underHeading: "## graft \(command)", of: text, path: path)
    guard blocks.count == 1 else {
      throw SchemaError("\(path): expected one json block under \"## graft \(command)\", found \(blocks.count)")
    }
    return try JSONSchema(JSON.parse(blocks[0], path: "\(path) (graft \(command))"))
  }

  /// The bodies of the ```` ```json ```` blocks from a heading up to the next one of the same or a higher level.
  /// Headings inside fenced blocks do not count.
  /// - Throws: `SchemaError` when the heading is missing or stands there twice, or a block is never closed.
  public static func jsonBlocks(underHeading heading: String, of text: String, path: String) throws -> [String] {
    let level = heading.prefix { $0 == "#" }.count
    var blocks: [String] = []
    var seen = 0
    var isInside = false
    /// The lines of the open block, and whether it is wanted.
    var open: (lines: [Substring], isWanted: Bool)?
    for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
      if line.hasPrefix("```") {
        if let block = open {
          if block.isWanted { blocks.append(block.lines.joined(separator: "\n")) }
          open = nil
        } else {
          open = ([], isInside && line == "```json")
        }
      } else if open != nil {
        open?.lines.append(line)
      } else if line.hasPrefix("#"), line.prefix(while: { $0 == "#" }).count <= level {
        isInside = line == heading
        seen += isInside ? 1 : 0
      }
    }
    guard seen == 1 else { throw SchemaError("\(path): expected one heading \"\(heading)\", found \(seen)") }
    guard open == nil else { throw SchemaError("\(path): a fenced block is never closed") }
    return blocks
  }
}
