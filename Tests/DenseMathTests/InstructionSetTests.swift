import DenseMath
import Foundation
import TestSupport
import Testing

@Suite struct InstructionSetTests {
  @Test func portableIsAlwaysThereAndOneIsActive() {
    #expect(InstructionSet.portable.isAvailable)
    #expect(InstructionSet.active.isAvailable)
    #expect(!(InstructionSet.neon.isAvailable && InstructionSet.avx2.isAvailable))
    #if arch(arm64)
      #expect(InstructionSet.neon.isAvailable)
    #endif
  }

  @Test func aSetThatIsNotHereThrowsAndChangesNothing() throws {
    let missing = InstructionSet.allCases.filter { !$0.isAvailable }
    #expect(!missing.isEmpty)
    let before = InstructionSet.active
    for set in missing {
      #expect(throws: InstructionSetError.notAvailable(set)) { try InstructionSet.force(set) }
      #expect(throws: InstructionSetError.notAvailable(set)) { try set.run {} }
      #expect(throws: InstructionSetError.notAvailable(set)) {
        try InstructionSet.force(fromEnvironment: ["GRAFT_INSTRUCTIONS": set.rawValue])
      }
      #expect(InstructionSetError.notAvailable(set).description.contains("\(set.rawValue): not available"))
    }
    #expect(InstructionSet.active == before)
  }

  // Only the set already active is forced, since other tests run at the same time.
  @Test func theEnvironmentNamesASet() throws {
    let active = InstructionSet.active
    try InstructionSet.force(fromEnvironment: [:])
    try InstructionSet.force(fromEnvironment: ["GRAFT_INSTRUCTIONS": active.rawValue])
    #expect(InstructionSet.active == active)
    #expect(throws: InstructionSetError.unknown("sse9")) {
      try InstructionSet.force(fromEnvironment: ["GRAFT_INSTRUCTIONS": "sse9"])
    }
    #expect(InstructionSetError.unknown("sse9").description.contains("portable, neon, avx2, avx512, found \"sse9\""))
  }

  @Test func runChangesThisThreadOnlyAndOnlyWhileItRuns() throws {
    let before = InstructionSet.active
    for set in Rows.sets {
      try set.run {
        #expect(InstructionSet.active == set)
        try InstructionSet.portable.run { #expect(InstructionSet.active == .portable) }
        #expect(InstructionSet.active == set)
        #expect(Self.activeOnAnotherThread() == before)
      }
      #expect(InstructionSet.active == before)
      #expect(throws: CancellationError.self) { try set.run { throw CancellationError() } }
      #expect(InstructionSet.active == before)
    }
  }

  private static func activeOnAnotherThread() -> InstructionSet? {
    // Written before the signal, read after it.
    nonisolated(unsafe) var set: InstructionSet?
    let done = DispatchSemaphore(value: 0)
    DispatchQueue.global().async {
      set = InstructionSet.active
      done.signal()
    }
    done.wait()
    return set
  }
}

@Suite struct RowBoundsTests {
  /// Rows that end where the process's memory ends, and start with a number that must stay.
  @Test(arguments: Rows.sets)
  func nothingIsReadOrWrittenOutsideTheRow(set: InstructionSet) throws {
    let rows = try (0..<5).map { _ in try GuardedFloats(capacity: 1024) }
    for count in 0...80 {
      for row in rows { row.fill(7) }
      let (x, y, bias, gain, shift) = (
        rows[0].last(count), rows[1].last(count), rows[2].last(count), rows[3].last(count), rows[4].last(count)
      )
      try set.run {
        VectorMath.add(bias, to: x, count: count)
        for activation in ActivationCase.all { activation.apply(x, bias, count) }
        VectorMath.add(bias: bias, residual: y, to: x, count: count)
        VectorMath.layerNorm(x, gain: gain, shift: shift, epsilon: 1e-5, into: y, count: count)
        VectorMath.addThenNormInPlace(
          x, bias: bias, residual: y, gain: gain, shift: shift, epsilon: 1e-5, count: count)
        VectorMath.addThenNorm(
          x, bias: nil, residual: bias, gain: gain, shift: shift, epsilon: 1e-5, into: y, count: count)
        VectorMath.softmax(x, scale: 1, count: count)
        _ = VectorMath.logSumExp(x, count: count)
        _ = VectorMath.argmax(x, count: count)
        _ = VectorMath.firstNonFinite(x, count: count)
      }
      for row in rows { #expect(row.last(count + 1).pointee == 7) }
    }
  }

  /// Numbers at the end of a page after which nothing may be read.
  private final class GuardedFloats {
    private let pages: UnsafeMutableRawPointer
    private let usable: Int
    private let page = Int(sysconf(Int32(_SC_PAGESIZE)))

    init(capacity: Int) throws {
      usable = (capacity * 4 + page - 1) / page * page
      let mapped = mmap(nil, usable + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | Int32(MAP_ANONYMOUS), -1, 0)
      try #require(mapped != MAP_FAILED, "cannot map memory")
      pages = try #require(mapped)
      try #require(mprotect(pages + usable, page, PROT_NONE) == 0, "cannot protect a page")
    }

    deinit { munmap(pages, usable + page) }

    /// The last `count` numbers.
    func last(_ count: Int) -> UnsafeMutablePointer<Float> {
      (pages + usable).assumingMemoryBound(to: Float.self) - count
    }

    func fill(_ value: Float) {
      pages.assumingMemoryBound(to: Float.self).update(repeating: value, count: usable / 4)
    }
  }
}
