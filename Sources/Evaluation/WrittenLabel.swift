import Files

/// The class of a review as a dataset's file writes it.
enum WrittenLabel: Equatable {
  /// A class by its number.
  case number(Int)
  case word(String)

  var number: Int? { if case .number(let number) = self { number } else { nil } }
  var word: String? { if case .word(let word) = self { word } else { nil } }

  /// Why a text or value is not a label.
  enum Fault: Error, Equatable {
    case missing
    /// -1, which Hugging Face writes for a hidden label.
    case unknown
    case notAClass
  }

  /// Reads a field: a whole number from 0 in any spelling (`1`, `1.0`), or a word.
  init(field: String) throws(Fault) {
    let text = field.trimmingSpace
    guard !text.isEmpty, text.lowercased() != "nan" else { throw .missing }
    let isNumber = text.utf8.allSatisfy { ("0"..."9").contains(Unicode.Scalar($0)) || "+-.eE".utf8.contains($0) }
    guard isNumber, let number = Double(text) else {
      self = .word(text)
      return
    }
    try self.init(number: number)
  }

  /// Reads a value of a JSON object.
  init(_ value: JSON?) throws(Fault) {
    switch value {
    case .integer(let number)?: try self.init(number: Double(number))
    case .number(let number)?: try self.init(number: number)
    case .string(let text)?: try self.init(field: text)
    case .bool(let value)?: self = .word(value ? "true" : "false")
    case .none, .null?: throw .missing
    default: throw .notAClass
    }
  }

  private init(number: Double) throws(Fault) {
    guard number != -1 else { throw .unknown }
    guard let whole = Int(exactly: number), whole >= 0 else { throw .notAClass }
    self = .number(whole)
  }
}

/// A class's word for comparison: without regard to case, `pos` as `positive`.
struct LabelWord: Hashable, Comparable {
  /// Lower case, written out.
  let key: String

  init(_ word: String) {
    let word = word.trimmingSpace.lowercased()
    key = ["neg": "negative", "pos": "positive", "neu": "neutral"][word] ?? word
  }

  static let sentiments = ["negative", "positive"].map(LabelWord.init)
  static let booleans = ["false", "true"].map(LabelWord.init)

  static func == (left: LabelWord, right: LabelWord) -> Bool { ExactKey(left.key) == ExactKey(right.key) }
  static func < (left: LabelWord, right: LabelWord) -> Bool { naturallyPrecedes(left.key, right.key) }
  func hash(into hasher: inout Hasher) { ExactKey(key).hash(into: &hasher) }

  /// The number in Hugging Face's placeholder for a class without a name: 1 of `LABEL_1`.
  var placeholder: Int? {
    guard key.hasPrefix("label_"), let number = Int(key.dropFirst(6)), number >= 0, "label_\(number)" == key else {
      return nil
    }
    return number
  }
}

/// The classes of the words of a dataset.
struct LabelWords {
  /// By class: negative and positive, or false and true, or `LABEL_0`, `LABEL_1`..., or the words in their natural
  /// order, each as first spelled.
  let names: [String]
  private let places: [LabelWord: Int]
  private let isNumbered: Bool

  init(_ words: some Sequence<String>) {
    var spellings: [LabelWord: String] = [:]
    for word in words where spellings[LabelWord(word)] == nil { spellings[LabelWord(word)] = word }
    let numbers = spellings.keys.compactMap(\.placeholder)
    var isNumbered = true
    if let pair = [LabelWord.sentiments, LabelWord.booleans].first(where: { spellings.keys.allSatisfy($0.contains) }) {
      names = pair.map(\.key)
    } else if numbers.count == spellings.count, let last = numbers.max(), last < 10_000 {
      names = (0...last).map { "LABEL_\($0)" }
    } else {
      names = spellings.keys.sorted().map { spellings[$0] ?? $0.key }
      isNumbered = false
    }
    self.isNumbered = isNumbered
    places = Dictionary(uniqueKeysWithValues: names.enumerated().map { (LabelWord($1), $0) })
  }

  func place(of word: String) -> Int? { places[LabelWord(word)] }

  /// A class in a dataset's digest: its number where the words have an order of their own (negative and positive, false
  /// and true, placeholders), else its word.
  func digested(_ place: Int) -> JSON {
    isNumbered ? .integer(place) : .string(LabelWord(names[place]).key)
  }
}

extension String {
  var trimmingSpace: String {
    let start = drop { $0.isWhitespace }
    return String(start.lastIndex { !$0.isWhitespace }.map { start[...$0] } ?? "")
  }
}
