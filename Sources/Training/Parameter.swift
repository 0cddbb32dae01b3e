import DenseMath

/// Numbers that training changes, with the gradient of the loss for each.
///
/// `tensor` shares the memory of `values`, so that a model that holds it computes with what the optimizer last wrote.
/// Nothing may read the tensor while a step is made.
public final class Parameter {
  public let name: String
  /// Sizes of the axes, outermost first.
  public let shape: [Int]
  /// Whether weight decay applies: by custom not to biases and norms.
  public let decays: Bool
  public let values: FloatBuffer
  /// The sum that backward passes add to; `zeroGradient` begins anew.
  public let gradient: FloatBuffer

  public var count: Int { shape.reduce(1, *) }

  /// A copy of `initial`.
  public init(name: String, _ initial: Tensor, decays: Bool) {
    self.name = name
    shape = initial.shape
    self.decays = decays
    values = FloatBuffer(uninitializedCount: initial.count)
    values.pointer.update(from: initial.pointer, count: initial.count)
    gradient = FloatBuffer(count: initial.count)
  }

  /// The numbers as they are whenever they are read.
  public var tensor: Tensor { Tensor(shape: shape, pointer: UnsafePointer(values.pointer), owner: values) }

  public func zeroGradient() { gradient.pointer.update(repeating: 0, count: count) }
}

/// Where gradients go: a parameter is known by the memory of its tensor, so that a weight used twice gets one sum and a
/// frozen one none.
public struct Gradients: @unchecked Sendable {
  // Sendable although the buffers are written: a backward pass gives each of its threads memory of its own.
  private let buffers: [UnsafePointer<Float>: FloatBuffer]

  public init(_ parameters: [Parameter] = []) {
    buffers = Dictionary(
      parameters.map { (UnsafePointer($0.values.pointer), $0.gradient) }, uniquingKeysWith: { first, _ in first })
  }

  /// Nothing is trained.
  public static let none = Gradients()

  var isEmpty: Bool { buffers.isEmpty }

  /// The sum to add to; nil where the tensor is frozen.
  public subscript(_ tensor: Tensor) -> UnsafeMutablePointer<Float>? { buffers[tensor.pointer]?.pointer }
}
