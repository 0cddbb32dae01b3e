import Files

/// How a map from A's hidden states to B's is computed: an equation, and the scaling of the mapped state.
///
/// Written as on the command line and in results: `pinv`, `ridge:0.01`, `truncated:64+moments`, `affine:embed/last`. wE_A is [V, d_A], wE_B
/// [V, d_B]; G_A = wE_Aᵀ wE_A, G_B = wE_Bᵀ wE_B and M = wE_Aᵀ wE_B are sums over the shared tokens; h_A and h_B are
/// states of the same tokens of unlabelled texts on both sides of the cut.
public struct MapRecipe: Hashable, Encodable, Sendable {
  /// Which map.
  public enum Kind: Hashable, Sendable {
    /// S = E_A E_B⁺ = M G_B⁻¹: the paper's. Read as scores over the vocabulary, written by B's right inverse.
    case pinv
    /// S = E_A E_Bᵀ = M: as if E_B had orthonormal rows.
    case transpose
    /// S = M (G_B + λ tr(G_B)/d_B I)⁻¹: `pinv` with the weak directions of E_B damped; λ is a fraction of G_B's mean
    /// eigenvalue.
    case ridge(Double)
    /// S = M V_r diag(1/w_r) V_rᵀ: `pinv` through the r largest eigenvalues w of G_B (singular directions of E_B) alone.
    case truncated(Int)
    /// S = argmin ‖wE_A S - wE_B‖_F over semi-orthogonal S: a rotation, without any stretching.
    case procrustes
    /// c S, the same with the best common factor c.
    case scaledProcrustes
    /// S = wE_A⁺ wE_B = G_A⁻¹ M: argmin ‖wE_A S - wE_B‖_F over all S.
    case regression
    /// `pinv` with every token's row weighted by how often unlabelled texts have it (counts plus one).
    case weighted
    /// h_B = (h_A - ē_A) S + ē_B: `pinv` of the embeddings about their means ē.
    case centred
    /// Upper bound: argmin Σ ‖h_A S - h_B‖² over the tokens of unlabelled texts, at each cut. From several levels it is
    /// Σ ‖Σ h_A^l S_l - h_B‖² + λ v ‖S‖², v the mean square of a number of the states; the λ of `Seam.ridges` that fits texts best
    /// that the map has not seen.
    case leastSquares
    /// Upper bound: the same with a constant, h_B = h_A S + b, and v the mean variance.
    case affine
    /// At each cut the one of `candidates` with which the classifier's answers come closest to B's own, on texts without
    /// labels.
    case auto
    /// Control: independent normal numbers with the Frobenius norm of `pinv`.
    case random
    /// Control: `pinv` with B's vocabulary permuted, so that tokens do not match.
    case shuffled
    /// Control: `affine` with each state of A paired with B's state of another token.
    case mismatched
    /// Control: the unmodified state, where the sizes agree.
    case identity
  }

  /// The scaling of a mapped state to statistics of B's own, estimated from unlabelled texts.
  public enum Matching: String, Sendable, CaseIterable {
    case none
    /// Every state is rescaled to the mean norm of B's own at that depth.
    case norm
    /// Every feature is shifted and rescaled to the mean and variance of B's own at that depth.
    case moments
  }

  /// Which map.
  public let kind: Kind
  /// The states of A that it reads; a map of embeddings reads the last, and so does `auto`, which chooses.
  public let levels: MapLevels
  /// The scaling of mapped states.
  public let matching: Matching

  /// A map, and the scaling of mapped states.
  public init(_ kind: Kind, matching: Matching = .none) {
    self.init(kind, levels: .last, matching)
  }

  /// A map from several levels.
  /// - Returns: nil for a kind that is not fitted to states, with other levels than the last.
  public init?(_ kind: Kind, levels: MapLevels, matching: Matching = .none) {
    guard levels == .last || Self.isFitted(kind) else { return nil }
    self.init(kind, levels: levels, matching)
  }

  private init(_ kind: Kind, levels: MapLevels, _ matching: Matching) {
    self.kind = kind
    self.levels = levels
    self.matching = matching
  }

  /// The paper's right inverse, S = E_A E_B⁺.
  public static let pinv = MapRecipe(.pinv)
  /// E_A E_Bᵀ.
  public static let transpose = MapRecipe(.transpose)
  /// A control: random numbers of the same norm.
  public static let random = MapRecipe(.random)
  /// A control: pinv with the tokens permuted.
  public static let shuffled = MapRecipe(.shuffled)
  /// A control: no map, where the hidden sizes agree.
  public static let identity = MapRecipe(.identity)

  /// The paper's map, its transpose, and the controls that every curve is compared with.
  public static func standard(equalWidths: Bool) -> [MapRecipe] {
    [.pinv, .transpose, .random, .shuffled] + (equalWidths ? [.identity] : [])
  }

  /// What `auto` chooses from, the simplest first.
  public static let candidates =
    [MapRecipe.pinv, MapRecipe(.pinv, matching: .moments), MapRecipe(.affine)]
    + [MapLevels.embedAndLast, .embedAndLastTwo, .all, .allAndMean].map { MapRecipe(.affine, levels: $0, .none) }

  /// Those of the candidates that differ at a cut: of lists of levels that are the same states there the first.
  static func different(_ candidates: [MapRecipe], kept: Int) -> [MapRecipe] {
    var seen: Set<[StateOfA]> = []
    return candidates.filter { $0.levels == .last || seen.insert($0.levels.states(kept: kept)).inserted }
  }

  /// Whether the map is random.
  public var isDrawn: Bool { kind == .random || kind == .shuffled }

  /// Whether computing it needs unlabelled texts.
  public var needsTexts: Bool {
    kind == .weighted || kind == .auto || Self.isFitted(kind) || matching != .none
  }

  /// Whether it differs between cuts.
  public var dependsOnCut: Bool { Self.isFitted(kind) || kind == .auto || matching != .none }

  /// Whether it may read several levels.
  public var readsLevels: Bool { Self.isFitted(kind) }

  private static func isFitted(_ kind: Kind) -> Bool {
    kind == .leastSquares || kind == .affine || kind == .mismatched
  }
}

extension MapRecipe {
  /// Kinds without a number, by name, in the order of their definition.
  private static let plain: [(name: String, kind: Kind)] = [
    ("pinv", .pinv), ("transpose", .transpose), ("procrustes", .procrustes), ("procrustes-scaled", .scaledProcrustes),
    ("regression", .regression), ("weighted", .weighted), ("centred", .centred), ("least-squares", .leastSquares),
    ("affine", .affine), ("auto", .auto), ("random", .random), ("shuffled", .shuffled), ("mismatched", .mismatched),
    ("identity", .identity),
  ]

  /// The forms of a recipe, for a message.
  public static let spellings =
    plain.prefix(2).map(\.name).joined(separator: ", ") + ", ridge:λ, truncated:r, "
    + plain.dropFirst(2).map(\.name).joined(separator: ", ")
    + ", each but auto perhaps with +norm or +moments; least-squares, affine and mismatched perhaps with levels, such as affine:all, "
    + "affine:embed/last or affine:all/mean"

  /// `pinv`, `ridge:0.01`, `truncated:64+moments`, `affine:all`.
  public var name: String {
    let base: String
    switch kind {
    case .ridge(let lambda): base = "ridge:\(lambda)"
    case .truncated(let rank): base = "truncated:\(rank)"
    default: base = Self.plain.first { $0.kind == kind }?.name ?? ""
    }
    return base + (levels == .last ? "" : ":" + levels.name) + (matching == .none ? "" : "+" + matching.rawValue)
  }

  /// Reads what `name` writes.
  /// - Throws: `StitchingError.unknownMap`.
  public init(_ name: String) throws {
    let parts = name.split(separator: "+", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    var matching = Matching.none
    if parts.count == 2 {
      guard let found = Matching(rawValue: parts[1]), found != .none else { throw StitchingError.unknownMap(name) }
      matching = found
    }
    let words = parts[0].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let kind: Kind?
    var levels = MapLevels.last
    switch (words[0], words.dropFirst().first) {
    case ("ridge", let number?): kind = Double(number).flatMap { $0 > 0 && $0.isFinite ? .ridge($0) : nil }
    case ("truncated", let number?): kind = Int(number).flatMap { $0 > 0 ? .truncated($0) : nil }
    case (let word, nil): kind = Self.plain.first { $0.name == word }?.kind
    case (let word, let text?):
      kind = Self.plain.first { $0.name == word && Self.isFitted($0.kind) }?.kind
      if kind != nil { levels = try MapLevels(text) }
    }
    guard let kind, kind != .auto || matching == .none,
      let recipe = MapRecipe(kind, levels: levels, matching: matching)
    else { throw StitchingError.unknownMap(name) }
    self = recipe
  }

  /// As its name.
  public func encode(to encoder: any Encoder) throws { try name.encode(to: encoder) }

  /// - Throws: `FileError` for an unknown name.
  init(_ node: JSONNode) throws {
    do { try self.init(try node.string()) } catch is StitchingError { throw node.wrong(Self.spellings) }
  }
}
