import CVectorMath

/// The processor instructions that `VectorMath` runs on. Results differ between sets by rounding only.
package enum InstructionSet: String, CaseIterable, Sendable {
  /// Any processor, four numbers at a time.
  case portable
  /// arm64, four numbers at a time.
  case neon
  /// x86-64 with AVX2 and fused multiply-add, eight numbers at a time.
  case avx2
  /// x86-64 with AVX-512 F and DQ, sixteen numbers at a time.
  case avx512

  /// The set this thread uses: the best that the processor has, unless one was forced.
  package static var active: InstructionSet {
    let path = cvm_active_path()
    return allCases.first { $0.path == path } ?? .portable
  }

  /// Whether this processor and this build can run the set.
  package var isAvailable: Bool { cvm_path_available(path) == 1 }

  /// Uses `set` for every later call in the process, on all threads.
  /// - Throws: `InstructionSetError.notAvailable`, without an effect.
  package static func force(_ set: InstructionSet) throws {
    guard cvm_force_path(set.path) == 0 else { throw InstructionSetError.notAvailable(set) }
  }

  /// Forces the set that `GRAFT_INSTRUCTIONS` names (`portable`, `neon`, `avx2`, `avx512`), if it is set.
  /// - Throws: `InstructionSetError` for an unknown or unavailable set.
  package static func force(fromEnvironment environment: [String: String]) throws {
    guard let name = environment["GRAFT_INSTRUCTIONS"] else { return }
    guard let set = InstructionSet(rawValue: name) else { throw InstructionSetError.unknown(name) }
    try force(set)
  }

  /// Runs `body` on this thread with this set.
  /// - Throws: `InstructionSetError.notAvailable`, or what `body` throws.
  package func run<Result>(_ body: () throws -> Result) throws -> Result {
    var previous: OpaquePointer?
    guard cvm_use_path_on_thread(path, &previous) == 0 else { throw InstructionSetError.notAvailable(self) }
    defer { cvm_restore_thread_path(previous) }
    return try body()
  }

  private var path: cvm_path {
    switch self {
    case .portable: CVM_PORTABLE
    case .neon: CVM_NEON
    case .avx2: CVM_AVX2
    case .avx512: CVM_AVX512
    }
  }
}

/// Why an instruction set cannot be used.
package enum InstructionSetError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The processor, or the build, lacks the set.
  case notAvailable(InstructionSet)
  /// `GRAFT_INSTRUCTIONS` names no set.
  case unknown(String)

  package var description: String {
    switch self {
    case .notAvailable(let set):
      let available = InstructionSet.allCases.filter(\.isAvailable).map(\.rawValue).joined(separator: ", ")
      return "instruction set \(set.rawValue): not available on this processor, which has \(available)"
    case .unknown(let name):
      let known = InstructionSet.allCases.map(\.rawValue).joined(separator: ", ")
      return "GRAFT_INSTRUCTIONS: expected one of \(known), found \"\(name)\""
    }
  }
}
