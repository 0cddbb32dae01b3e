import ArgumentParser
import Evaluation
import Files
import Foundation
import Reporting
import Stitching
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
      fitted to the states at each cut, from one hidden state of the pretrained model or from several (--levels, or \
      affine:all), and from the mean of its embeddings so far (affine:all/mean); their control mismatched, fitted with \
      texts that do not match; auto, at each cut the map, and of the cuts the one, with which the classifier answers most \
      like the fine-tuned model itself. Any map with +norm or +moments: the mapped state is given the norm, \
      or the mean and variance of each feature, that the fine-tuned model's own states have at that depth.

      EXAMPLES:
        graft stitch --pretrained imdb-bert-2 --finetuned imdb-bert-1-sentiment \\
          --transplant 2 --dataset evaluation/imdb/test.jsonl --limit 400 \\
          --max-length 256 -o run
        graft stitch --pretrained imdb-bert-2 --finetuned imdb-bert-1-sentiment \\
          --transplant 2 --maps auto,pinv,shuffled \\
          --unlabelled evaluation/imdb/train.jsonl \\
          --dataset evaluation/imdb/test.jsonl --max-length 256 -o best
        graft stitch --pretrained imdb-gpt2-wide --transplant 2 \\
          --finetuned imdb-gpt2-narrow-sentiment --maps auto \\
          --unlabelled generated --dataset evaluation/imdb/test.jsonl -o own
        graft stitch --pretrained imdb-gpt2-wide --keep 4 --transplant 2 \\
          --finetuned imdb-gpt2-narrow-sentiment --maps pinv --save stitched
        graft classify stitched --text 'a waste of two hours'
      """)

  @OptionGroup var pair: StitchPairOptions
  @OptionGroup var data: DatasetOptions
  @OptionGroup var unlabelled: UnlabelledOptions
  @OptionGroup var classification: ClassificationOptions
  @OptionGroup var recording: RunOptions
  @OptionGroup var precision: PrecisionOptions
  @OptionGroup var threads: ThreadOptions
  @OptionGroup var picture: FigureOptions
  @OptionGroup var tables: TableOptions
  @OptionGroup var output: OutputOptions

  @Option(
    help: .folder("Write a stitched model into this folder: a MODEL for every command whose help does not exclude it."))
  var save: FolderOutput?

  func validate() throws {
    if save == nil, data.dataset == nil { throw ValidationError("Give --dataset to score, --save to keep, or both.") }
    if data.dataset == nil, let texts = unlabelled.unlabelled, try UnlabelledSource.count(texts) != nil {
      for (option, value) in [
        ("--text-column", data.columns.textColumn), ("--label-column", data.columns.labelColumn),
      ] where value != nil {
        throw ValidationError("\(option) does nothing with --unlabelled \(texts): it names a column of a dataset.")
      }
    }
    if data.dataset != nil, recording.output == nil {
      throw ValidationError("--dataset needs the folder of the run: give -o.")
    }
  }

  func run() throws { try StitchingAdvice.naming(.options) { try stitch() } }

  private func stitch() throws {
    let models = try [pair.pretrained, pair.finetuned].map { try TokenizedModel(CheckpointArgument.open($0)) }
    let (a, b) = (models[0], models[1])
    if data.dataset != nil || unlabelled.unlabelled != nil {
      for model in models { model.tokenizer.warnings.forEach(Console.noteOnce) }
    }
    let stitched = try StitchPair(
      a, b, allowsPartialVocabulary: pair.allowPartialVocabulary, cleaning: classification.cleaning(for: b.model),
      maxLength: classification.maxLength ?? models.compactMap(\.tokenizer.options.maxLength).min())
    let texts = try unlabelled.read(data.columns)
    if texts != nil, pair.options.addsPositions { throw StitchingError.notWithPositions(map: nil) }
    let run = try StitchRun(
      pair.grid(a.model, b.model), pairs: [stitched], unlabelled: texts, seed: data.seed,
      workspace: threads.workspace(precision.precision), progress: .command, reader: EncodedReviews.note)
    let mapping = Progress(.init("maps"))
    let maps = try run.maps(of: run.jobs[0])
    if let save { try keep(stitched, maps, in: save.path) }
    guard data.dataset != nil else { return }
    let facts = try run.facts()
    mapping.clear()
    try score(stitched, run, facts)
  }

  private func keep(_ stitched: StitchPair, _ maps: [StitchCut: [StitchingMap]], in directory: String) throws {
    let chosen = StitchCut.automatic(
      maps.compactMap { cut, all in all.count == 1 ? all[0].divergence.map { (cut, $0) } : nil })
    let oneTransplant = Set(maps.keys.map(\.transplanted)).count == 1
    let cuts = oneTransplant && chosen != nil ? maps.filter { $0.key == chosen } : maps
    guard let (cut, all) = cuts.first, let map = all.first, cuts.count == 1, all.count == 1 else {
      throw ValidationError(
        "--save keeps one model: give one --keep, one --transplant and one of --maps; or auto alone, which chooses a cut."
      )
    }
    func part(_ name: String, _ model: Model) throws -> StitchedModelFile.Part {
      // A name is known everywhere, a path only with all its folders.
      let isPath = FileManager.default.fileExists(atPath: name)
      let path = URL(fileURLWithPath: model.checkpoint.directory).standardizedFileURL.path
      let spelling = isPath ? path : model.revision.map { "\(model.name)@\($0)" } ?? name
      return .init(model: spelling, sha256: try model.weightsDigest())
    }
    try StitchedModelFile(
      pretrained: part(pair.pretrained, stitched.a.model), kept: cut.kept, map: map.chosen ?? map.recipe,
      draw: map.draw, seed: data.seed, finetuned: part(pair.finetuned, stitched.b.model),
      transplanted: cut.transplanted, options: pair.options, allowsPartialVocabulary: pair.allowPartialVocabulary
    ).write(to: directory, fitted: map)
    guard data.dataset == nil else { return }
    let written = try JSON.read(directory + "/" + StitchedModelFile.name)
    try output.print(written) { style in
      style.painted("written: ", .faint)
        + "\(directory)/\(StitchedModelFile.name); \(directory) is a model for every command whose help does not exclude stitched models\n"
    }
  }

  private func score(
    _ stitched: StitchPair, _ run: StitchRun, _ facts: [StitchPoint: MapFacts]
  ) throws {
    let (a, b, shape) = (stitched.a.model, stitched.b.model, run.grid.pairs[0])
    let digests = (BackgroundDigest(of: a), BackgroundDigest(of: b))
    let dataset = try data.read(beside: unlabelled.unlabelled)
    try run.read(dataset)
    let (units, seam, labelOrder) = (run.units, run.grid.seams[0], run.reviews[0].labelOrder)
    let options =
      try data.members + classification.members(stitched.cleaning) + pair.members(shape) + precision.member
      + threads.member
      + UnlabelledOptions.members(run)
    func object(_ results: JSONMembers) throws -> JSON {
      let (digestA, digestB) = (try digests.0.wait(), try digests.1.wait())
      let both = Digest()
      both.update("\(digestA)\n\(digestB)\n")
      let own: JSONMembers = [
        "dataset": dataset.name, "dataset_sha256": try dataset.sha256(), "finetuned": b.name,
        "finetuned_sha256": digestB, "finetuned_revision": Absent(wrappedValue: b.revision),
        "pretrained_revision": Absent(wrappedValue: a.revision), "label_order": labelOrder.rawValue,
        "model_sha256": try both.finish(),
        "options": options, "pretrained": a.name, "pretrained_sha256": digestA, "seed": Int(clamping: data.seed),
      ]
      return try JSON(encoding: JSONMembers.header("stitch") + own + results)
    }
    func report(_ records: [StitchRecord]) throws -> (StitchReport, JSON) {
      let results = StitchResults(records, grid: run.grid)
      let json = try object(results.membersInPair(facts: facts))
      return (StitchReport(results, facts: facts, names: (a.name, b.name), dataset: dataset.name), json)
    }

    let records = try RecordedRun(recording, stamp: object([:]), batchCount: units.count).records(label: "stitch") {
      try run.records(of: units[$0])
    } encode: {
      try JSON(encoding: $0.inPair)
    } decode: {
      try StitchRecord($0, seam: seam)
    } write: { directory, records in
      let sorted = StitchRecord.sorted(records, seams: run.grid.seams)
      try writeJSONLines(sorted.lazy.map(\.inPair), to: directory + "/predictions.jsonl")
      let (report, json) = try report(records)
      let command = pair.commandLine(shape, data, unlabelled, classification, threads)
      try OutputFile.write(report.page(stamp: json, command: command), to: directory + "/report.html")
      try OutputFile.write(json.serialized(.pretty) + "\n", to: directory + "/results.json")
      for texts in try run.generatedTexts() { try texts.write(to: directory + "/unlabelled.jsonl") }
    }
    guard let directory = recording.output?.path else { return }
    let (shown, json) = try report(records ?? StitchRecord.read(run: directory, seam: seam))
    try picture.write(shown.figure)
    try tables.write(shown.tables)
    try output.print(json, beside: picture.figure, tables.table) { style in
      shown.text(style) + "\n" + labelOrder.line(style) + StitchWords.written(in: directory, style)
    }
  }
}
