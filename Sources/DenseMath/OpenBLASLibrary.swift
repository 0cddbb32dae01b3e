import COpenBLAS

/// The OpenBLAS in use, for bug reports.
package enum OpenBLASLibrary {
  /// Version and build options, such as "OpenBLAS 0.3.29 DYNAMIC_ARCH NO_AFFINITY Haswell MAX_THREADS=64".
  package static var configuration: String { text(openblas_get_config()) }

  /// "OpenBLAS 0.3.29".
  package static var version: String { configuration.split(separator: " ").prefix(2).joined(separator: " ") }

  /// The processor whose kernels were chosen when the library was loaded, such as "SkylakeX". The environment variable
  /// `OPENBLAS_CORETYPE` overrides the choice.
  package static var core: String { text(openblas_get_corename()) }

  private static func text(_ pointer: UnsafePointer<CChar>?) -> String {
    guard let text = pointer.map({ String(cString: $0) }) else { return "unknown" }
    return String(text[...(text.lastIndex { $0 != " " } ?? text.startIndex)].drop { $0 == " " })
  }
}
