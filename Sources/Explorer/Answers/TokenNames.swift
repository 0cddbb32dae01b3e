import Files
import Tokenization

extension JSON {
  /// An object, and how its tokens are shown: results have tokens as the vocabulary spells them.
  func naming(_ tokenizer: Tokenizer) -> JSON {
    var ids: Set<Int> = []
    collectTokens(into: &ids)
    let names = ids.sorted().map { Member("\($0)", .string(tokenizer.display(Int32($0)).printable)) }
    return adding("names", .object(names))
  }

  /// An object with one more member.
  func adding(_ key: String, _ value: JSON) -> JSON {
    guard case .object(let members) = self else { return self }
    return .object(members + [Member(key, value)])
  }

  private func collectTokens(into ids: inout Set<Int>) {
    switch self {
    case .array(let values): for value in values { value.collectTokens(into: &ids) }
    case .object(let members):
      if case .integer(let id)? = self["id"], case .string? = self["token"] { ids.insert(id) }
      for member in members { member.value.collectTokens(into: &ids) }
    default: break
    }
  }
}
