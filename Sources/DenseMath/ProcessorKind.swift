/// What decides how the last bits of a result are rounded, besides the number of threads.
package enum ProcessorKind {
  /// The instructions of the kernels, and OpenBLAS with the kernels that it chose: "avx2, OpenBLAS 0.3.21 Haswell". Two
  /// processors of one kind give the same bytes.
  package static var current: String {
    "\(InstructionSet.active.rawValue), \(OpenBLASLibrary.version) \(OpenBLASLibrary.core)"
  }
}
