/// Reports the progress of a long call and can cancel it: for a progress line or a server's stream of events.
public struct ProgressHandler: Sendable {
  /// A task that begins.
  public struct Work: Equatable, Sendable {
    /// The name of the task: "regression", "frozen blocks".
    public let label: String
    /// The unit of the count: "texts".
    public let unit: String
    /// nil for a task without a count.
    public let total: Int?
    /// How many an earlier, interrupted call had done.
    public let resumed: Int

    package init(_ label: String, unit: String = "", total: Int? = nil, resumed: Int = 0) {
      (self.label, self.unit, self.total, self.resumed) = (label, unit, total.map { max(0, $0) }, max(0, resumed))
    }
  }

  /// An event of a task.
  public enum Event: Sendable {
    /// How many are done, those of an earlier call included.
    case done(Int)
    case ended
  }

  /// Reports nothing and never stops.
  public static let none = ProgressHandler(begin: { _ in { _ in } })

  private let begin: @Sendable (Work) -> @Sendable (Event) -> Void
  private let isCancelled: @Sendable () -> Bool

  /// - Parameters:
  ///   - begin: called when a task begins; what it returns is called with the task's events. Tasks may nest.
  ///   - isCancelled: called after each counted step; true ends the call with `CancellationError`.
  public init(
    begin: @escaping @Sendable (Work) -> @Sendable (Event) -> Void,
    isCancelled: @escaping @Sendable () -> Bool = { false }
  ) {
    self.begin = begin
    self.isCancelled = isCancelled
  }

  /// Runs a task, which reports how many are done.
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

  /// `map`, counting the elements that are done.
  /// - Throws: what `transform` throws; `CancellationError`.
  package func map<Elements: Collection, Result>(
    _ elements: Elements, _ label: String, unit: String, _ transform: (Elements.Element) throws -> Result
  ) throws -> [Result] {
    try during(Work(label, unit: unit, total: elements.count)) { update in
      try elements.enumerated().map { index, element in
        let result = try transform(element)
        try update(index + 1)
        return result
      }
    }
  }
}
