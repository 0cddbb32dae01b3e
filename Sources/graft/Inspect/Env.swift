import ArgumentParser
import DenseMath
import Files
import Foundation
import Hub
import Reporting

struct Env: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show what graft runs on: for bug reports, and to see why it is slow.",
    discussion: """
      EXAMPLES:
        graft env
        graft env --json
      """)

  @OptionGroup var output: OutputOptions

  func run() throws {
    let machine = Machine()
    try output.print(machine.members) { style in
      var sheet = FactSheet("graft \(Version.withCommit)")
      sheet.add("built with", "Swift \(Machine.compiler)")
      sheet.add("system", machine.system)
      sheet.add("processor", "\(machine.processor), \(machine.cores) cores")
      sheet.add(
        "instructions", "\(machine.instructions) (available: \(machine.availableInstructions.joined(separator: ", ")))")
      sheet.add("OpenBLAS", OpenBLASLibrary.configuration)
      sheet.add("OpenBLAS core", OpenBLASLibrary.core)
      sheet.add("models", machine.models.isEmpty ? "none found" : machine.models.joined(separator: ", "))
      for (name, value) in machine.variables { sheet.add(name, value) }
      let warnings = machine.warnings.map { style.painted("warning: ", .bad) + $0 + "\n" }
      return sheet.text(style) + warnings.joined()
    }
  }
}

/// The machine, the libraries and the settings that decide how fast graft is and in which last digit it rounds.
struct Machine {
  let environment = ProcessInfo.processInfo.environment
  let cores = ProcessInfo.processInfo.activeProcessorCount
  let instructions = InstructionSet.active.rawValue
  let availableInstructions = InstructionSet.allCases.filter(\.isAvailable).map(\.rawValue)
  let models = ModelFolders().names

  var system: String {
    var name = utsname()
    guard uname(&name) == 0 else { return ProcessInfo.processInfo.operatingSystemVersionString }
    func text<Tuple>(_ tuple: Tuple) -> String {
      withUnsafeBytes(of: tuple) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
    return "\(ProcessInfo.processInfo.operatingSystemVersionString), \(text(name.sysname)) \(text(name.release)) "
      + text(name.machine)
  }

  /// What the processor calls itself.
  var processor: String {
    #if canImport(Darwin)
      var size = 0
      guard sysctlbyname("machdep.cpu.brand_string", nil, &size, nil, 0) == 0 else { return "unknown" }
      var bytes = [UInt8](repeating: 0, count: size)
      guard sysctlbyname("machdep.cpu.brand_string", &bytes, &size, nil, 0) == 0 else { return "unknown" }
      return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    #else
      let lines = ((try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? "").split(separator: "\n")
      let name = lines.first { $0.hasPrefix("model name") }?.split(separator: ":", maxSplits: 1).last
      return name?.trimmingCharacters(in: .whitespaces) ?? "unknown"
    #endif
  }

  /// The variables graft or OpenBLAS listens to, where they are set, sorted by name.
  var variables: [(name: String, value: String)] {
    let known = ["NO_COLOR", "FORCE_COLOR", "OMP_NUM_THREADS"]
    return environment.filter { $0.key.hasPrefix("GRAFT_") || $0.key.hasPrefix("OPENBLAS_") || known.contains($0.key) }
      .sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) }
  }

  /// Settings that make graft slower than this machine allows.
  var warnings: [String] {
    var warnings: [String] = []
    if let best = availableInstructions.compactMap(InstructionSet.init).map(\.width).max(),
      Self.width(ofCore: OpenBLASLibrary.core) < best
    {
      let effect =
        "uses its \(OpenBLASLibrary.core) kernels, slower than this processor allows for eigenvalues, singular values "
        + "and inverses; products are not affected"
      if let forced = environment["OPENBLAS_CORETYPE"], !forced.isEmpty {
        warnings.append("OpenBLAS \(effect): OPENBLAS_CORETYPE=\(forced) says so; unset it if it is not needed")
      } else {
        warnings.append("OpenBLAS \(effect): this version does not know the processor; a newer one may")
      }
    }
    if let forced = environment["GRAFT_INSTRUCTIONS"], let best = availableInstructions.last, forced != best {
      warnings.append("GRAFT_INSTRUCTIONS=\(forced) is slower than \(best), which this processor has; unset it")
    }
    return warnings
  }

  /// Numbers an OpenBLAS kernel of that name handles at a time.
  private static func width(ofCore core: String) -> Int {
    switch core.lowercased() {
    case "skylakex", "cooperlake", "sapphirerapids": return InstructionSet.avx512.width
    case "haswell", "zen", "excavator", "steamroller", "piledriver", "bulldozer", "sandybridge":
      return InstructionSet.avx2.width
    default: return InstructionSet.portable.width
    }
  }

  /// The compiler's version as far as the language lets a program ask.
  static var compiler: String {
    #if compiler(>=6.4)
      "6.4 or later"
    #elseif compiler(>=6.3)
      "6.3"
    #elseif compiler(>=6.2)
      "6.2"
    #elseif compiler(>=6.1)
      "6.1"
    #else
      "6.0"
    #endif
  }

  var members: JSONMembers {
    JSONMembers.header("env") + [
      "commit": Version.commit, "swift": Self.compiler, "system": system, "processor": processor, "cores": cores,
      "instructions": ["active": instructions, "available": availableInstructions] as JSONMembers,
      "openblas": ["configuration": OpenBLASLibrary.configuration, "core": OpenBLASLibrary.core], "models": models,
      "environment": Dictionary(variables) { $1 }, "warnings": warnings,
    ]
  }
}

extension InstructionSet {
  /// Float32 numbers in a register.
  fileprivate var width: Int {
    switch self {
    case .portable, .neon: return 4
    case .avx2: return 8
    case .avx512: return 16
    }
  }
}
