import ArgumentParser
import DenseMath
import Evaluation
import Files
import Reporting
import Stitching
import Tokenization
import Transformer

struct Stitch: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Stitch a fine-tuned model's last blocks to another model's first ones and score the result.",
    discussion: """
      The pretrained model's first blocks (--keep, every number by default) compute a hidden state; a map computed from the two \
      token embeddings alone carries it over; the fine-tuned model's last blocks (--transplant) and classifier finish. \
      Nothing is trained. Each curve stands beside its controls: random and shuffled maps, drawn 5 times, and the \
      fine-tuned model fed its own states ("self").

      MAPS from the two embeddings: pinv, the paper's right inverse; transpose; ridge:λ and truncated:r, pinv with the weak \
      directions of B's embedding damped or cut; regression, A's inverse in place of B's; procrustes and \
      procrustes-scaled, a rotation; centred, about the mean embeddings. Controls: random, numbers of the same norm; \
      shuffled, pinv with the tokens permuted; identity, where the hidden sizes agree. \
      From unlabelled texts (--unlabelled): weighted, pinv with tokens as frequent as there; least-squares and affine, \
      fitted to the states at each cut, as upper bounds; auto, at each cut the map whose states share most top tokens with \
      the fine-tuned model's own. Any map with +norm or +moments: the mapped state is given the norm, \
      or the mean and variance of each feature, that the fine-tuned model's own states have at that depth.

      EXAMPLES:
        graft stitch --pretrained imdb-bert-2 --finetuned imdb-bert-1-sentiment \\
          --transplant 2 --dataset evaluation/imdb/test.jsonl --limit 400 \\
          --max-length 256 -o run
        graft stitch --pretrained imdb-bert-2 --finetuned imdb-bert-1-sentiment \\
          --transplant 2 --maps auto,pinv,shuffled \\
          --unlabelled evaluation/imdb/train.jsonl \\
          --dataset evaluation/imdb/test.jsonl --max-length 256 -o best
        graft stitch --pretrained imdb-gpt2-wide --keep 4 --transplant 2 \\
          --finetuned imdb-gpt2-narrow-sentiment --maps pinv --save stitched
        graft classify stitched --text 'a waste of two hours'
      """)

  @OptionGroup var pair: StitchPairOptions
  @OptionGroup var data: DatasetOptions
  @OptionGroup var unlabelled: UnlabelledOptions
  @OptionGroup var classification: ClassificationOptions
  @OptionGroup var recording: RunOptions
  @OptionGroup var threads: ThreadOptions
  @OptionGroup var output: OutputOptions

  @Option(
    help: .folder("Write a stitched model into this folder: a MODEL for every command whose help does not exclude it."))
  var save: FolderOutput?

  func validate() throws {
    if save == nil, data.dataset == nil { throw ValidationError("Give --dataset to score, --save to keep, or both.") }
    if data.dataset != nil, recording.output == nil {
      throw ValidationError("--dataset needs the folder of the run: give -o.")
    }
  }

  func run() throws {
    let models = try StitchPair(pair)
    let maps = try StitchingMaps(
      models.pretrained, models.finetuned, allowsPartialVocabulary: pair.allowPartialVocabulary, seed: data.seed,
      threads: threads.count)
    let texts = try unlabelled.read(models, pair, data.columns, classification, threads)
    var fixed: [MapRecipe: [StitchingMap]] = [:]
    let mapping = Progress(ProgressLine(label: "maps"))
    let sweep = try StitchSweep(
      pretrained: models.pretrained, finetuned: models.finetuned, kept: pair.kept(models),
      transplanted: pair.transplanted(models), options: pair.options
    ) { cut in
      try pair.maps(models).flatMap { recipe in
        if let made = fixed[recipe] { return made }
        let made = try (0..<(recipe.isDrawn ? pair.draws : 1)).map {
          try maps.map(recipe, draw: $0, texts: texts?.fitting, measuredOn: texts?.measuring, cut: cut)
        }
        if !recipe.dependsOnCut { fixed[recipe] = made }
        return made
      }
    }
    if let save { try keep(models, sweep, in: save.path) }
    if data.dataset != nil {
      let facts = try MapFacts.all(of: sweep, maps, measuredOn: texts?.measuring, threads.count)
      mapping.clear()
      try score(models, sweep, texts, facts)
    }
  }

  private func keep(_ models: StitchPair, _ sweep: StitchSweep, in directory: String) throws {
    let maps = sweep.maps.values.flatMap { $0 }
    guard let map = maps.first, let kept = sweep.kept.first, let transplanted = sweep.transplanted.first,
      maps.count == 1, sweep.kept.count == 1, sweep.transplanted.count == 1
    else { throw ValidationError("--save keeps one model: give one --keep, one --transplant and one of --maps.") }
    try StitchedModelFile(
      pretrained: .init(model: models.pretrainedName, sha256: models.pretrained.weightsDigest()), kept: kept,
      map: map.chosen ?? map.recipe, draw: map.draw, seed: data.seed,
      finetuned: .init(model: models.finetunedName, sha256: models.finetuned.weightsDigest()),
      transplanted: transplanted, options: pair.options, allowsPartialVocabulary: pair.allowPartialVocabulary
    ).write(to: directory, fitted: map)
    guard data.dataset == nil else { return }
    let written = try JSON.read(directory + "/" + StitchedModelFile.name)
    try output.print(written) { style in
      style.painted("written: ", .faint)
        + "\(directory)/\(StitchedModelFile.name); \(directory) is a model for every command whose help does not exclude stitched models\n"
    }
  }

  private func score(_ models: StitchPair, _ sweep: StitchSweep, _ texts: UnlabelledTexts?, _ facts: [MapFacts]) throws
  {
    let digests = (BackgroundDigest(of: models.pretrained), BackgroundDigest(of: models.finetuned))
    let dataset = try data.read(beside: unlabelled.unlabelled).labelled(for: models.finetuned)
    let cleaning = try classification.cleaning(for: models.finetuned)
    let readByA = try encode(dataset, for: models.pretrained, models, cleaning)
    let readByB = try encode(dataset, for: models.finetuned, models, cleaning)
    let options = try JSON(
      encoding: data.members + classification.members(cleaning) + JSON.object(pair.members(sweep, models))
        + threads.member + UnlabelledOptions.members(texts))
    let described = [JSON.Member("maps", .array(facts.map(\.json)))]
    func object(_ members: [JSON.Member]) throws -> JSON {
      let (a, b) = (try digests.0.wait(), try digests.1.wait())
      let both = Digest()
      both.update("\(a)\n\(b)\n")
      return .object(
        JSON.header("stitch") + [
          JSON.Member("dataset", .string(dataset.name)), JSON.Member("dataset_sha256", .string(try dataset.sha256())),
          JSON.Member("finetuned", .string(models.finetuned.name)), JSON.Member("finetuned_sha256", .string(b)),
          JSON.Member("label_order", .string((dataset.labelOrder ?? .names).rawValue)),
          JSON.Member("model_sha256", .string(try both.finish())), JSON.Member("options", options),
          JSON.Member("pretrained", .string(models.pretrained.name)), JSON.Member("pretrained_sha256", .string(a)),
          JSON.Member("seed", .integer(Int(clamping: data.seed))),
        ] + members)
    }

    func report(_ results: StitchResults) -> StitchReport {
      StitchReport(results, models: models, dataset: dataset, recipes: pair.maps(models), facts: facts)
    }

    let workspace = threads.workspace()
    let run = try RecordedRun(recording, stamp: object([]), batchCount: readByA.batches.count)
    let records = try run.records(label: "stitch") { batch in
      let range = readByA.batches[batch]
      return try sweep.predictions(
        readByA: Array(readByA.reviews[range]), readByB: Array(readByB.reviews[range]), workspace: workspace
      ).map { StitchRecord(cell: $0.cell, prediction: $0.prediction) }
    } encode: {
      $0.json
    } decode: {
      try StitchRecord($0)
    } write: { directory, records in
      try writeJSONLines(
        records.sorted(by: StitchRecord.precedes).lazy.map(\.json), to: directory + "/predictions.jsonl")
      let results = try StitchResults(records)
      let json = try object(results.members + described)
      let command = pair.commandLine(sweep, models, data, unlabelled, classification, threads)
      try OutputFile.write(
        report(results).page(stamp: json, command: command),
        to: directory + "/report.html")
      try OutputFile.write(json.serialized(.pretty) + "\n", to: directory + "/results.json")
    }
    guard let directory = recording.output?.path else { return }
    let results = try StitchResults(records ?? StitchRecord.read(run: directory))
    try output.print(object(results.members + described)) { style in
      report(results).text(style) + "\n" + (dataset.labelOrder?.line(style) ?? "")
        + style.painted("written: ", .faint) + "\(directory)/report.html, results.json, predictions.jsonl\n"
    }
  }

  private func encode(
    _ dataset: Dataset, for model: Model, _ models: StitchPair, _ cleaning: TextCleaning
  ) throws -> EncodedReviews {
    try EncodedReviews.noting(
      dataset, for: model, tokenizer: model.notedTokenizer(),
      cleaning: cleaning, maxLength: classification.length(for: [models.pretrained, models.finetuned]),
      threads: threads.count)
  }
}
