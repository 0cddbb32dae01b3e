import Files

/// Reads the pickle of a state dict. It is data to this reader and nothing is run: the few names that a state dict needs
/// are known, and every other name or operation is refused.
///
/// What a file can make it keep is bounded by the file: an operation takes at least one byte and keeps at most one value
/// more, and none copies what another made.
struct PickleReader {
  /// The longest pickle, in bytes; a state dict takes about 100 for each tensor.
  static let longest = 1 << 24
  /// The longest name of a module, a class or a function, in bytes.
  static let longestName = 1024
  /// The most axes of a tensor.
  static let mostAxes = 16

  let path: String
  /// Bytes of the whole file that the pickle stands in.
  let fileSize: Int
  var reader: ByteReader
  var stack: [PickleValue] = []
  private var marks: [Int] = []
  private var memo: [Int: PickleValue] = [:]
  /// What the numbers in `PickleValue` stand for.
  var sequences: [[PickleValue]] = []
  var dictionaries: [[(key: PickleValue, value: PickleValue)]] = []
  var storages: [PickledStorage] = []
  var tensors: [PickledTensor] = []
  /// How many pairs calls of OrderedDict took from lists.
  var copiedPairs = 0
  /// The number of each storage among `storages`.
  var storageNumbers: [ExactKey: Int] = [:]

  /// - Parameters:
  ///   - bytes: several pickles may follow each other.
  ///   - fileSize: bytes of the whole file.
  ///   - path: the file, for errors.
  init(_ bytes: UnsafeRawBufferPointer, fileSize: Int, path: String) {
    self.path = path
    self.fileSize = fileSize
    reader = ByteReader(bytes)
  }

  /// The value of the next pickle. Numbers in it are valid until the next is read.
  /// - Throws: `CheckpointError.refused` for a name or an operation that no state dict needs, `.malformed` for a pickle
  ///   that is broken, truncated, or too long.
  mutating func next() throws -> PickleValue {
    let start = reader.position
    stack = []
    marks = []
    memo = [:]
    while true {
      let code = try read(reader.next(UInt8.self), "an operation")
      guard reader.position - start <= Self.longest else {
        throw malformed("a pickle of at most \(Self.longest) bytes", "a longer one")
      }
      guard let operation = PickleOperation(rawValue: code) else { throw refusal(ofOperation: code) }
      if operation == .stop { break }
      try perform(operation)
    }
    guard stack.count == 1, marks.isEmpty, let value = stack.first else {
      throw malformed("one value at the end of a pickle", "\(stack.count)")
    }
    return value
  }

  private mutating func perform(_ operation: PickleOperation) throws {
    switch operation {
    case .stop: break
    case .protocolVersion:
      let version = try read(reader.next(UInt8.self), "a protocol")
      guard (2...5).contains(version) else { throw malformed("pickle protocol 2 to 5", "\(version)") }
    case .frame: _ = try read(reader.next(UInt64.self), "the length of a frame")
    case .mark: marks.append(stack.count)
    case .pop: _ = try pop()
    case .popMark: _ = try popToMark()
    case .duplicate:
      let value = try pop()
      stack += [value, value]
    case .none: stack.append(.none)
    case .newTrue: stack.append(.bool(true))
    case .newFalse: stack.append(.bool(false))
    case .integer1: stack.append(.integer(Int(try read(reader.next(UInt8.self), "a number"))))
    case .integer2: stack.append(.integer(Int(try read(reader.next(UInt16.self), "a number"))))
    case .integer4: stack.append(.integer(Int(try read(reader.next(Int32.self), "a number"))))
    case .long1: stack.append(try longInteger())
    case .float8:
      _ = try read(reader.next(UInt64.self), "a number")
      stack.append(.other)
    case .text1, .string1: stack.append(.string(try text(Int(try read(reader.next(UInt8.self), "a length")))))
    case .text4, .string4: stack.append(.string(try text(Int(try read(reader.next(UInt32.self), "a length")))))
    case .text8:
      let length = try read(reader.next(UInt64.self), "a length")
      stack.append(.string(try text(try read(Int(exactly: length), "a length that fits the file"))))
    case .bytes1: try passBytes(Int(try read(reader.next(UInt8.self), "a length")))
    case .bytes4: try passBytes(Int(try read(reader.next(UInt32.self), "a length")))
    case .emptyTuple: push(tuple: [])
    case .tuple: push(tuple: try popToMark())
    case .tuple1: push(tuple: try pop(1))
    case .tuple2: push(tuple: try pop(2))
    case .tuple3: push(tuple: try pop(3))
    case .emptyList:
      sequences.append([])
      stack.append(.list(sequences.count - 1))
    case .append: try append(try pop(1))
    case .appends: try append(try popToMark())
    case .emptyDictionary: pushDictionary()
    case .setItem: try setItems(try pop(2))
    case .setItems: try setItems(try popToMark())
    case .global:
      let module = try line()
      stack.append(.global(try global(module: module, name: try line())))
    case .stackGlobal:
      let names = try pop(2)
      guard case .string(let module) = names[0], case .string(let name) = names[1] else {
        throw malformed("a module and a name", "\(names[0].kind) and \(names[1].kind)")
      }
      stack.append(.global(try global(module: module, name: name)))
    case .reduce: try reduce()
    case .build: try build()
    case .persistentID: stack.append(try storage(try pop()))
    case .put1: try put(Int(try read(reader.next(UInt8.self), "a number")))
    case .put4: try put(Int(try read(reader.next(UInt32.self), "a number")))
    case .memoize: try put(memo.count)
    case .get1: try get(Int(try read(reader.next(UInt8.self), "a number")))
    case .get4: try get(Int(try read(reader.next(UInt32.self), "a number")))
    }
  }

  /// A dictionary without items on the stack.
  mutating func pushDictionary() {
    dictionaries.append([])
    stack.append(.dictionary(dictionaries.count - 1))
  }

  mutating func pop() throws -> PickleValue {
    guard stack.count > marks.last ?? 0, let value = stack.popLast() else {
      throw malformed("a value on the stack", "none")
    }
    return value
  }

  private mutating func pop(_ count: Int) throws -> [PickleValue] {
    guard stack.count - (marks.last ?? 0) >= count else { throw malformed("\(count) values on the stack", "fewer") }
    defer { stack.removeLast(count) }
    return Array(stack.suffix(count))
  }

  private mutating func popToMark() throws -> [PickleValue] {
    guard let mark = marks.popLast() else { throw malformed("a mark on the stack", "none") }
    defer { stack.removeSubrange(mark...) }
    return Array(stack[mark...])
  }

  private mutating func push(tuple values: [PickleValue]) {
    sequences.append(values)
    stack.append(.tuple(sequences.count - 1))
  }

  private mutating func append(_ values: [PickleValue]) throws {
    guard stack.count > marks.last ?? 0, case .list(let number)? = stack.last else {
      throw malformed("a list to append to", stack.last?.kind ?? "nothing")
    }
    sequences[number] += values
  }

  private mutating func setItems(_ values: [PickleValue]) throws {
    guard stack.count > marks.last ?? 0, case .dictionary(let number)? = stack.last, values.count % 2 == 0 else {
      throw malformed("a dict and pairs for it", stack.last?.kind ?? "nothing")
    }
    for index in stride(from: 0, to: values.count, by: 2) {
      dictionaries[number].append((values[index], values[index + 1]))
    }
  }

  private mutating func put(_ number: Int) throws {
    guard let value = stack.last else { throw malformed("a value to remember", "none") }
    guard number < reader.bytes.count else {
      throw malformed("a memo of fewer entries than the file has bytes", "entry \(number)")
    }
    memo[number] = value
  }

  private mutating func get(_ number: Int) throws {
    guard let value = memo[number] else { throw malformed("entry \(number) of the memo", "none") }
    stack.append(value)
  }

  private mutating func longInteger() throws -> PickleValue {
    let length = Int(try read(reader.next(UInt8.self), "a length"))
    let bytes = Array(try read(reader.next(length), "\(length) bytes of a number"))
    guard length <= 8 else { return .largeInteger(bytes) }
    let sign: Int64 = bytes.last.map { $0 & 0x80 != 0 ? -1 : 0 } ?? 0
    return .integer(Int(bytes.reversed().reduce(sign) { $0 << 8 | Int64($1) }))
  }

  private mutating func text(_ length: Int) throws -> String {
    guard length <= Self.longest else { throw malformed("a string of at most \(Self.longest) bytes", "\(length)") }
    let bytes = try read(reader.next(length), "\(length) bytes of a string")
    return try read(String(validUTF8: bytes), "a string in UTF-8")
  }

  private mutating func line() throws -> String {
    try read(reader.nextLine(atMost: Self.longestName).flatMap(String.init(validUTF8:)), "a line with a name in UTF-8")
  }

  private mutating func passBytes(_ length: Int) throws {
    _ = try read(reader.next(length), "\(length) bytes")
    stack.append(.other)
  }

  private mutating func global(module: String, name: String) throws -> TorchGlobal {
    if let global = TorchGlobal(module: module, name: name) { return global }
    throw refused("names that a dict of tensors needs", found: Self.quoted("\(module).\(name)"))
  }

  private mutating func refusal(ofOperation code: UInt8) -> CheckpointError {
    var found = "the operation " + PickleOperation.name(of: code)
    if code == UInt8(ascii: "i"), let module = try? line(), let name = try? line() {
      found += " of " + Self.quoted("\(module).\(name)")
    }
    return refused("the operations of pickle protocol 2 to 5 that build a dict of tensors", found: found)
  }

  /// The error for what a state dict never holds.
  func refused(_ expected: String, found: String) -> CheckpointError {
    .refused(
      path: path, tensor: nil, expected: expected, found: found,
      advice: "nothing of the file was run; a model's state_dict holds no such thing: where you trust the file, load "
        + "it in Python and save its state_dict alone, as safetensors")
  }

  func malformed(_ expected: String, _ found: String) -> CheckpointError {
    .malformed(
      path: path, tensor: nil, expected: expected, found: "\(found), before byte \(reader.position) of the pickle")
  }

  private func read<Value>(_ value: Value?, _ expected: String) throws -> Value {
    guard let value else { throw malformed(expected, "no more or another") }
    return value
  }

  /// A name from the file, short and without what would disturb a terminal.
  static func quoted(_ name: String) -> String {
    let shown = name.unicodeScalars.prefix(120).map { scalar in
      scalar.isASCII && scalar.value > 0x20 && scalar.value != 0x7F ? String(scalar) : "?"
    }
    return shown.joined()
  }
}
