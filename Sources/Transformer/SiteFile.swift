import Checkpoints
import DenseMath

/// The values at some sites of many texts, in one safetensors file: a tensor [rows, columns] per site, named `L3.queries`,
/// the rows of all texts below each other; `ids`, [rows]; and `offsets`, [texts + 1]: the rows of text i are
/// `offsets[i] ..< offsets[i + 1]`.
public enum SiteFile {
  /// The sites that have one row per token, which is all but the attention weights.
  public static let sites = Site.allCases.filter { $0 != .attentionWeights }

  /// The name of a site's tensor: `L3.queries`.
  public static func name(of site: Site, layer: Int) -> String { "L\(layer).\(site.rawValue)" }
}

extension TransformerModel {
  /// Runs texts batch by batch and writes the values at some sites as they are computed: memory is that of a batch, whatever
  /// the number of texts.
  /// - Parameters:
  ///   - sites: of each of `layers`, from `SiteFile.sites`.
  ///   - lengths: tokens of each text.
  ///   - path: the file, which appears when it is complete.
  ///   - ids: the ids of a text, asked for once each, in order.
  /// - Returns: the shape of each tensor: `ids`, `offsets`, then block by block.
  /// - Throws: `TransformerError` for a block that does not exist, or a text that the model does not support; `FileError`;
  ///   `CancellationError`; what `ids` throws.
  public func writeValues(
    at sites: [Site], of layers: [Int], lengths: [Int], to path: String, workspace: Workspace,
    progress: ProgressHandler = .none, ids: (_ text: Int) throws -> [Int32]
  ) throws -> [(name: String, shape: [Int])] {
    precondition(sites.allSatisfy(SiteFile.sites.contains), "sites with one row per token")
    let blocks = blockDimensions
    if let layer = layers.first(where: { !blocks.indices.contains($0) }) {
      throw TransformerError.noSuchBlock(site: "L\(layer)", blocks: blocks.count)
    }
    let offsets = lengths.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }
    let rows = offsets[lengths.count]
    var shapes = [(name: "ids", shape: [rows]), (name: "offsets", shape: [offsets.count])]
    var writer = SafetensorsWriter()
    writer.reserve("ids", shape: [rows], integers: true)
    writer.add("offsets", shape: [offsets.count], integers: offsets)
    for layer in Set(layers).sorted() {
      for site in SiteFile.sites where sites.contains(site) {
        let isInner = site == .mlpHidden || site == .mlpPreActivation
        let shape = [rows, isInner ? blocks[layer].feedForward : blocks[layer].hidden]
        shapes.append((SiteFile.name(of: site, layer: layer), shape))
        writer.reserve(shapes[shapes.count - 1].name, shape: shape)
      }
    }
    let stream = try writer.begin(path)
    let observer = SiteStreamer(stream, sites: Set(sites), layers: Set(layers))
    try progress.during(.init("states", unit: "texts", total: lengths.count)) { update in
      for range in PackedBatch.plan(lengths) {
        let texts = try range.map(ids)
        precondition(texts.map(\.count) == Array(lengths[range]), "texts of other lengths than were said")
        observer.firstRow = offsets[range.lowerBound]
        try texts.joined().map(Int64.init).withUnsafeBytes {
          try stream.write($0, to: "ids", at: 8 * observer.firstRow)
        }
        _ = try forward(PackedBatch(texts), workspace: workspace, observer: observer)
        try update(range.upperBound)
      }
    }
    try stream.commit()
    return shapes
  }
}

/// Writes what is announced.
private final class SiteStreamer: Observer {
  private let stream: SafetensorsStream
  private let sites: Set<Site>
  private let layers: Set<Int>
  /// Where the rows of the batch begin.
  var firstRow = 0

  init(_ stream: SafetensorsStream, sites: Set<Site>, layers: Set<Int>) {
    (self.stream, self.sites, self.layers) = (stream, sites, layers)
  }

  func wants(_ site: Site, layer: Int) -> Bool { sites.contains(site) && layers.contains(layer) }

  func observe(_ observation: Observation) throws {
    let name = SiteFile.name(of: observation.site, layer: observation.layer)
    let start = 4 * firstRow * observation.columns
    guard observation.stride != observation.columns else {
      let bytes = UnsafeRawBufferPointer(start: observation.pointer, count: 4 * observation.rows * observation.columns)
      return try stream.write(bytes, to: name, at: start)
    }
    try observation.copy().withUnsafeBytes { try stream.write($0, to: name, at: start) }
  }
}
