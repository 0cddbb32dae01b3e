import Interpretability

/// What an error says on the command line. Errors of the library carry facts; where what to do about one is an option or a
/// command, it is said here and nowhere else.
enum ErrorWording {
  static func message(of error: any Error) -> String {
    switch error {
    case let error as InterpretabilityError: return message(of: error)
    default: return "\(error)"
    }
  }

  private static func message(of error: InterpretabilityError) -> String {
    switch error {
    case .patchOfAnotherLength(let site, let text, let found, let expected):
      return "--patch \(site): \"\(text)\" has \(found) tokens, the text that is patched \(expected); "
        + "give one of as many, or single tokens as in \(site)@3=from:TEXT"
    case .noPatchPosition(let site, let text, let position, let tokens):
      let place = CommandError.noSuchPlace(
        option: "--patch \(site)", found: "\(position)", tokens: tokens, source: "\"\(text)\"")
      return "\(place)"
    default: return "\(error)"
    }
  }
}
