/// A place in a model as text, the same in arguments, pictures and files. Blocks, heads and vectors count from 0.
///
/// | text | place |
/// | --- | --- |
/// | `embed` | hidden state 0 |
/// | `L5` | block 5, or the state after it |
/// | `L5.attn`, `L5.mlp` | the outputs of attention and feed-forward |
/// | `L5.residMid`, ... | any other site by its name |
/// | `L5H3` | head 3 of block 5, or its output before wO |
/// | `L5H3.keys`, `.queries`, `.values` | its part of another site |
/// | `L3:907` | neuron 907 of block 3 |
/// | `L5H3:12` | number 12 in head 3 |
///
/// Read as well, but not written: small letters (`l5h3`), `mid` for `residMid`, and the names of sites with a shorter
/// form above.
package struct Address: Hashable, Sendable, LosslessStringConvertible {
  package let layer: Int
  /// nil for the whole block.
  package let head: Int?
  /// nil for the whole block or head.
  package let part: Part?

  /// A part of a block or head.
  package enum Part: Hashable, Sendable {
    case site(Site)
    /// A neuron, or a coordinate of a head.
    case vector(Int)
  }

  /// `residPost` of a block and `headOutputs` of a head are its default parts.
  package init(layer: Int, head: Int? = nil, _ part: Part? = nil) {
    self.layer = layer
    self.head = head
    self.part = part == .site(head == nil ? .residPost : .headOutputs) ? nil : part
  }

  /// nil for a text that is no address.
  package init?(_ text: String) {
    if text.lowercased() == "embed" {
      self.init(layer: 0, .site(.residPre))
      return
    }
    let whole = /[Ll]([0-9]+)(?:[Hh]([0-9]+))?(?::([0-9]+)|\.([A-Za-z]+))?/
    guard let match = text.wholeMatch(of: whole), let layer = Int(match.1) else { return nil }
    var head: Int?
    if let digits = match.2 {
      guard let number = Int(digits) else { return nil }
      head = number
    }
    if let digits = match.3 {
      guard let number = Int(digits) else { return nil }
      self.init(layer: layer, head: head, .vector(number))
    } else if let name = match.4 {
      guard let site = Self.shortNames[String(name)] ?? Site(rawValue: String(name)),
        head == nil || BlockSite.sitesOfHeads.contains(site)
      else { return nil }
      self.init(layer: layer, head: head, .site(site))
    } else {
      self.init(layer: layer, head: head)
    }
  }

  private static let shortNames: [String: Site] = ["attn": .attnOut, "mlp": .mlpOut, "mid": .residMid]

  package var description: String {
    let place = "L\(layer)" + (head.map { "H\($0)" } ?? "")
    switch part {
    case nil: return place
    case .vector(let index): return "\(place):\(index)"
    case .site(.residPre) where layer == 0 && head == nil: return "embed"
    case .site(.attnOut): return "\(place).attn"
    case .site(.mlpOut): return "\(place).mlp"
    case .site(let site): return "\(place).\(site.rawValue)"
    }
  }

  /// The vector of a row of `Model.parameterVectors`.
  package init(layer: Int, row: Int, of group: ParameterKind, headSize: Int) {
    self.init(
      layer: layer, head: group.isAttention ? row / headSize : nil, .vector(group.isAttention ? row % headSize : row))
  }

  /// The site it names; nil for a vector.
  package var site: BlockSite? {
    switch part {
    case nil: BlockSite(layer: layer, site: head == nil ? .residPost : .headOutputs, head: head)
    case .site(let site): BlockSite(layer: layer, site: site, head: head)
    case .vector: nil
    }
  }
}

extension Address {
  /// What an address may be required to name.
  package enum Kind: String, Sendable {
    case block = "a block such as L5"
    case head = "a head such as L5H3"
    case vector = "a vector such as L3:907 or L5H3:12"
    case site = "a site such as L5H3, L5.mlp or L5.residMid"
  }

  /// The kinds of place that this names; a block and a head are sites too.
  private var kinds: [Kind] {
    switch part {
    case nil: [head == nil ? .block : .head, .site]
    case .site: [.site]
    case .vector: [.vector]
    }
  }

  /// Reads an address of one of some kinds.
  /// - Throws: `AddressError`.
  package init(_ text: String, as kinds: Kind...) throws {
    guard let address = Address(text), address.kinds.contains(where: kinds.contains) else {
      throw AddressError(expected: kinds, found: text)
    }
    self = address
  }
}

/// A text that is no address, or none of the required kinds.
package struct AddressError: Error, Equatable, Sendable, CustomStringConvertible {
  package let expected: [Address.Kind]
  package let found: String

  package init(expected: [Address.Kind], found: String) {
    self.expected = expected
    self.found = found
  }

  package var description: String {
    let all = expected.map(\.rawValue)
    let list =
      all.count < 3
      ? all.joined(separator: " or ") : all.dropLast().joined(separator: ", ") + ", or " + all[all.count - 1]
    return "expected \(list), found \"\(found)\""
  }
}
