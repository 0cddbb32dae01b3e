import Testing
import Transformer

/// The grammar of addresses.
@Suite struct AddressTests {
  /// Canonical texts and what they name.
  private static let canonical: [String: Address] = [
    "embed": Address(layer: 0, .site(.residPre)), "L5": Address(layer: 5),
    "L1.residPre": Address(layer: 1, .site(.residPre)),
    "L5.attn": Address(layer: 5, .site(.attnOut)), "L5.mlp": Address(layer: 5, .site(.mlpOut)),
    "L12.residMid": Address(layer: 12, .site(.residMid)), "L3.mlpHidden": Address(layer: 3, .site(.mlpHidden)),
    "L5H3": Address(layer: 5, head: 3), "L5H3.keys": Address(layer: 5, head: 3, .site(.keys)),
    "L3:907": Address(layer: 3, .vector(907)), "L5H3:12": Address(layer: 5, head: 3, .vector(12)),
  ]

  /// Texts that are read, and how they are written.
  private static let others = [
    "l5": "L5", "l5h3": "L5H3", "L3.mid": "L3.residMid", "L3.residPost": "L3", "L3.attnOut": "L3.attn",
    "L3.mlpOut": "L3.mlp", "L5H3.headOutputs": "L5H3", "l3h5:12": "L3H5:12", "L0.residPre": "embed", "EMBED": "embed",
    "L05H03": "L5H3",
  ]

  @Test func canonicalTextsAreReadAndWritten() {
    for (text, address) in Self.canonical {
      #expect(Address(text) == address, "\(text)")
      #expect(address.description == text)
    }
  }

  @Test func otherTextsAreReadAndWrittenAsCanonical() {
    for (text, written) in Self.others { #expect(Address(text)?.description == written, "\(text)") }
  }

  @Test func everySiteHasAnAddress() {
    for site in Site.allCases {
      for layer in [0, 7] {
        let place = BlockSite(layer: layer, site: site)
        #expect(BlockSite(place.description) == place, "\(place)")
      }
    }
    for site in BlockSite.sitesOfHeads {
      let place = BlockSite(layer: 0, site: site, head: 2)
      #expect(BlockSite(place.description) == place, "\(place)")
    }
  }

  @Test(arguments: [
    "", "L", "5", "L5.", "L5.wQ", "L5H", "LH3", "L5H3.mlp", "L5H3H4", "L5.attn.mlp", "L+5", "L-1", "L5.residMid ",
    " L5",
    "L99999999999999999999", "L5:", ":5", "L5:1:2", "L5:-1", "L5H3:x", "L5.mid:1", "L٥", "H3",
    "L5H3:99999999999999999999",
    "embed.keys",
  ]) func othersAreNone(_ text: String) { #expect(Address(text) == nil) }

  @Test func kindsAreTold() throws {
    #expect(try Address("L5H3", as: .head).head == 3)
    #expect(try Address("L5H3", as: .site).site == BlockSite(layer: 5, site: .headOutputs, head: 3))
    #expect(try Address("L5", as: .site, .vector).site == BlockSite(layer: 5, site: .residPost))
    #expect(try Address("L3:1", as: .head, .vector).site == nil)
    let refused: [(String, [Address.Kind], String)] = [
      ("L5", [.head], "expected a head such as L5H3, found \"L5\""),
      ("L5:1", [.site], "expected a site such as L5H3, L5.mlp or L5.residMid, found \"L5:1\""),
      ("x", [.block, .vector], "expected a block such as L5 or a vector such as L3:907 or L5H3:12, found \"x\""),
      (
        "x", [.head, .vector, .block],
        "expected a head such as L5H3, a vector such as L3:907 or L5H3:12, or a block such as L5, found \"x\""
      ),
    ]
    for (text, kinds, message) in refused {
      #expect(AddressError(expected: kinds, found: text).description == message)
    }
    #expect(throws: AddressError(expected: [.vector], found: "L5H3")) { try Address("L5H3", as: .vector) }
    #expect(throws: AddressError(expected: [.head, .vector], found: "L5.mlp")) {
      try Address("L5.mlp", as: .head, .vector)
    }
  }
}
