import DenseMath
import Foundation
import Transformer

/// The cases, by the names the driver and the peers use. Each returns a closure that does one run.
enum BenchCase {
  static func prepare(_ arguments: BenchArguments) throws -> () throws -> String? {
    switch arguments.name {
    case "sgemm": return sgemm(arguments.threads)
    case "bert-8x128": return try forward(arguments, sequences: 8, length: 128)
    case "bert-1x512": return try forward(arguments, sequences: 1, length: 512)
    case "gpt2-1x1024": return try forward(arguments, sequences: 1, length: 1024)
    default: throw BenchError.unknownCase(arguments.name)
    }
  }

  /// Hidden states of a batch of seeded random ids.
  private static func forward(
    _ arguments: BenchArguments, sequences: Int, length: Int
  ) throws -> () throws -> String? {
    let model = try Model(directory: arguments.required("model"))
    let workspace = Workspace(threads: arguments.threads)
    var generator = SplitMix64(seed: 42)
    let batch = try PackedBatch(
      (0..<sequences).map { _ in
        (0..<length).map { _ in Int32(generator.uniform(below: model.dimensions.vocabulary)) }
      })
    for _ in 0..<2 { _ = try model.forward(batch, workspace: workspace) }
    return {
      _ = try model.forward(batch, workspace: workspace)
      return nil
    }
  }

  /// The plain product rate to compare with: 1,024 x 768 by 768 x 3,072, ten times; prints the floating-point operations.
  private static func sgemm(_ threads: Threads) -> () throws -> String? {
    let (m, n, k, repeats) = (1024, 3072, 768, 10)
    let (a, b, c) = (FloatBuffer(count: m * k), FloatBuffer(count: k * n), FloatBuffer(count: m * n))
    var generator = SplitMix64(seed: 42)
    for index in 0..<a.count { a.pointer[index] = Float(generator.normal()) }
    for index in 0..<b.count { b.pointer[index] = Float(generator.normal()) }
    let run = {
      for _ in 0..<repeats {
        Product.multiplyWithOpenBLASThreads(threads, m: m, n: n, k: k, a: a.pointer, b: b.pointer, c: c.pointer)
      }
    }
    run()
    return {
      run()
      return "flops \(2 * m * n * k * repeats)"
    }
  }
}
