import DenseMath
import Evaluation
import Files
import Foundation
import Transformer

/// What the frozen blocks make of each text of a data set: made once, kept in a file, read from there by every epoch.
///
/// Texts are taken in order as long as the file stays within its bound; those that do not fit are made anew whenever they
/// are asked for. A text's state has the same bits either way, as a forward pass gives it beside any others.
package final class FrozenStates {
  private let trainable: Trainable
  private let texts: [EncodedReview]
  /// Where each text's numbers begin in the file.
  private let starts: [Int]
  /// How many texts the file holds.
  package let storedCount: Int
  private let file: MappedFile?
  private var d: Int { trainable.model.dimensions.hidden }

  /// Opens the file, or makes it where it is not there. Its name should tell what it depends on: the frozen weights and
  /// the texts.
  /// - Parameters:
  ///   - path: nil for no file.
  ///   - bound: the most bytes the file may have.
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
      for range in EncodedReviews.batches(of: texts[..<starts.count]) {
        let batch = try PackedBatch(texts[range].map(\.ids))
        let h = try trainable.frozenState(of: batch, workspace: workspace)
        try output.write(UnsafeRawBufferPointer(start: h.pointer, count: h.tokens * d * MemoryLayout<Float>.stride))
        try update(range.upperBound)
      }
    }
    try output.commit()
    file = try MappedFile(path)
  }

  /// The states of some texts, packed in this order, before the first block that is trained.
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
