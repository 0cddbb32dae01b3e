import Transformer

/// A head of a model: "L5H3". Blocks and heads count from 0.
public struct HeadPlace: Hashable, Sendable, CustomStringConvertible {
  /// The block, from 0.
  public let layer: Int
  /// From 0.
  public let head: Int

  /// A head by its place.
  public init(layer: Int, head: Int) {
    self.layer = layer
    self.head = head
  }

  /// nil for an address of another kind.
  package init?(_ address: Address) {
    guard let head = address.head, address.part == nil else { return nil }
    self.init(layer: address.layer, head: head)
  }

  public var description: String { Address(layer: layer, head: head).description }
}

/// One parameter vector of a model: "L3:907", neuron 907 of block 3, or "L3H5:12", coordinate 12 of head 5 of block 3.
public struct VectorPlace: Hashable, Sendable, CustomStringConvertible {
  /// The block, from 0.
  public let layer: Int
  /// nil for neurons.
  public let head: Int?
  /// The neuron, or the coordinate of the head, from 0.
  public let index: Int

  /// A vector by its place.
  public init(layer: Int, head: Int? = nil, index: Int) {
    self.layer = layer
    self.head = head
    self.index = index
  }

  /// nil for an address of another kind.
  package init?(_ address: Address) {
    guard case .vector(let index) = address.part else { return nil }
    self.init(layer: address.layer, head: address.head, index: index)
  }

  /// The vector of a row of `Model.parameterVectors`.
  public init(layer: Int, row: Int, of group: ParameterKind, headSize: Int) {
    self.init(
      layer: layer, head: group.isAttention ? row / headSize : nil, index: group.isAttention ? row % headSize : row)
  }

  public var description: String { Address(layer: layer, head: head, .vector(index)).description }
}
