/// The words of one command of a page, as a shell would split them: quotes, line breaks behind a backslash, comments. What
/// follows a pipe or a redirection is left out.
func shellWords(_ command: String) -> [String] {
  var (words, word, quote): ([String], String?, Character?) = ([], nil, nil)
  var characters = Substring(command.replacing("\\\n", with: " "))
  while let character = characters.popFirst() {
    if let open = quote {
      if character == open { quote = nil } else { word = (word ?? "") + String(character) }
    } else if character == "'" || character == "\"" {
      (quote, word) = (character, word ?? "")
    } else if character.isWhitespace {
      if let whole = word { words.append(whole) }
      word = nil
    } else if "|>;&)".contains(character) || (character == "#" && word == nil) {
      break
    } else {
      word = (word ?? "") + String(character)
    }
  }
  return words + [word].compactMap { $0 }
}

/// The words of a command that name a file to read below one of the folders of the repository.
func filesRead(_ words: [String]) -> [String] {
  let outputs: Set = ["-o", "--output", "--svg", "--html", "--save"]
  return words.indices.filter { index in
    ["evaluation/", "Tests/", "models/", "docs/"].contains { words[index].hasPrefix($0) }
      && !(index > 0 && outputs.contains(words[index - 1]))
  }.map { words[$0] }
}
