import DenseMath

/// What the driver asks for.
struct BenchArguments {
  let name: String
  let threads: Threads
  let precision: Precision
  private let options: [String: String]

  init(_ arguments: [String]) throws {
    guard arguments.count > 1 else { throw BenchError.usage }
    name = arguments[1]
    var options: [String: String] = [:]
    var rest = arguments.dropFirst(2)
    while let key = rest.popFirst() {
      guard key.hasPrefix("--"), let value = rest.popFirst() else { throw BenchError.usage }
      options[String(key.dropFirst(2))] = value
    }
    self.options = options
    guard let precision = Precision(rawValue: options["precision"] ?? Precision.float32.rawValue) else {
      throw BenchError.usage
    }
    self.precision = precision
    if let text = options["threads"] {
      guard let count = Int(text), count > 0 else { throw BenchError.usage }
      threads = Threads(count)
    } else {
      threads = .available
    }
  }

  func required(_ key: String) throws -> String {
    guard let value = options[key] else { throw BenchError.missing(key) }
    return value
  }
}

enum BenchError: Error, CustomStringConvertible {
  case usage
  case missing(String)
  case unknownCase(String)

  var description: String {
    switch self {
    case .usage:
      return "usage: graft-bench CASE [--model DIR] [--other DIR] [--dataset FILE] [--threads N] [--precision P]"
    case .missing(let key): return "this case needs --\(key)"
    case .unknownCase(let name): return "no case \(name)"
    }
  }
}
