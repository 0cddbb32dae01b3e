/// What a head's picture shows.
package enum AttentionPart: String, CaseIterable {
  case raw, effective, null

  /// Of one cell.
  package func value(raw: Double, effective: Double) -> Double {
    switch self {
    case .raw: raw
    case .effective: effective
    case .null: raw - effective
    }
  }

  package var explanation: String {
    switch self {
    case .raw: "The model's attention weights."
    case .effective: "What is left when the part is taken away that cannot change the head's output."
    case .null: "Raw minus effective: the part that cannot change the head's output."
    }
  }
}
