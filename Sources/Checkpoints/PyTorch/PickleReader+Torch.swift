import Files

/// What the names in a state dict's pickle make of their arguments.
extension PickleReader {
  /// Takes a name and a tuple of arguments from the stack and puts what they stand for in their place.
  mutating func reduce() throws {
    let arguments = try pop()
    let callee = try pop()
    guard case .global(let global) = callee, let arguments = elements(arguments, tuplesOnly: true) else {
      throw malformed("a known name and a tuple of arguments", "\(callee.kind) and \(arguments.kind)")
    }
    switch global {
    case .orderedDictionary: try pushOrderedDictionary(arguments)
    case .size:
      guard arguments.count == 1 else { throw wrongArguments(global) }
      stack.append(arguments[0])
    case .rebuildTensor(let version): stack.append(.tensor(try tensor(arguments, version: version)))
    case .rebuildParameter:
      guard case .tensor? = arguments.first else { throw wrongArguments(global) }
      stack.append(arguments[0])
    case .storage, .type: throw refused("names that are looked up alone", found: "a call of \(global.name)")
    }
  }

  /// Takes the attributes of the value below them from the stack. A state dict has `_metadata`, which says nothing about
  /// numbers.
  mutating func build() throws {
    _ = try pop()
    guard case .dictionary? = stack.last else {
      throw refused("attributes of a dict alone", found: "the operation BUILD on \(stack.last?.kind ?? "nothing")")
    }
  }

  /// What a persistent id stands for: `("storage", class, key, device, count)`, in old files with a sixth element.
  mutating func storage(_ id: PickleValue) throws -> PickleValue {
    guard let parts = elements(id, tuplesOnly: true), parts.count >= 5, case .string(let tag) = parts[0],
      tag == "storage", case .global(.storage(let type)) = parts[1], case .string(let key) = parts[2],
      case .integer(let count) = parts[4], count >= 0
    else { throw refused("storages of tensors", found: "a persistent id of another form") }
    guard parts.count == 5 || parts.count == 6 && parts[5] == .none else {
      throw refused("storages of their own", found: "a view of a storage, as PyTorch before 0.4 wrote them")
    }
    let storage = PickledStorage(key: key, type: type, count: count)
    if let number = storageNumbers[ExactKey(key)], storages[number] == storage { return .storage(number) }
    storages.append(storage)
    storageNumbers[ExactKey(key)] = storages.count - 1
    return .storage(storages.count - 1)
  }

  /// The elements of a tuple, or of a list; nil for what is neither.
  func elements(_ value: PickleValue, tuplesOnly: Bool = false) -> [PickleValue]? {
    switch value {
    case .tuple(let number): sequences[number]
    case .list(let number): tuplesOnly ? nil : sequences[number]
    default: nil
    }
  }

  /// `OrderedDict()`, or as Python 2 wrote it, with a list of pairs.
  private mutating func pushOrderedDictionary(_ arguments: [PickleValue]) throws {
    pushDictionary()
    guard let first = arguments.first else { return }
    guard arguments.count == 1, let pairs = elements(first) else { throw wrongArguments(.orderedDictionary) }
    // A list may be named again and again: the pairs of all calls together are bounded by the file, too.
    copiedPairs += pairs.count
    guard copiedPairs <= reader.bytes.count else { throw wrongArguments(.orderedDictionary) }
    for pair in pairs {
      guard let pair = elements(pair), pair.count == 2 else { throw wrongArguments(.orderedDictionary) }
      dictionaries[dictionaries.count - 1].append((pair[0], pair[1]))
    }
  }

  /// `(storage, offset, size, stride, requires_grad, hooks)`; version 1 has the first four, version 3 a type besides.
  private mutating func tensor(_ arguments: [PickleValue], version: Int) throws -> Int {
    guard arguments.count >= (version == 1 ? 4 : version == 2 ? 6 : 7), case .storage(let number) = arguments[0],
      case .integer(let offset) = arguments[1], offset >= 0, let shape = sizes(arguments[2]),
      let strides = sizes(arguments[3]), shape.count == strides.count
    else { throw wrongArguments(.rebuildTensor(version: version)) }
    guard arguments.dropFirst(version == 3 ? 7 : 6).allSatisfy(isEmpty) else {
      throw refused("tensors that their numbers alone describe", found: "one with metadata, such as a conjugate")
    }
    let type: ElementType
    if version == 3 {
      guard case .global(.type(let given)) = arguments[6] else { throw wrongArguments(.rebuildTensor(version: 3)) }
      type = given
    } else {
      guard let stored = storages[number].type else { throw wrongArguments(.rebuildTensor(version: version)) }
      type = stored
    }
    tensors.append(
      PickledTensor(storage: number, type: type, view: StridedView(offset: offset, shape: shape, strides: strides)))
    return tensors.count - 1
  }

  private func isEmpty(_ value: PickleValue) -> Bool {
    switch value {
    case .none: true
    case .dictionary(let number): dictionaries[number].isEmpty
    default: false
    }
  }

  /// Whole numbers that are not negative, of a tuple or a list; nil for anything else.
  private func sizes(_ value: PickleValue) -> [Int]? {
    guard let values = elements(value), values.count <= Self.mostAxes else { return nil }
    var sizes: [Int] = []
    for case .integer(let size) in values where size >= 0 { sizes.append(size) }
    return sizes.count == values.count ? sizes : nil
  }

  private func wrongArguments(_ global: TorchGlobal) -> CheckpointError {
    malformed("the arguments of \(global.name)", "others")
  }
}
