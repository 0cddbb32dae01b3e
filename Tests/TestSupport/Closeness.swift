import Testing

/// Expects |a - e| <= `absolute` + `relative` · |e| for every element, the same count, and no NaN. An infinity equals
/// only the same infinity. A failure is reported at the caller, with the largest error and its index.
/// - Returns: the largest |a - e|; infinity where it is NaN or the counts differ.
@discardableResult @inlinable
public func expectClose<Number: BinaryFloatingPoint>(
  _ actual: [Number], _ expected: [Double], absolute: Double, relative: Double, _ what: String,
  sourceLocation: SourceLocation = #_sourceLocation
) -> Double {
  expectWithin(actual.map { Double($0) }, expected, what, sourceLocation) { absolute + relative * $0.magnitude }
}

/// Expects |a - e| <= `fraction` · max |e| for every element, the same count, and no NaN: the project's standard
/// comparison. A failure is reported at the caller, with the largest error and its index.
/// - Returns: the largest |a - e| as a fraction of max |e|; infinity where it is NaN or the counts differ.
@discardableResult @inlinable
public func expectCloseToLargest<Number: BinaryFloatingPoint>(
  _ actual: [Number], _ expected: [Double], fraction: Double, _ what: String,
  sourceLocation: SourceLocation = #_sourceLocation
) -> Double {
  let largest = expected.reduce(0) { Swift.max($0, $1.magnitude) }
  let error = expectWithin(actual.map { Double($0) }, expected, what, sourceLocation) { _ in fraction * largest }
  return error == 0 ? 0 : error / largest
}

// Not generic, and the conversion inlined at the caller: millions of numbers are compared.
@usableFromInline func expectWithin(
  _ actual: [Double], _ expected: [Double], _ what: String, _ sourceLocation: SourceLocation,
  bound: (Double) -> Double
) -> Double {
  guard actual.count == expected.count else {
    Issue.record("\(what): expected \(expected.count) numbers, found \(actual.count)", sourceLocation: sourceLocation)
    return .infinity
  }
  var failures = 0
  var largest = (error: 0.0, index: 0)
  var worst = (excess: -Double.infinity, index: 0)
  for (index, value) in actual.enumerated() {
    let right = expected[index]
    let difference = value == right ? 0 : (value - right).magnitude
    let error = difference.isNaN ? Double.infinity : difference
    if error > largest.error { largest = (error, index) }
    let allowed = bound(right)
    // Written so that NaN on either side fails, and so that an infinite bound allows nothing but equality.
    if difference == 0 || (difference <= allowed && allowed.isFinite) { continue }
    failures += 1
    let excess = allowed.isFinite ? error - allowed : .infinity
    if excess > worst.excess { worst = (excess, index) }
  }
  if failures > 0 {
    Issue.record(
      """
      \(what): \(failures) of \(expected.count) numbers too far off; largest error \(largest.error) at index \
      \(largest.index); furthest past its bound index \(worst.index): expected \(expected[worst.index]), \
      found \(actual[worst.index]), allowed \(bound(expected[worst.index]))
      """,
      sourceLocation: sourceLocation)
  }
  return largest.error
}
