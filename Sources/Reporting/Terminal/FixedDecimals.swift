import Foundation

extension Double {
  /// This number with exactly `digits` decimals, never "-0.00"; "–" when it is not finite.
  package func fixed(_ digits: Int) -> String {
    guard isFinite else { return "–" }
    let text = String(format: "%.\(max(0, digits))f", self)
    return text.hasPrefix("-") && !text.contains(where: { ("1"..."9").contains($0) }) ? String(text.dropFirst()) : text
  }
}

extension String {
  /// "0.00" as "0".
  var trimmedDecimals: String {
    guard contains(".") else { return self }
    var text = self
    while text.last == "0" { text.removeLast() }
    if text.last == "." { text.removeLast() }
    return text
  }
}
