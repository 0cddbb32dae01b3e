import Foundation
import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// Memory for copies of what is in a file as well.
package final class KeptMemory {
  package let buffer: FloatBuffer
  private let allowance: Allowance

  /// How much all such copies may take together: half of what there is, since the system cannot take them back as it can
  /// the pages of a mapped file.
  package final class Allowance: Sendable {
    private let most: Int
    private let taken = Mutex(0)

    /// - Parameter memory: in bytes.
    package init(halfOf memory: Int) { most = memory / 2 }

    /// Of this process.
    package static let process = Allowance(halfOf: MemoryLimit.ofProcess)

    package func take(_ bytes: Int) -> Bool {
      taken.withLock { taken in
        guard bytes <= most - taken else { return false }
        taken += bytes
        return true
      }
    }

    package func giveBack(_ bytes: Int) { taken.withLock { $0 -= bytes } }
  }

  /// nil where there is not that much left.
  /// - Parameter count: numbers of Float32.
  package init?(count: Int, of allowance: Allowance = .process) {
    guard allowance.take(count * MemoryLayout<Float>.stride) else { return nil }
    self.allowance = allowance
    buffer = FloatBuffer(uninitializedCount: count)
  }

  deinit { allowance.giveBack(buffer.count * MemoryLayout<Float>.stride) }
}

/// How many bytes of memory may be used.
package enum MemoryLimit {
  /// The machine's memory, or less where the process is limited.
  package static let ofProcess: Int = {
    var limits = [Int(clamping: ProcessInfo.processInfo.physicalMemory)]
    if let groups = read("/proc/self/cgroup"), let limit = controlGroup(groups, read: read) { limits.append(limit) }
    var addresses = rlimit()
    #if canImport(Glibc)
      let found = getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &addresses)
    #else
      let found = getrlimit(RLIMIT_AS, &addresses)
    #endif
    if found == 0 { limits.append(Int(clamping: addresses.rlim_cur)) }
    return limits.reduce(Int.max, min)
  }()

  /// The least limit of the groups a process is in, Linux's second or first kind; nil where there is none.
  /// - Parameters:
  ///   - groups: the content of /proc/self/cgroup.
  ///   - read: the content of a file; nil where there is none.
  package static func controlGroup(_ groups: String, read: (_ path: String) -> String?) -> Int? {
    var limits: [Int] = []
    for line in groups.split(separator: "\n") {
      // hierarchy:controllers:path
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { continue }
      let (folder, name): (String, String)
      if parts[0] == "0" {
        (folder, name) = ("/sys/fs/cgroup", "memory.max")
      } else if parts[1].split(separator: ",").contains("memory") {
        (folder, name) = ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
      } else {
        continue
      }
      let names = parts[2].split(separator: "/")
      for depth in 0...names.count {
        let path = ([folder] + names.prefix(depth).map(String.init) + [name]).joined(separator: "/")
        // "max" is no number.
        if let text = read(path), let bytes = Int(text.trimmingCharacters(in: .whitespacesAndNewlines)) {
          limits.append(bytes)
        }
      }
    }
    return limits.min()
  }

  /// Files of /proc say that they have no bytes, and are read nonetheless.
  private static func read(_ path: String) -> String? {
    guard let data = try? FileHandle(forReadingAtPath: path)?.readToEnd() else { return nil }
    return String(decoding: data, as: UTF8.self)
  }
}
