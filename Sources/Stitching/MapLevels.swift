import Transformer

/// Which states of A a fitted map reads at a cut: h_B = Σ h_A^l S_l + b over the levels l.
///
/// Written as on the command line and in results: `all`, `embed/last`, `L0/last:2`, `all/mean`.
public struct MapLevels: Hashable, Sendable {
  /// One or several levels.
  enum Item: Hashable, Sendable {
    /// Hidden state 0.
    case embed
    /// The residual stream after a block.
    case block(Int)
    /// This many hidden states up to the cut.
    case last(Int)
    /// Every hidden state up to the cut.
    case all
    /// `StateOfA.mean`.
    case mean
  }

  private let items: [Item]

  private init(_ items: [Item]) { self.items = items }

  /// The hidden state at the cut alone.
  public static let last = MapLevels([.last(1)])
  /// Every hidden state up to the cut.
  public static let all = MapLevels([.all])
  /// The embeddings and the hidden state at the cut.
  public static let embedAndLast = MapLevels([.embed, .last(1)])
  /// The embeddings and the last two hidden states up to the cut.
  public static let embedAndLastTwo = MapLevels([.embed, .last(2)])

  /// Every hidden state up to the cut, and the mean of the embeddings so far.
  public static let allAndMean = MapLevels([.all, .mean])

  /// Reads levels between `/` or commas: `embed`, a block such as `L3`, `last`, `last:2` for the last two, `all`, `mean`.
  /// - Throws: `StitchingError.unknownLevels`.
  public init(_ text: String) throws {
    let words = text.split(omittingEmptySubsequences: false) { "/,".contains($0) }.map(String.init)
    let items = try words.map { word -> Item in
      if word == "all" { return .all }
      if word == "last" { return .last(1) }
      if word == "mean" { return .mean }
      if let digits = word.wholeMatch(of: /last:([0-9]+)/)?.1, let count = Int(digits), count > 0 {
        return .last(count)
      }
      guard let address = Address(word), address.head == nil else { throw StitchingError.unknownLevels(text) }
      switch address.part {
      case nil: return .block(address.layer)
      case .site(.residPre) where address.layer == 0: return .embed
      default: throw StitchingError.unknownLevels(text)
      }
    }
    let depths = items.filter { $0 != .mean }
    guard Set(items).count == items.count, depths.count == 1 || !depths.contains(.all) else {
      throw StitchingError.unknownLevels(text)
    }
    self.init(items)
  }

  /// The forms of levels, for a message.
  public static let spellings =
    "embed, a block such as L3, last, last:2 for the last two, or all without these; and mean, of the embeddings so far"

  /// `embed/last:2`, in the order given.
  public var name: String {
    items.map { item in
      switch item {
      case .embed: "embed"
      case .block(let layer): Address(layer: layer).description
      case .last(let count): count == 1 ? "last" : "last:\(count)"
      case .all: "all"
      case .mean: "mean"
      }
    }.joined(separator: "/")
  }

  /// The states that a map at a cut reads, in ascending order; those of the list that lie above the cut are left out, so there
  /// may be none.
  /// - Parameter kept: A's blocks below the cut.
  public func states(kept: Int) -> [StateOfA] {
    guard kept >= 0 else { return [] }
    let all = items.flatMap { item -> [StateOfA] in
      switch item {
      case .embed: [.hidden(0)]
      case .block(let layer): layer < kept ? [.hidden(layer + 1)] : []
      case .last(let count): (max(0, kept + 1 - count)...kept).map { .hidden($0) }
      case .all: (0...kept).map { .hidden($0) }
      case .mean: [.mean]
      }
    }
    return Set(all).sorted()
  }
}
