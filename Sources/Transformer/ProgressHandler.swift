/// How a long call says where it is and learns that it should stop: one value for a progress line, a server's stream of
/// events, or nobody.
public struct ProgressHandler: Sendable {
  /// A piece of work that begins.
  public struct Work: Equatable, Sendable {
    /// What is being done: "regression", "frozen blocks".
    public let label: String
    /// What is counted: "texts".
    public let unit: String
    /// nil for work that is not counted.
    public let total: Int?
    /// How many an earlier, interrupted call had already done.
    public let resumed: Int

    package init(_ label: String, unit: String = "", total: Int? = nil, resumed: Int = 0) {
      (self.label, self.unit, self.total, self.resumed) = (label, unit, total, resumed)
    }
  }

  /// What becomes of a piece of work.
  public enum Event: Sendable {
    /// So many are done, those of an earlier call included.
    case done(Int)
    case ended
  }

  /// Reports nothing and never stops.
  public static let none = ProgressHandler(begin: { _ in { _ in } })

  private let begin: @Sendable (Work) -> @Sendable (Event) -> Void
  private let isCancelled: @Sendable () -> Bool

  /// - Parameters:
  ///   - begin: called when a piece of work begins; what it returns is called with what becomes of it. Pieces may nest.
  ///   - isCancelled: asked after each counted step; true ends the call with `CancellationError`.
  public init(
    begin: @escaping @Sendable (Work) -> @Sendable (Event) -> Void,
    isCancelled: @escaping @Sendable () -> Bool = { false }
  ) {
    self.begin = begin
    self.isCancelled = isCancelled
  }

  /// Runs a piece of work, which says how many it has done.
  /// - Throws: what `body` throws; its `update` throws `CancellationError`.
  package func during<Result>(
    _ work: Work, _ body: (_ update: (_ done: Int) throws -> Void) throws -> Result
  ) rethrows -> Result {
    let report = begin(work)
    defer { report(.ended) }
    return try body { done in
      report(.done(done))
      if isCancelled() { throw CancellationError() }
    }
  }
}
