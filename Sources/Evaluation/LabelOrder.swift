import Transformer

/// How the labels of a dataset's file became the classes of a model.
public enum LabelOrder: String, Sendable {
  /// By the names of the classes; numbers are indices.
  case names
  /// The model's classes have no names: numbers are indices, and label 1 was taken for positive.
  case assumed
}

/// The classes of a model, to match labels with.
package struct ClassNames: Sendable {
  /// The owner of the classes, for errors.
  package let owner: String
  /// By class.
  package let names: [String]

  package init(_ names: [String], of owner: String) {
    self.names = names
    self.owner = owner
  }

  /// The classes of a classifier. - Throws: `TransformerError.missingHead` without one, `.notSingleLabel` when its
  /// scores are not of exclusive classes; `LabelError.contradiction` when config.json's `label2id` and `id2label`
  /// disagree; what reading the two throws.
  package init(of model: any TransformerModel) throws {
    self.init(try model.singleLabelClassification().labels, of: model.name)
    let numbers = model.config["label2id"]
    guard numbers.isPresent else { return }
    for member in try numbers.members() {
      let place = try numbers[member.key].int()
      // Models often have names in id2label alone and placeholders here.
      let (word, name) = (LabelWord(member.key), names.indices.contains(place) ? names[place] : nil)
      guard name.map(LabelWord.init) == word || (name != nil && word.placeholder == place) else {
        throw LabelError.contradiction(
          path: numbers.path, name: member.key, place: place, other: name)
      }
    }
  }

  /// Whether the names are Hugging Face's placeholders LABEL_0, LABEL_1...
  package var arePlaceholders: Bool { names.enumerated().allSatisfy { LabelWord($1).placeholder == $0 } }

  /// The names as numbers, if all are.
  var numbers: [Int]? {
    let numbers = names.compactMap { name in
      LabelWord(name).placeholder
        ?? { if case .number(let number)? = try? WrittenLabel(field: name) { number } else { nil } }()
    }
    return numbers.count == names.count ? numbers : nil
  }

  /// The index here of each of `others`; nil unless they are the same names in some order.
  package func places(of others: [String]) -> [Int]? {
    guard others.count == names.count, let places = try? places() else { return nil }
    let found = others.compactMap { places[LabelWord($0)] }
    return Set(found).count == names.count ? found : nil
  }

  /// The class of each word.
  /// - Throws: `LabelError.sameName` for a word that two classes have.
  func places() throws -> [LabelWord: Int] {
    var places: [LabelWord: Int] = [:]
    for (place, name) in names.enumerated() {
      if let other = places.updateValue(place, forKey: LabelWord(name)) {
        throw LabelError.sameName(owner: owner, first: names[other], second: name)
      }
    }
    return places
  }
}

extension Dataset {
  /// The dataset with its labels as classes of a model. Words are matched with the names of the classes, without regard
  /// to case, `pos` as `positive`; numbers are indices of classes, unless all names are numbers. Where the classes have
  /// no names (`LABEL_0`, `LABEL_1`) and the words are negative and positive, label 1 is positive.
  /// - Throws: `LabelError` for a label that is not a class.
  package func labelled(for classes: ClassNames) throws -> Dataset {
    let (order, place) = try matching(classes)
    let labelled = try reviews.map { review in
      guard let place = place(review.label) else {
        throw LabelError.notAClass(
          dataset: name, review: review.id,
          found: classNames.map { "\"\($0[review.label])\"" } ?? "\(review.label)", owner: classes.owner,
          names: classes.names, areNamed: !classes.arePlaceholders)
      }
      return review.relabelled(place)
    }
    return Dataset(name: name, sorted: labelled, classNames: classes.names, labelOrder: order)
  }

  /// The class of each label of this dataset; nil for one without a class.
  private func matching(_ classes: ClassNames) throws -> (LabelOrder, (Int) -> Int?) {
    let words = classNames?.map(LabelWord.init)
    let isNumbered = words?.allSatisfy { $0.placeholder != nil } ?? true
    if isNumbered, let numbers = classes.numbers {
      let isByPlace = words == nil && classes.arePlaceholders
      return (isByPlace ? .assumed : .names, { numbers.firstIndex(of: $0) })
    }
    // As in Python, false is 0 and true is 1, unless there are classes of these names.
    let isBoolean =
      words == LabelWord.booleans && !LabelWord.booleans.allSatisfy(classes.names.map(LabelWord.init).contains)
    if isNumbered || isBoolean {
      return (classes.arePlaceholders ? .assumed : .names, { classes.names.indices.contains($0) ? $0 : nil })
    }
    if classes.arePlaceholders, classes.names.count == 2, words == LabelWord.sentiments { return (.assumed, { $0 }) }
    let places = try classes.places()
    let byLabel = words?.map { places[$0] } ?? []
    return (.names, { byLabel[$0] })
  }
}
