import DenseMath
import Files

/// One labelled text.
public struct Review: Sendable {
  /// The review's name in every output, such as `test/pos/200_8.txt`; unique in its dataset.
  public let id: String
  /// The text of its file, before any cleaning. May be empty.
  public let text: String
  /// The class, from 0: an index in the `classNames` of its dataset, or the number in the file where there are none. In
  /// IMDB 0 is negative and 1 positive.
  public let label: Int
  /// Whether the file held bytes that are not UTF-8, each maximal invalid sequence of which became U+FFFD.
  package let isRepaired: Bool
  /// The class in a digest, independent of a model's classes.
  let digestedLabel: JSON

  init(id: String, text: DecodedText, label: Int, digestedLabel: JSON? = nil) {
    self.id = id
    self.text = text.string
    self.label = label
    self.digestedLabel = digestedLabel ?? .integer(label)
    isRepaired = text.isRepaired
  }

  /// The same review with another class.
  func relabelled(_ label: Int) -> Review {
    Review(
      id: id, text: DecodedText(string: text, isRepaired: isRepaired), label: label, digestedLabel: digestedLabel)
  }
}

/// Labelled reviews, always in the natural order of their ids (`naturallyPrecedes`), whatever order their files are in.
///
/// IMDB in that order is sorted by class: its first reviews are all negative. So only `subset`, which keeps the shares
/// of the classes, or a list of ids selects a part of it.
public struct Dataset: Sendable {
  /// A short name for tables: the file or folder, with the split.
  public let name: String
  /// At least one review.
  public let reviews: [Review]
  /// The names of the classes by label: the file's words, or the model's classes in a dataset that is `labelled` for
  /// one; nil where the file numbers its classes.
  public let classNames: [String]?
  /// How the file's labels became the classes of a model; nil before `labelled`.
  public let labelOrder: LabelOrder?

  /// - Throws: `DatasetError.empty` without reviews.
  init(name: String, path: String, reviews: [Review], classNames: [String]?) throws {
    guard !reviews.isEmpty else { throw DatasetError.empty(path: path) }
    self.init(
      name: name, sorted: reviews.sorted { naturallyPrecedes($0.id, $1.id) }, classNames: classNames, labelOrder: nil)
  }

  /// Texts without classes, named `text/1`, `text/2`...
  /// - Throws: `DatasetError.empty` without texts.
  package init(name: String, texts: [String]) throws {
    try self.init(
      name: name, path: name,
      reviews: texts.enumerated().map { number, text in
        Review(id: "text/\(number + 1)", text: DecodedText(string: text, isRepaired: false), label: 0)
      }, classNames: nil)
  }

  init(name: String, sorted reviews: [Review], classNames: [String]?, labelOrder: LabelOrder?) {
    self.name = name
    self.reviews = reviews
    self.classNames = classNames
    self.labelOrder = labelOrder
  }

  /// Some of the reviews, in the same order.
  private func keeping(_ reviews: [Review]) -> Dataset {
    Dataset(name: name, sorted: reviews, classNames: classNames, labelOrder: labelOrder)
  }

  /// How many reviews held bytes that are not UTF-8.
  package var repairedCount: Int { reviews.count { $0.isRepaired } }
  /// How many reviews have no text.
  package var emptyCount: Int { reviews.count { $0.text.isEmpty } }

  /// The SHA-256 of these reviews, 64 hexadecimal digits: of one line per review, in order, each the compact JSON
  /// object `{"id":...,"label":...,"text":...}` as `JSON.serialized` writes it, ended by a newline. The label is the
  /// number, 0 for negative and 1 for positive, or any other word in lower case. It depends on ids, labels and
  /// (uncleaned) texts alone, not on the form of the file nor on a model's classes.
  /// - Throws: `DigestError`.
  package func sha256() throws -> String {
    let digest = Digest()
    for review in reviews {
      let line: JSON = ["id": .string(review.id), "label": review.digestedLabel, "text": .string(review.text)]
      digest.update(line.serialized())
      digest.update("\n")
    }
    return try digest.finish()
  }

  /// A random part of at most `limit` reviews in which the classes keep their shares (largest remainders; ties go to
  /// the lower label). Within each class, lowest label first, the reviews are put in a random order by one
  /// `SplitMix64(seed:)` and the first ones taken, so that a larger limit only adds reviews. The result is again in the
  /// natural order of ids.
  /// - Throws: `DatasetError.limit` when `limit` is below 1.
  public func subset(limit: Int, seed: UInt64) throws -> Dataset {
    guard limit >= 1 else { throw DatasetError.limit(limit) }
    guard limit < reviews.count else { return self }
    let classes = Dictionary(grouping: reviews.indices) { reviews[$0].label }.sorted { $0.key < $1.key }.map(\.value)
    var quotas = classes.map { limit * $0.count / reviews.count }
    let byRemainder = classes.indices.sorted {
      let (left, right) = (limit * classes[$0].count % reviews.count, limit * classes[$1].count % reviews.count)
      return left == right ? $0 < $1 : left > right
    }
    for index in byRemainder.prefix(limit - quotas.reduce(0, +)) { quotas[index] += 1 }

    var generator = SplitMix64(seed: seed)
    var chosen: [Int] = []
    for (members, quota) in zip(classes, quotas) {
      chosen += generator.permutation(of: members.count).prefix(quota).map { members[$0] }
    }
    return keeping(chosen.sorted().map { reviews[$0] })
  }

  /// The reviews that are not in `other`, by their ids.
  /// - Throws: `DatasetError.empty` when none is left.
  package func without(_ other: Dataset) throws -> Dataset {
    let ids = Set(other.reviews.map { ExactKey($0.id) })
    let rest = reviews.filter { !ids.contains(ExactKey($0.id)) }
    guard !rest.isEmpty else { throw DatasetError.empty(path: name) }
    return keeping(rest)
  }

  /// The reviews whose ids are in the file, one id per line, in any order; blank lines are skipped.
  /// - Throws: `DatasetError.unknownReview` with the line; `FileError` when the file cannot be read or repeats an id;
  ///   `DatasetError.empty` when it names no review.
  package func selecting(idsIn path: String) throws -> Dataset {
    var indices: [ExactKey: Int] = [:]
    for (index, review) in reviews.enumerated() { indices[ExactKey(review.id)] = index }
    var chosen = Set<Int>()
    try forEachLine(of: path) { line in
      let id = line.text.string
      guard let index = indices[ExactKey(id)] else {
        throw DatasetError.unknownReview(path: path, line: line.number, id: id, dataset: name)
      }
      guard chosen.insert(index).inserted else {
        throw FileError.malformed(
          path: path, location: "line \(line.number)", expected: "each id once", found: "\(id) again")
      }
    }
    guard !chosen.isEmpty else { throw DatasetError.empty(path: path) }
    return keeping(chosen.sorted().map { reviews[$0] })
  }
}
