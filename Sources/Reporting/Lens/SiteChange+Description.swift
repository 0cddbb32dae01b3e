import Interpretability

extension SiteChange {
  /// For people: "L5H3@4 = 0".
  package var description: String {
    let place = position.map { "\(site)@\($0)" } ?? "\(site)"
    switch source {
    case .zero: return "\(place) = 0"
    case .mean: return "\(place) = its mean"
    case .text(let text, let position):
      return "\(place) from\(position.map { "@\($0)" } ?? "") \"\(text.shortened(to: 40))\""
    }
  }
}
