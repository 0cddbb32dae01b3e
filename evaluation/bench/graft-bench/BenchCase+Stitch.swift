import DenseMath
import Evaluation
import Files
import Stitching
import Tokenization
import Transformer

extension BenchCase {
  /// What a sweep and its plain block passes have in common: --model A --other B --dataset FILE, 64 reviews of up to 256
  /// tokens, every cut, B's last one and two blocks, four maps.
  private struct Sweep {
    let sweep: StitchSweep
    let reviews: EncodedReviews
    let workspace: Workspace

    init(_ arguments: BenchArguments) throws {
      let (a, b) = (
        try Model(directory: arguments.required("model")), try Model(directory: arguments.required("other"))
      )
      let maps = try StitchingMaps(a, b, allowsPartialVocabulary: false, seed: 42, threads: arguments.threads)
      sweep = try StitchSweep(
        pretrained: a, finetuned: b, kept: Array(0...a.dimensions.layers), transplanted: [1, 2],
        maps: [maps.map(.pinv), maps.map(.transpose), maps.map(.random), maps.map(.shuffled)], options: .plain)
      reviews = try EncodedReviews(
        Dataset.read(arguments.required("dataset")).subset(limit: 64, seed: 42),
        tokenizer: Tokenizer.load(directory: a.tokenizerDirectory, modelType: a.modelType), cleaning: .none,
        maxLength: 256, threads: arguments.threads)
      workspace = Workspace(threads: arguments.threads)
    }
  }

  /// Every cell of a sweep.
  static func stitchSweep(_ arguments: BenchArguments) throws -> BenchCase {
    let own = try Sweep(arguments)
    return BenchCase {
      var correct = 0
      for range in own.reviews.batches {
        let reviews = Array(own.reviews.reviews[range])
        correct += try own.sweep.records(readByA: reviews, readByB: reviews, workspace: own.workspace)
          .count { $0.prediction.isCorrect }
      }
      return ["cells": .integer(own.sweep.points.count), "correct": .integer(correct)]
    }
  }

  /// The blocks a sweep needs and nothing else: A and B once, and B's last blocks once a cell.
  static func stitchBlocks(_ arguments: BenchArguments) throws -> BenchCase {
    let own = try Sweep(arguments)
    let (a, b) = (own.sweep.pretrained, own.sweep.finetuned)
    return BenchCase {
      var blocks = 0
      for range in own.reviews.batches {
        let batch = try PackedBatch(own.reviews.reviews[range].map(\.ids))
        _ = try a.forward(batch, workspace: own.workspace)
        let state = try b.forward(batch, workspace: own.workspace)
        blocks += a.dimensions.layers + b.dimensions.layers
        for cut in own.sweep.points.map(\.cut) {
          var h = state
          let layers = b.dimensions.layers
          try b.advance(&h, through: layers - cut.transplanted..<layers, batch, workspace: own.workspace)
          blocks += cut.transplanted
        }
      }
      return ["blocks": .integer(blocks)]
    }
  }

  /// Tokens and width of the embeddings that `map` and its products are made of: GPT-2 medium's.
  private static let (vocabulary, width) = (50_257, 1_024)

  /// The stitching map S = E_A E_B⁺ of two random embeddings.
  static func stitchingMap(_ threads: Threads) throws -> BenchCase {
    var generator = SplitMix64(seed: 42)
    func embedding() -> Tensor {
      Tensor(shape: [vocabulary, width], (0..<vocabulary * width).map { _ in Float(generator.normal()) })
    }
    let (wEA, wEB) = (embedding(), embedding())
    let run: () throws -> JSON = {
      let maps = try StitchingMaps(
        wEA, wEB, shared: SharedVocabulary(count: vocabulary), seed: 42, threads: threads)
      return ["norm": .number(try maps.map(.pinv).matrix.frobeniusNorm)]
    }
    _ = try run()
    return BenchCase(run: run)
  }

  /// The two products that the map needs, wE_Bᵀ wE_B (half of it) and wE_Aᵀ wE_B, on Double matrices that are there, by OpenBLAS
  /// with its own threads.
  static func stitchingMapProducts(_ threads: Threads) -> BenchCase {
    var generator = SplitMix64(seed: 42)
    func embedding() -> [Double] { (0..<vocabulary * width).map { _ in generator.normal() } }
    let (a, b) = (embedding(), embedding())
    let flops = vocabulary * width * width * 3
    return BenchCase(note: ["flops": .integer(flops)]) {
      DoubleMatrix.gramAndCrossWithOpenBLASThreads(threads, a, b, rows: vocabulary, columns: width)
      return .null
    }
  }
}
