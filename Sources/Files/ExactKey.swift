/// A string compared and hashed by its bytes. Swift's `String` treats canonically equivalent texts ("é" in one scalar
/// or two) as equal; vocabularies do not.
package struct ExactKey: Hashable, Sendable {
  package let string: String

  package init(_ string: String) { self.string = string }

  package static func == (left: ExactKey, right: ExactKey) -> Bool {
    left.string.utf8.elementsEqual(right.string.utf8)
  }

  package func hash(into hasher: inout Hasher) {
    var copy = string
    copy.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
  }
}
