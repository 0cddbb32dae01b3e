import ArgumentParser
import Atlas
import Files

struct AtlasSearch: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "search",
    abstract: "Find the heads, neurons and sub-heads that speak of some words.",
    discussion: """
      Finds what has every word among its highest pairs or tokens, the highest ranks first; a singular direction, whose \
      sign is free, at either of its ends. Case does not matter; a word with * at its end is any token that begins so.

      EXAMPLES:
        graft atlas build imdb-gpt2-wide
        graft atlas search director
        graft atlas search 'great wonderful' --limit 5
        graft atlas search 'direct*' --kind vo --kind qk --atlas atlas.sqlite
      """)

  @Argument(help: "One word, or several in quotes.")
  var words: String
  @OptionGroup var atlas: AtlasArgument
  @Option(
    help: """
      Only vo, qk, ff-key, ff-value, query, key, value or output, or singular directions: vo-svd, qk-svd, ff-key-svd or \
      ff-value-svd; may be repeated.
      """)
  var kind: [String] = []
  @Flag(help: "Look at the lowest tokens of vectors instead.")
  var lowest = false
  @Option(help: "How many to show.")
  var limit = 20
  @OptionGroup var tables: TableOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if limit < 1 { throw ValidationError("--limit must be at least 1, not \(limit).") }
    if let wrong = kind.first(where: { AtlasKind(name: $0) == nil }) {
      throw ValidationError("--kind must be one of \(AtlasKind.all.map(\.name).joined(separator: ", ")), not \(wrong).")
    }
  }

  func run() throws {
    let atlas = try atlas.open()
    let kinds = kind.isEmpty ? nil : Set(kind.compactMap { AtlasKind(name: $0) })
    let side: Atlas.Side = lowest ? .lowest : .highest
    let (matches, count) = try atlas.search(words, in: side, kinds: kinds, limit: limit)
    let alone =
      matches.isEmpty
      ? try words.split(whereSeparator: \.isWhitespace).map { word in
        (word, try atlas.search(String(word), in: side, kinds: kinds, limit: 1).count)
      } : []
    let options: JSONMembers = ["kind": kind, "limit": limit, "lowest": lowest, "words": words]
    let object =
      JSONMembers.header("atlas search") + atlas.progressMembers + [
        "count": count, "matches": matches, "options": options,
      ]
    let table = atlas.table(of: matches, count: count, words: words)
    try tables.write([table])
    try output.print(object, beside: tables.table) { style in
      guard !matches.isEmpty else {
        let found = alone.map { "\($0) stands at \($1.counted("place"))" }
        return "nothing has all of \(words) among its \(lowest ? "lowest" : "highest") tokens"
          + (found.count > 1 ? ": \(found.joined(separator: ", "))" : "") + "\n" + atlas.partialNote(style)
      }
      return table.text(style) + atlas.partialNote(style)
    }
  }
}
