import CVectorMath

/// The numbers that products of a forward pass read. Sums, and everything that is no product, are Float32 in any case.
public enum Precision: String, CaseIterable, Sendable {
  /// Float32 as stored.
  case float32 = "fp32"
  /// Both factors rounded to bfloat16, 8 significant bits: about twice as fast on processors that multiply them.
  case bfloat16 = "bf16"

  /// Whether this processor, with the instructions in use, has products of these numbers; without, they are computed
  /// with Float32 instructions, slower than Float32 itself.
  package var isNative: Bool { self == .float32 || cvm_has_bf16() == 1 }
}
