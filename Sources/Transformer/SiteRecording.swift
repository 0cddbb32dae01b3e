/// The values at one site of a pass: one row per token.
public struct SiteValues: Sendable, Equatable {
  /// T
  public let rows: Int
  /// Numbers per row: d, dFF or, of one head, dHead.
  public let columns: Int
  /// [rows, columns]
  public let values: [Float]

  /// The numbers of one token.
  public subscript(row row: Int) -> [Float] {
    precondition(row >= 0 && row < rows, "row \(row) of \(rows)")
    return Array(values[row * columns..<(row + 1) * columns])
  }
}

extension TransformerModel {
  /// The values of a batch at some sites.
  /// - Throws: `TransformerError`: a site that does not exist, a batch that the model does not support.
  public func values(
    at sites: [BlockSite], of batch: PackedBatch, workspace: Workspace, interventions: [Intervention] = []
  ) throws -> [BlockSite: SiteValues] {
    let recorder = try SiteRecorder(sites, blocks: blockDimensions)
    _ = try forward(batch, workspace: workspace, observer: recorder, interventions: interventions)
    return recorder.values
  }

  /// The mean at some sites over all tokens of all batches, one row per site, summed in Double.
  /// - Throws: `TransformerError`: a site that does not exist, a batch that the model does not support.
  public func means(
    at sites: [BlockSite], over batches: [PackedBatch], workspace: Workspace
  ) throws -> [BlockSite: [Float]] {
    let tokens = batches.reduce(0) { $0 + $1.tokens }
    var sums: [BlockSite: [Double]] = [:]
    for batch in batches {
      for (site, values) in try self.values(at: sites, of: batch, workspace: workspace) {
        var sum = sums[site] ?? [Double](repeating: 0, count: values.columns)
        for row in 0..<values.rows {
          for column in 0..<values.columns { sum[column] += Double(values.values[row * values.columns + column]) }
        }
        sums[site] = sum
      }
    }
    return sums.mapValues { $0.map { Float($0 / Double(tokens)) } }
  }
}

private final class SiteRecorder: Observer {
  /// By whole site: the requested sites and their columns.
  private let wanted: [BlockSite: [(site: BlockSite, columns: Range<Int>)]]
  private(set) var values: [BlockSite: SiteValues] = [:]

  init(_ sites: [BlockSite], blocks: [Dimensions]) throws {
    let parts = try sites.map { (site: $0, columns: try $0.columns(in: blocks)) }
    wanted = Dictionary(grouping: parts) { BlockSite(layer: $0.site.layer, site: $0.site.site) }
  }

  func wants(_ site: Site, layer: Int) -> Bool { wanted[BlockSite(layer: layer, site: site)] != nil }

  func observe(_ observation: Observation) {
    for (site, columns) in wanted[BlockSite(layer: observation.layer, site: observation.site)] ?? [] {
      var numbers: [Float] = []
      numbers.reserveCapacity(observation.rows * columns.count)
      for row in 0..<observation.rows {
        numbers += UnsafeBufferPointer(
          start: observation.pointer + row * observation.stride + columns.lowerBound, count: columns.count)
      }
      values[site] = SiteValues(rows: observation.rows, columns: columns.count, values: numbers)
    }
  }
}
