import DenseMath
import Foundation
import Transformer

/// A classifier on one batch: its scores, and its derivative.
package struct ClassifierDerivative {
  package let head: ClassifierHead
  /// [sequences][C]
  package let logits: [[Float]]
  private let h: HiddenState
  private let batch: PackedBatch
  /// The input of the last layer, [sequences, d].
  private let features: FloatBuffer

  /// - Parameter h: the residual stream after the last block.
  package init(_ head: ClassifierHead, at h: HiddenState, _ batch: PackedBatch, workspace: Workspace) {
    self.head = head
    self.h = h
    self.batch = batch
    features = head.features(h, batch, workspace: workspace)
    logits = head.apply(h, batch, workspace: workspace)
  }

  /// From cotangents of the scores to those of the residual stream, [T, d].
  /// - Parameter dLogits: [sequences][C]
  package func pullBack(
    _ dLogits: [[Float]], gradients: Gradients = .none, workspace: DerivativeWorkspace
  ) -> FloatBuffer {
    let (threads, d, count) = (workspace.threads, h.width, batch.sequences.count)
    let dh = FloatBuffer(count: h.tokens * d)
    let dFeatures = workspace.buffer(.features, count: count * d).pointer
    dLogits.flatMap { $0 }.withUnsafeBufferPointer { dLogits in
      guard let dLogits = dLogits.baseAddress else { return }
      head.linear.pullBack(
        dLogits, rows: count, input: features.pointer, into: dFeatures, gradients: gradients, threads: threads)
    }
    switch head.pooling {
    case .firstToken(let dense, let activation):
      let rows = batch.sequences.map(\.lowerBound)
      let input = gathered(rows)
      for index in 0..<count * d {
        let value = features.pointer[index]
        switch activation {
        case .tanh: dFeatures[index] *= 1 - value * value
        case .relu: dFeatures[index] *= value > 0 ? 1 : 0
        }
      }
      let dInput = FloatBuffer(count: count * d)
      dense.pullBack(
        dFeatures, rows: count, input: input.pointer, into: dInput.pointer, gradients: gradients, threads: threads)
      for (index, row) in rows.enumerated() {
        (dh.pointer + row * d).update(from: dInput.pointer + index * d, count: d)
      }
    case .lastToken(let norm, let padding):
      let rows = batch.sequences.map { ClassifierHead.lastRow(of: $0, batch, padding: padding) }
      let input = gathered(rows)
      NormDerivative(norm, at: input, rows: count, threads: threads)
        .pullBack(dFeatures, into: dFeatures, gradients: gradients, threads: threads)
      for (index, row) in rows.enumerated() { (dh.pointer + row * d).update(from: dFeatures + index * d, count: d) }
    case .mean(let norm):
      for (index, sequence) in batch.sequences.enumerated() {
        for row in sequence {
          for column in 0..<d { dh.pointer[row * d + column] = dFeatures[index * d + column] / Float(sequence.count) }
        }
      }
      if let norm {
        NormDerivative(norm, at: gathered(Array(0..<h.tokens)), rows: h.tokens, threads: threads)
          .pullBack(dh.pointer, into: dh.pointer, gradients: gradients, threads: threads)
      }
    }
    return dh
  }

  /// [rows, d]
  private func gathered(_ rows: [Int]) -> FloatBuffer {
    let result = FloatBuffer(uninitializedCount: rows.count * h.width)
    for (index, row) in rows.enumerated() {
      (result.pointer + index * h.width).update(from: h.pointer + row * h.width, count: h.width)
    }
    return result
  }
}

/// The mean over texts of the cross entropy of their scores, in nats, and its gradient.
package struct CrossEntropy: Sendable {
  package let loss: Double
  /// With respect to the scores, [sequences][C].
  package let gradient: [[Float]]

  /// - Parameters:
  ///   - logits: [sequences][C], at least one sequence.
  ///   - labels: the class of each sequence, below C.
  package init(_ logits: [[Float]], labels: [Int]) {
    precondition(!labels.isEmpty && logits.count == labels.count, "\(labels.count) labels for \(logits.count) texts")
    var sum = 0.0
    gradient = zip(logits, labels).map { logits, label in
      let row = logits.map(Double.init)
      let largest = row.max() ?? 0
      let logTotal = largest + log(row.reduce(0) { $0 + exp($1 - largest) })
      sum += logTotal - row[label]
      return row.enumerated().map { index, logit in
        Float((exp(logit - logTotal) - (index == label ? 1 : 0)) / Double(labels.count))
      }
    }
    loss = sum / Double(labels.count)
  }
}
