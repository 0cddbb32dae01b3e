/// Finds the word that was meant.
package enum Spelling {
  /// The known word that takes the fewest changes to reach from `word`, the first of equal ones; nil when even that one is
  /// another word: it then takes more changes than a third of its letters, one at least. A known word that begins with
  /// `word`, of three letters or more, is always near.
  package static func nearest(to word: String, among known: [String]) -> String? {
    let found = known.map { (word: $0, distance: distance(word.lowercased(), $0.lowercased())) }
      .min { $0.distance < $1.distance }
    if let found, found.distance <= max(1, found.word.count / 3) { return found.word }
    return word.count < 3 ? nil : known.first { $0.lowercased().hasPrefix(word.lowercased()) }
  }

  /// How many letters have to be added, taken out, changed or swapped with the next one.
  static func distance(_ first: String, _ second: String) -> Int {
    let (a, b) = (Array(first), Array(second))
    // rows[i][j]: from the first i letters of a to the first j of b.
    var rows = [Array(0...b.count)]
    for i in a.indices {
      var row = [i + 1]
      for j in b.indices {
        var least = min(rows[i][j + 1] + 1, row[j] + 1, rows[i][j] + (a[i] == b[j] ? 0 : 1))
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { least = min(least, rows[i - 1][j - 1] + 1) }
        row.append(least)
      }
      rows.append(row)
    }
    return rows[a.count][b.count]
  }
}
