import DenseMath
import Evaluation
import Files
import Tokenization
import Transformer

/// One case, by the name the driver and the peers use: prepared and warmed up, ready for timed runs.
struct BenchCase {
  /// Said once, before the first time.
  var note: JSON?
  /// One run; returns what `result` prints.
  let run: () throws -> JSON

  /// The sequences and tokens of a forward pass: those of "bert-8x128", or "gpt2-1x1024", or one of 8 tokens.
  private static func shape(_ name: String) -> (sequences: Int, length: Int)? {
    if name == "first-answer" { return (1, 8) }
    guard let match = name.wholeMatch(of: /(?:bert|gpt2)-([0-9]+)x([0-9]+)/), let sequences = Int(match.1),
      let length = Int(match.2), sequences > 0, length > 0
    else { return nil }
    return (sequences, length)
  }

  static func prepare(_ arguments: BenchArguments) throws -> BenchCase {
    switch arguments.name {
    case "sgemm": return sgemm(arguments.threads)
    case "stitch-sweep": return try stitchSweep(arguments)
    case "stitch-blocks": return try stitchBlocks(arguments)
    case "map": return try stitchingMap(arguments.threads)
    case "map-products": return stitchingMapProducts(arguments.threads)
    case "align": return try align(arguments)
    case "align-products": return try alignProducts(arguments)
    case "imdb": return try imdb(arguments)
    case "generate": return try generate(arguments)
    case "lens": return try lens(arguments)
    case "lens-products": return try lensProducts(arguments)
    case "pairs-gaussian": return try pairs(arguments, exponent: 0)
    case "pairs-decaying": return try pairs(arguments, exponent: 0.5)
    case "pairs-products": return pairsProducts(arguments.threads)
    case "pairs-model-gaussian": return try pairsOfModel(arguments, exponent: 0)
    case "pairs-model-decaying": return try pairsOfModel(arguments, exponent: 0.5)
    case "tokenize-wordpiece", "tokenize-bpe": return try tokenize(arguments)
    case "patch-sweep": return try patchSweep(arguments)
    case "patch-loop": return try patchLoop(arguments)
    case "train-step": return try trainStep(arguments)
    case "attribution": return try attribution(arguments)
    default:
      guard shape(arguments.name) != nil else { throw BenchError.unknownCase(arguments.name) }
      let run = try forward(arguments)
      // Until the weights are packed, as peers have them when a model is loaded.
      for _ in 0..<4 { _ = try run() }
      return BenchCase(run: run)
    }
  }

  /// Opens the model and answers its first text, in one process that does nothing else.
  static func firstAnswer(_ arguments: BenchArguments) throws -> JSON { try forward(arguments)() }

  /// The last hidden states of a batch of equal lengths; id i of the batch is (7919 i + 104729) mod V.
  private static func forward(_ arguments: BenchArguments) throws -> () throws -> JSON {
    guard let (sequences, length) = shape(arguments.name) else { throw BenchError.unknownCase(arguments.name) }
    let model = try Model(directory: arguments.required("model"))
    let workspace = Workspace(threads: arguments.threads, precision: arguments.precision)
    let batch = try PackedBatch(
      (0..<sequences).map { row in
        (0..<length).map { Int32((7919 * (row * length + $0) + 104729) % model.dimensions.vocabulary) }
      })
    return {
      var h = try model.forward(batch, workspace: workspace)
      // The peers' GPT-2 hands out its last state after ln_f.
      h = model.finalNormApplied(to: h, workspace: workspace)
      let last = h.pointer + (h.tokens - 1) * h.width
      return ["last_token": .array((0..<4).map { .number(Double(last[$0])) })]
    }
  }

  /// 64 greedy tokens of GPT-2 after a prompt of 8, each a product of one row with every weight.
  private static func generate(_ arguments: BenchArguments) throws -> BenchCase {
    let model = try Model(directory: arguments.required("model"))
    let workspace = Workspace(threads: arguments.threads, precision: arguments.precision)
    let prompt = (0..<8).map { Int32((7919 * $0 + 104729) % model.dimensions.vocabulary) }
    let run: () throws -> JSON = {
      let ids = try model.generate(after: prompt, count: 64, workspace: workspace).ids
      return ["ids": .array(ids.map { .integer(Int($0)) })]
    }
    _ = try run()
    return BenchCase(run: run)
  }

  /// Text to accuracy: the head of every review up to 512 ids.
  private static func imdb(_ arguments: BenchArguments) throws -> BenchCase {
    let model = try Model(directory: arguments.required("model"))
    let tokenizer = try Tokenizer.load(directory: model.tokenizerDirectory, modelType: model.modelType)
    let dataset = try Dataset.read(arguments.required("dataset"))
    let workspace = Workspace(threads: arguments.threads, precision: arguments.precision)
    func run(_ dataset: Dataset) throws -> JSON {
      let encoded = try EncodedReviews(
        dataset, tokenizer: tokenizer, cleaning: .none, maxLength: 512, threads: arguments.threads)
      let metrics = try ClassificationMetrics(
        encoded.batches.indices.flatMap { try encoded.predictions(of: model, batch: $0, workspace: workspace) })
      return [
        "reviews": .integer(metrics.n), "accuracy": .number(metrics.accuracy), "loss": .number(metrics.loss),
        "truncated": .integer(metrics.truncated),
      ]
    }
    _ = try run(dataset.subset(limit: 32, seed: 42))
    return BenchCase { try run(dataset) }
  }

  /// Texts to ids, tokens and offsets on one thread.
  private static func tokenize(_ arguments: BenchArguments) throws -> BenchCase {
    let tokenizer = try Tokenizer.load(directory: arguments.required("model"), modelType: nil)
    let texts = try Dataset.read(arguments.required("dataset")).reviews.map(\.text)
    let run: () throws -> JSON = {
      var (ids, sum) = (0, 0)
      for text in texts {
        let encoding = try tokenizer.encode(text)
        ids += encoding.ids.count
        sum += encoding.ids.reduce(0) { $0 + Int($1) }
      }
      return [
        "texts": .integer(texts.count), "bytes": .integer(texts.reduce(0) { $0 + $1.utf8.count }), "ids": .integer(ids),
        "sum": .integer(sum),
      ]
    }
    _ = try run()
    return BenchCase(run: run)
  }

  /// The plain product rate to compare with: 1,024 x 768 by 768 x 3,072, ten times.
  private static func sgemm(_ threads: Threads) -> BenchCase {
    let (m, n, k, repeats) = (1024, 3072, 768, 10)
    let (a, b, c) = (FloatBuffer(count: m * k), FloatBuffer(count: k * n), FloatBuffer(count: m * n))
    var generator = SplitMix64(seed: 42)
    for index in 0..<a.count { a.pointer[index] = Float(generator.normal()) }
    for index in 0..<b.count { b.pointer[index] = Float(generator.normal()) }
    let run: () -> JSON = {
      for _ in 0..<repeats {
        Product.multiplyWithOpenBLAS(
          MatrixView(a.pointer, rows: m, columns: k), MatrixView(b.pointer, rows: k, columns: n),
          into: MutableMatrixView(c, rows: m, columns: n), threads: threads)
      }
      return .null
    }
    _ = run()
    return BenchCase(note: ["flops": .integer(2 * m * n * k * repeats)], run: run)
  }
}
