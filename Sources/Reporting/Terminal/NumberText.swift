import Foundation

extension Int {
  /// "1,234,567"
  package var grouped: String {
    let digits = Array(String(magnitude))
    var text = self < 0 ? "-" : ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index) % 3 == 0 { text += "," }
      text.append(digit)
    }
    return text
  }

  /// This many bytes, as "7.6 MB" (powers of 1,000).
  package var asByteCount: String {
    let units = ["bytes", "kB", "MB", "GB", "TB"]
    var (value, unit) = (Double(self), 0)
    while value >= 1000, unit < units.count - 1 { (value, unit) = (value / 1000, unit + 1) }
    return unit == 0 ? "\(self) bytes" : "\(value.fixed(value < 10 ? 1 : 0)) \(units[unit])"
  }

  /// "1 token", "3 tokens"
  package func counted(_ thing: String) -> String { self == 1 ? "1 \(thing)" : "\(grouped) \(thing)s" }
}

extension Double {
  /// Two significant digits, as "3.2e-07"; "0" for none.
  package var scientific: String { self == 0 ? "0" : String(format: "%.1e", self) }
}

extension String {
  /// The first `count` characters, with "…" for the rest.
  package func shortened(to count: Int) -> String { self.count > count ? prefix(count - 1) + "…" : self }
}
