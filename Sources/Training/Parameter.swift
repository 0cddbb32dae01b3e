import DenseMath

/// Numbers that training changes, with the gradient of the loss.
///
/// `tensor` shares the memory of `values`, so that a model with it computes with what the optimizer last wrote. It must
/// not be read during a step.
package final class Parameter {
  package let name: String
  /// Sizes of the axes, outermost first.
  package let shape: [Int]
  /// Whether weight decay applies: by custom not to biases and norms.
  package let decays: Bool
  package let values: FloatBuffer
  /// The sum that backward passes add to; `zeroGradient` clears it.
  package let gradient: FloatBuffer

  package var count: Int { shape.reduce(1, *) }

  /// A copy of `initial`.
  package init(name: String, _ initial: Tensor, decays: Bool) {
    self.name = name
    shape = initial.shape
    self.decays = decays
    values = FloatBuffer(uninitializedCount: initial.count)
    values.pointer.update(from: initial.pointer, count: initial.count)
    gradient = FloatBuffer(count: initial.count)
  }

  /// The current numbers.
  package var tensor: Tensor { Tensor(shape: shape, pointer: UnsafePointer(values.pointer), owner: values) }

  package func zeroGradient() { gradient.pointer.update(repeating: 0, count: count) }
}

/// Where gradients are summed: a parameter is identified by the memory of its tensor, so that a weight used twice has
/// one sum and a frozen one none.
package struct Gradients: @unchecked Sendable {
  // Sendable although the buffers are written: a backward pass gives each of its threads its own memory.
  private let buffers: [UnsafePointer<Float>: FloatBuffer]

  package init(_ parameters: [Parameter] = []) {
    buffers = Dictionary(
      parameters.map { (UnsafePointer($0.values.pointer), $0.gradient) }, uniquingKeysWith: { first, _ in first })
  }

  /// Nothing is trained.
  package static let none = Gradients()

  var isEmpty: Bool { buffers.isEmpty }

  /// The sum to add to; nil where the tensor is frozen.
  package subscript(_ tensor: Tensor) -> UnsafeMutablePointer<Float>? { buffers[tensor.pointer]?.pointer }
}
