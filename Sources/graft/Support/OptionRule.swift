import ArgumentParser
import Transformer

/// Something that a command line says or leaves out.
///
/// A literal is an option that is given, "--dataset", or one with a value: "--method integrated"; "--maps mlp", also one
/// of several with commas between; "--maps random*" and "--ablate SITE=mean", by its beginning or by what follows capital
/// letters; "--steps >0".
enum OptionSetting: ExpressibleByStringLiteral, CustomStringConvertible {
  case given(String, value: String?)
  /// Given with this value, or left out.
  case byDefault(String, value: String)
  case absent(String)
  /// At least so many models, files or words that belong to no option.
  case arguments(Int, named: String)

  init(stringLiteral text: String) {
    let words = text.split(separator: " ").map(String.init)
    self = .given(words.first ?? "", value: words.count > 1 ? words[1] : nil)
  }

  /// nil where it is about none.
  var option: String? {
    switch self {
    case .given(let option, _), .byDefault(let option, _), .absent(let option): return option
    case .arguments: return nil
    }
  }

  func holds(in given: GivenOptions) -> Bool {
    let found = option.map(given.all) ?? []
    switch self {
    case .given(_, let value): return found.contains { option in value.map { Self.matches($0, option.value) } ?? true }
    case .byDefault(_, let value): return found.isEmpty || found.contains { Self.matches(value, $0.value) }
    case .absent: return found.isEmpty
    case .arguments(let count, _): return given.arguments >= count
    }
  }

  private static func matches(_ pattern: String, _ value: String?) -> Bool {
    guard let value else { return false }
    if pattern == ">0" { return Double(value).map { $0 > 0 } ?? false }
    return value.split(separator: ",").contains { part in
      if pattern.first?.isUppercase == true { return part.hasSuffix(pattern.drop(while: \.isUppercase)) }
      if pattern.hasSuffix("*") { return part.hasPrefix(pattern.dropLast()) }
      return part == pattern
    }
  }

  /// As people read it.
  var description: String {
    switch self {
    case .given(let option, let value?) where value != ">0":
      return "\(option) " + value.filter { $0 != "*" }
    case .byDefault(let option, let value): return "\(option) \(value)"
    case .given(let option, _), .absent(let option): return option
    case .arguments(let count, let name): return "\(count) \(name)"
    }
  }

  fileprivate var isAbsence: Bool {
    if case .absent = self { return true }
    return false
  }
}

/// When an option has an effect. An option that would have none is refused: it was given for a reason, and the result
/// would not be what was asked for.
struct OptionRule {
  /// What the rule is about: an option, or one with some value.
  let subjects: [OptionSetting]
  /// One of these has to hold.
  let needs: [OptionSetting]
  /// A sentence without its full stop.
  let why: String
  /// What the models lack that the rule is about; nil: every model.
  let missing: (KeyPath<ModelTraits, Bool> & Sendable)?

  /// The options have an effect where one of the settings holds.
  init(
    _ subjects: OptionSetting..., with needs: [OptionSetting],
    lacking missing: (KeyPath<ModelTraits, Bool> & Sendable)? = nil, because why: String
  ) {
    (self.subjects, self.needs, self.missing, self.why) = (subjects, needs, missing, why)
  }

  /// The options have an effect unless the other one is given.
  init(_ subjects: OptionSetting..., without other: String, because why: String) {
    (self.subjects, self.needs, missing, self.why) = (subjects, [.absent(other)], nil, why)
  }

  /// What it refuses, as a message; nil where nothing is refused.
  /// - Parameter modelType: what to call the model that lacks something.
  func refusal(of given: GivenOptions, modelType: String? = nil) -> String? {
    guard let subject = subjects.first(where: { $0.holds(in: given) }),
      let option = subject.option.flatMap({ given[$0] }), !needs.contains(where: { $0.holds(in: given) })
    else { return nil }
    let name = subject.description.replacing(option.name, with: option.spelling)
    let present = needs.compactMap { need -> String? in
      if case .given = need { return nil }
      return need.option.flatMap { given[$0] }.map { other in
        other.spelling + (other.value.map { " \($0)" } ?? "")
      }
    }
    let reason: String
    if needs.isEmpty {
      reason = modelType.map { " for a model of type \($0)" } ?? ""
    } else if present.isEmpty {
      reason = " without " + needs.map(\.description).joined(separator: " or ")
    } else {
      reason = " with " + present.joined(separator: " and ")
    }
    let leave = [name] + needs.filter(\.isAbsence).map(\.description)
    let give = needs.filter { !$0.isAbsence }.map(\.description)
    let advice =
      "leave \(leave.joined(separator: " or ")) out"
      + (give.isEmpty ? "" : ", or give \(give.joined(separator: " or "))")
    return "\(name) does nothing\(reason): \(why); \(advice)"
  }
}

/// A command that says when each of its options has an effect.
protocol RuledCommand: ParsableCommand {
  /// An option that no rule is about always has one.
  static var optionRules: [OptionRule] { get }
  /// The MODEL on whose type some rules depend; nil without such rules.
  var ruledModel: String? { get }
}

extension RuledCommand {
  var ruledModel: String? { nil }

  /// Refuses options that would do nothing.
  /// - Throws: `ValidationError` for a wrong command line; `CommandError.uselessOption` for an option that the model has no
  ///   use for.
  func checkOptions(_ arguments: [String]) throws {
    let given = try GivenOptions(arguments, of: Self.self)
    let rules = OptionRule.common + Self.optionRules
    for rule in rules where rule.missing == nil {
      if let refusal = rule.refusal(of: given) { throw ValidationError(refusal + ".") }
    }
    for rule in rules {
      // The model's files are looked at only where it matters. What is wrong with them is the command's to say.
      guard let missing = rule.missing, rule.refusal(of: given) != nil,
        let family = try? ruledModel.flatMap(ModelArgument.family), !family.traits[keyPath: missing],
        let refusal = rule.refusal(of: given, modelType: family.modelType)
      else { continue }
      throw CommandError.uselessOption(refusal)
    }
  }
}
