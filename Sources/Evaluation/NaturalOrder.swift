/// Whether id `left` precedes id `right`: runs of ASCII digits are compared as whole numbers of any length, other bytes
/// of the UTF-8 by value, so that `pos/2_9.txt` precedes `pos/10_7.txt`. Ids that differ only in leading zeros are
/// compared byte by byte. A strict total order on distinct ids.
package func naturallyPrecedes(_ left: String, _ right: String) -> Bool {
  var (leftRest, rightRest) = (left.utf8[...], right.utf8[...])
  while let leftByte = leftRest.first, let rightByte = rightRest.first {
    if isDigit(leftByte), isDigit(rightByte) {
      let (leftNumber, rightNumber) = (removeNumber(&leftRest), removeNumber(&rightRest))
      if leftNumber.count != rightNumber.count { return leftNumber.count < rightNumber.count }
      if !leftNumber.elementsEqual(rightNumber) { return leftNumber.lexicographicallyPrecedes(rightNumber) }
    } else {
      if leftByte != rightByte { return leftByte < rightByte }
      leftRest = leftRest.dropFirst()
      rightRest = rightRest.dropFirst()
    }
  }
  if leftRest.isEmpty != rightRest.isEmpty { return leftRest.isEmpty }
  return left.utf8.lexicographicallyPrecedes(right.utf8)
}

private func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

/// Removes and returns the digits at the start, without leading zeros.
private func removeNumber(_ rest: inout Substring.UTF8View) -> Substring.UTF8View {
  let digits = rest.prefix(while: isDigit)
  rest = rest[digits.endIndex...]
  return digits.drop { $0 == 0x30 }
}
