import Transformer

/// A head of a model: "L5H3". Blocks and heads count from 0.
package struct HeadPlace: Hashable, Sendable, CustomStringConvertible {
  package let layer: Int
  package let head: Int

  package init(layer: Int, head: Int) {
    self.layer = layer
    self.head = head
  }

  /// Reads "L5H3"; nil for anything else.
  package init?(_ text: some StringProtocol) {
    guard text.first == "L" || text.first == "l", let h = text.firstIndex(where: { $0 == "H" || $0 == "h" }),
      let layer = Int(naturalNumber: text[text.index(after: text.startIndex)..<h]),
      let head = Int(naturalNumber: text[text.index(after: h)...])
    else { return nil }
    self.init(layer: layer, head: head)
  }

  package var description: String { "L\(layer)H\(head)" }
}

/// A block of a model: "L5". Blocks count from 0.
package struct BlockPlace: Hashable, Sendable, CustomStringConvertible {
  package let layer: Int

  package init(layer: Int) { self.layer = layer }

  /// Reads "L5"; nil for anything else.
  package init?(_ text: some StringProtocol) {
    guard text.first == "L" || text.first == "l", let layer = Int(naturalNumber: text.dropFirst()) else { return nil }
    self.init(layer: layer)
  }

  package var description: String { "L\(layer)" }
}

/// One parameter vector of a model: "L3:907", neuron 907 of block 3, or "L3H5:12", place 12 in head 5 of block 3.
package struct VectorPlace: Hashable, Sendable, CustomStringConvertible {
  package let layer: Int
  /// nil for neurons.
  package let head: Int?
  package let index: Int

  package init(layer: Int, head: Int? = nil, index: Int) {
    self.layer = layer
    self.head = head
    self.index = index
  }

  /// Reads "L3:907" or "L3H5:12"; nil for anything else.
  package init?(_ text: String) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, let index = Int(naturalNumber: parts[1]) else { return nil }
    if let place = HeadPlace(parts[0]) {
      self.init(layer: place.layer, head: place.head, index: index)
    } else if let block = BlockPlace(parts[0]) {
      self.init(layer: block.layer, index: index)
    } else {
      return nil
    }
  }

  /// The vector of a row of `Model.parameterVectors`.
  package init(layer: Int, row: Int, of group: ParameterKind, headSize: Int) {
    self.init(
      layer: layer, head: group.isAttention ? row / headSize : nil, index: group.isAttention ? row % headSize : row)
  }

  package var description: String { "L\(layer)" + (head.map { "H\($0)" } ?? "") + ":\(index)" }
}

extension Int {
  /// Digits alone: no sign, no space.
  fileprivate init?(naturalNumber text: some StringProtocol) {
    guard !text.isEmpty, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
      return nil
    }
    self.init(text)
  }
}
