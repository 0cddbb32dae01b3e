/// What the pickle of a state dict can stand for. Tuples, lists and dictionaries are kept by the reader and named here by
/// their number, so that values neither nest nor refer to each other, however a file is made.
enum PickleValue: Equatable {
  case none
  case bool(Bool)
  case integer(Int)
  /// A whole number of more than 8 bytes, lowest first, in two's complement.
  case largeInteger([UInt8])
  case string(String)
  case tuple(Int)
  case list(Int)
  case dictionary(Int)
  /// A name that the reader knows.
  case global(TorchGlobal)
  /// The number of a storage, and of a tensor.
  case storage(Int)
  case tensor(Int)
  /// What a state dict may hold beside its tensors and nobody asks for: a float, bytes.
  case other

  /// What it is, for an error.
  var kind: String {
    switch self {
    case .none: "None"
    case .bool: "a bool"
    case .integer, .largeInteger: "an integer"
    case .string: "a string"
    case .tuple: "a tuple"
    case .list: "a list"
    case .dictionary: "a dict"
    case .global(let global): "\(global.name)"
    case .storage: "a storage"
    case .tensor: "a tensor"
    case .other: "a number or bytes"
    }
  }
}

/// The classes and functions that the pickle of a state dict may name. None is ever called: each says how its arguments
/// are to be read.
enum TorchGlobal: Equatable {
  case orderedDictionary
  case size
  /// `torch._utils._rebuild_tensor`, `_v2` and `_v3`.
  case rebuildTensor(version: Int)
  case rebuildParameter
  /// `torch.FloatStorage` and the like; nil for bytes without a type.
  case storage(ElementType?)
  /// `torch.float32` and the like.
  case type(ElementType)

  /// nil for every other name.
  init?(module: String, name: String) {
    switch (module, name) {
    case ("collections", "OrderedDict"): self = .orderedDictionary
    case ("torch", "Size"): self = .size
    case ("torch._utils", "_rebuild_tensor"): self = .rebuildTensor(version: 1)
    case ("torch._utils", "_rebuild_tensor_v2"): self = .rebuildTensor(version: 2)
    case ("torch._utils", "_rebuild_tensor_v3"): self = .rebuildTensor(version: 3)
    case ("torch._utils", "_rebuild_parameter"): self = .rebuildParameter
    case ("torch", "UntypedStorage"), ("torch.storage", "UntypedStorage"): self = .storage(nil)
    case ("torch", _):
      if let (type, _, _) = Self.types.first(where: { $0.storage == name }) {
        self = .storage(type)
      } else if let (type, _, _) = Self.types.first(where: { $0.type == name }) {
        self = .type(type)
      } else {
        return nil
      }
    default: return nil
    }
  }

  /// The name in Python.
  var name: String {
    switch self {
    case .orderedDictionary: "collections.OrderedDict"
    case .size: "torch.Size"
    case .rebuildTensor(let version): "torch._utils._rebuild_tensor" + (version == 1 ? "" : "_v\(version)")
    case .rebuildParameter: "torch._utils._rebuild_parameter"
    case .storage(let type): "a storage class" + (type.map { " of \($0.rawValue)" } ?? "")
    case .type(let type): "the type \(type.rawValue)"
    }
  }

  private static let types: [(ElementType, storage: String, type: String)] = [
    (.float32, "FloatStorage", "float32"), (.float64, "DoubleStorage", "float64"),
    (.float16, "HalfStorage", "float16"), (.bfloat16, "BFloat16Storage", "bfloat16"),
    (.int64, "LongStorage", "int64"), (.int32, "IntStorage", "int32"), (.int16, "ShortStorage", "int16"),
    (.int8, "CharStorage", "int8"), (.uint8, "ByteStorage", "uint8"), (.bool, "BoolStorage", "bool"),
    (.complex64, "ComplexFloatStorage", "complex64"), (.uint16, "UInt16Storage", "uint16"),
    (.uint32, "UInt32Storage", "uint32"), (.uint64, "UInt64Storage", "uint64"),
    (.float8E4M3, "Float8_e4m3fnStorage", "float8_e4m3fn"), (.float8E5M2, "Float8_e5m2Storage", "float8_e5m2"),
    (.float8E8M0, "Float8_e8m0fnuStorage", "float8_e8m0fnu"),
  ]
}

/// A storage that a pickle names.
struct PickledStorage: Equatable {
  let key: String
  /// nil for bytes without a type.
  let type: ElementType?
  /// How many numbers; bytes where there is no type.
  let count: Int

  var byteWidth: Int { type?.byteWidth ?? 1 }
}

/// A tensor as a pickle describes it.
package struct PickledTensor: Equatable {
  /// The number of its storage.
  let storage: Int
  let type: ElementType
  let view: StridedView
}
