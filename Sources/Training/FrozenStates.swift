import Evaluation
import Files
import Foundation
import Transformer

/// The state of each text of a data set after the frozen blocks: computed once, in a file that every epoch reads.
///
/// Texts are stored in order while the file is within its bound; the states of others are computed when needed. A
/// text's state has the same bits either way.
package final class FrozenStates {
  private let trainable: Trainable
  private let texts: [EncodedReview]
  /// The position of each text's numbers in the file.
  private let starts: [Int]
  /// The number of texts in the file.
  package let storedCount: Int
  private let file: MappedFile?
  private var d: Int { trainable.model.dimensions.hidden }

  /// Opens the file, or creates it. Its name should identify the frozen weights and the texts.
  /// - Parameters:
  ///   - path: nil for no file.
  ///   - bound: the most bytes of the file.
  /// - Throws: `FileError`, `TransformerError`.
  package init(
    _ trainable: Trainable, _ texts: [EncodedReview], path: String?, bound: Int, workspace: Workspace,
    progress: ProgressHandler = .none
  ) throws {
    self.trainable = trainable
    self.texts = texts
    let d = trainable.model.dimensions.hidden
    var (starts, end) = ([Int](), 0)
    for text in texts {
      let size = text.ids.count * d
      if (end + size) * MemoryLayout<Float>.stride > bound || path == nil { break }
      starts.append(end)
      end += size
    }
    self.starts = starts
    storedCount = starts.count
    guard let path, storedCount > 0 else {
      file = nil
      return
    }
    let bytes = end * MemoryLayout<Float>.stride
    if let found = try? MappedFile(path), found.bytes.count == bytes {
      file = found
      return
    }
    let output = try OutputFile(path)
    try progress.during(.init("frozen blocks", unit: "texts", total: texts.count)) { update in
      for range in PackedBatch.plan(texts[..<starts.count].map(\.ids.count)) {
        let batch = try PackedBatch(texts[range].map(\.ids))
        let h = try trainable.frozenState(of: batch, workspace: workspace)
        try output.write(UnsafeRawBufferPointer(start: h.pointer, count: h.tokens * d * MemoryLayout<Float>.stride))
        try update(range.upperBound)
      }
    }
    try output.commit()
    file = try MappedFile(path)
  }

  /// The states of some texts before the first trained block, packed in this order.
  /// - Throws: `TransformerError`.
  package func states(of indices: [Int], workspace: Workspace) throws -> (HiddenState, PackedBatch) {
    let batch = try PackedBatch(indices.map { texts[$0].ids })
    let missing = indices.filter { $0 >= storedCount }
    guard let file, missing.count < indices.count, let base = file.bytes.baseAddress else {
      return (try trainable.frozenState(of: batch, workspace: workspace), batch)
    }
    let h = HiddenState(tokens: batch.tokens, width: d)
    let made =
      missing.isEmpty
      ? nil : try trainable.frozenState(of: PackedBatch(missing.map { texts[$0].ids }), workspace: workspace)
    var madeRow = 0
    for (index, sequence) in zip(indices, batch.sequences) {
      let out = h.pointer + sequence.lowerBound * d
      if index < storedCount {
        let source = (base + starts[index] * MemoryLayout<Float>.stride).assumingMemoryBound(to: Float.self)
        out.update(from: source, count: sequence.count * d)
      } else if let made {
        out.update(from: made.pointer + madeRow * d, count: sequence.count * d)
        madeRow += sequence.count
      }
    }
    return (h, batch)
  }
}
