import DenseMath

/// How one number of a stored tensor is encoded; the raw value is the type's name in a safetensors header.
/// Types narrower than a byte are not among them: a file that holds one is refused.
public enum ElementType: String, CaseIterable, Sendable {
  case float64 = "F64"
  case float32 = "F32"
  case float16 = "F16"
  case bfloat16 = "BF16"
  case float8E4M3 = "F8_E4M3"
  case float8E5M2 = "F8_E5M2"
  case float8E8M0 = "F8_E8M0"
  case complex64 = "C64"
  case int64 = "I64"
  case int32 = "I32"
  case int16 = "I16"
  case int8 = "I8"
  case uint64 = "U64"
  case uint32 = "U32"
  case uint16 = "U16"
  case uint8 = "U8"
  case bool = "BOOL"

  /// Bytes a number takes.
  public var byteWidth: Int {
    switch self {
    case .float64, .int64, .uint64, .complex64: return 8
    case .float32, .int32, .uint32: return 4
    case .float16, .bfloat16, .int16, .uint16: return 2
    case .float8E4M3, .float8E5M2, .float8E8M0, .int8, .uint8, .bool: return 1
    }
  }
}

/// What a weight file says about one tensor.
public struct TensorEntry: Sendable {
  /// As it is stored.
  public let name: String
  /// As it is stored.
  public let type: ElementType
  /// Sizes of the axes, outermost first; empty for a scalar.
  public let shape: [Int]
  /// How many numbers.
  public let count: Int

  /// nil when the bytes of so many numbers are more than an `Int` counts, also where a later size is 0.
  init?(name: String, type: ElementType, shape: [Int]) {
    var bytes = type.byteWidth
    for size in shape {
      let (product, overflow) = bytes.multipliedReportingOverflow(by: size)
      guard size >= 0, !overflow else { return nil }
      bytes = product
    }
    self.name = name
    self.type = type
    self.shape = shape
    count = bytes / type.byteWidth
  }

  /// A tensor in memory.
  init(name: String, _ tensor: Tensor) {
    self.name = name
    type = .float32
    shape = tensor.shape
    count = tensor.count
  }

  /// Bytes the numbers take.
  public var byteCount: Int { count * type.byteWidth }
}
