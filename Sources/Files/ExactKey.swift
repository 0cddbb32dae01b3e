/// A string compared and hashed by its bytes. Swift's `String` treats canonically equivalent texts ("é" in one scalar
/// or two) as equal; vocabularies do not.
public struct ExactKey: Hashable, Sendable {
  public let string: String

  public init(_ string: String) { self.string = string }

  public static func == (left: ExactKey, right: ExactKey) -> Bool {
    left.string.utf8.elementsEqual(right.string.utf8)
  }

  public func hash(into hasher: inout Hasher) {
    var copy = string
    copy.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
  }
}
