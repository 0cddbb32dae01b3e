import DenseMath
import Transformer

/// Each level through the classifier, as if the later blocks were skipped. A stitched model is read from the first
/// state of its second model on, since the classifier belongs to that one.
package struct ClassifierLens {
  package let model: any TransformerModel
  package let classifier: Classification
  private let workspace: Workspace
  /// For the head during a pass, whose own working memory is in use.
  private let headWorkspace: Workspace

  /// - Throws: `TransformerError.missingHead` or `.otherHead` without a classifier; what reading its meaning throws.
  package init(_ model: any TransformerModel, threads: Threads) throws {
    self.model = model
    classifier = try model.classification()
    workspace = Workspace(threads: threads)
    headWorkspace = Workspace(threads: threads)
  }

  /// Upwards: the input state of the classifier's own model, and that after each of its blocks.
  package var levels: [LensLevel] {
    let start = model.segmentStarts.last ?? 0
    return [LensLevel(layer: start - 1, site: start == 0 ? .residPre : .residPost)]
      + (start..<model.blockDimensions.count).map { LensLevel(layer: $0, site: .residPost) }
  }

  /// The scores of each text of a batch: [levels][sequences][C].
  /// - Throws: `TransformerError`.
  package func read(_ batch: PackedBatch) throws -> [[[Float]]] {
    let reader = Reader(lens: self, batch: batch, start: model.segmentStarts.last ?? 0)
    _ = try model.forward(batch, workspace: workspace, observer: reader)
    return reader.scores
  }

  private final class Reader: Observer {
    private let lens: ClassifierLens
    private let batch: PackedBatch
    private let start: Int
    private(set) var scores: [[[Float]]] = []

    init(lens: ClassifierLens, batch: PackedBatch, start: Int) {
      self.lens = lens
      self.batch = batch
      self.start = start
    }

    func wants(_ site: Site, layer: Int) -> Bool {
      site == .residPost ? layer >= start : site == .residPre && layer == start
    }

    func observe(_ observation: Observation) {
      let h = HiddenState(copying: observation.pointer, tokens: observation.rows, width: observation.columns)
      scores.append(lens.classifier.head.apply(h, batch, workspace: lens.headWorkspace))
    }
  }
}
