import Files
import Foundation
import TestSupport
import Testing

/// Every command takes a stitched model, or its help says that it does not and it refuses one by name.
@Suite struct StitchedModelCommandTests {
  private static let sentence = "Does not take a stitched model."
  private static let refusal =
    "expected a checkpoint, found a stitched model; give one of the two models that it is made of"

  /// MODEL stands for a stitched model, OUT for a folder to write to. One line per command that takes one.
  private static let taken = [
    "inspect MODEL", "tokenize MODEL --text good", "forward MODEL --text good -o OUT/states.safetensors",
    "predict MODEL --text good", "lens MODEL --text good",
    "lens-classifier MODEL --text good", "identify MODEL --text good", "classify MODEL --text good",
    "evaluate MODEL --dataset REVIEWS --limit 4 --max-length 16",
    "verify MODEL --expected OUT/states.safetensors",
  ]
  /// One line per argument or option whose help has the sentence.
  private static let refused = [
    ("lens", "--unembedding", "lens imdb-gpt2-narrow --text good --unembedding MODEL"),
    ("lens", "--attribute", "lens MODEL --text good --attribute"),
    ("lens", "--tuned", "lens MODEL --text good --tuned OUT/tuned"),
    ("lens", "--patch-sweep", "lens MODEL --text good --from bad --target bad --versus good --patch-sweep heads"),
    ("lens", "--ablate-sweep", "lens MODEL --text good --target bad --versus good --ablate-sweep heads"),
    ("lens-fit", nil, "lens-fit MODEL --dataset REVIEWS -o OUT/tuned"),
    ("lens-fit", "--unembedding", "lens-fit imdb-gpt2-narrow --dataset REVIEWS -o OUT/tuned --unembedding MODEL"),
    ("attribute", nil, "attribute MODEL --text good"),
    ("project", nil, "project MODEL --ff-key L0:0"),
    ("project", "--against", "project imdb-gpt2-narrow --ff-key L0:0 --against MODEL"),
    ("atlas build", nil, "atlas build MODEL -o OUT/atlas"),
    ("align", nil, "align imdb-gpt2-narrow MODEL"),
    ("stitch", "--pretrained", "stitch --pretrained MODEL --finetuned imdb-gpt2-narrow-sentiment --save OUT/x"),
    ("stitch", "--finetuned", "stitch --pretrained imdb-gpt2-wide --finetuned MODEL --save OUT/x"),
    ("finetune", nil, "finetune MODEL --dataset REVIEWS -o OUT/tuned"),
    ("convert", nil, "convert MODEL -o OUT/copy"),
    ("experiment keep-k", nil, "experiment keep-k MODEL --dataset REVIEWS"),
    ("experiment recall", nil, "experiment recall MODEL --dataset REVIEWS"),
    ("experiment related-pairs", nil, "experiment related-pairs MODEL"),
    ("experiment key-value-overlap", nil, "experiment key-value-overlap MODEL"),
    ("experiment stitch", nil, "experiment stitch OUT/grid.json -o OUT/grid"),
  ]

  private let folder: TemporaryFolder
  private let stitched: String

  init() throws {
    folder = try TemporaryFolder()
    stitched = folder.path("stitched")
    let made = try GraftProcess.run(
      "stitch", "--pretrained", "imdb-gpt2-wide", "--finetuned", "imdb-gpt2-narrow-sentiment", "--keep", "4",
      "--transplant", "2",
      "--maps", "pinv", "--save", stitched)
    try #require(made.status == 0, "\(made.error)")
  }

  private func run(_ line: String, _ model: String) throws -> GraftRun {
    try GraftProcess.run(
      line.replacing("MODEL", with: model).replacing("OUT", with: folder.path)
        .replacing("REVIEWS", with: ShortRun.reviews).split(separator: " ").map(String.init))
  }

  @Test func everyCommandIsOnOneOfTheLists() throws {
    var (found, takes): (Set<String>, Set<String>) = ([], [])
    for command in try CommandLeaf.all() {
      for argument in command.arguments {
        if argument.help.contains(Self.sentence) {
          found.insert("\(command.name) \(argument.option ?? "")")
        } else if ["model", "models"].contains(argument.valueName) {
          #expect(argument.option == nil, "\(command.name) \(argument.option ?? ""): no word on stitched models")
          #expect(argument.help.contains("stitched model"), "\(command.name)")
          takes.insert(command.name)
        }
      }
    }
    #expect(found == Set(Self.refused.map { "\($0.0) \($0.1 ?? "")" }))
    // `explore` runs until it is ended: `ExploreTests.takesAStitchedModel`.
    #expect(takes == Set(Self.taken.map { String($0.prefix { $0 != " " }) } + ["explore"]))
  }

  @Test func commandsThatTakeOneRunIt() throws {
    for line in Self.taken {
      let result = try run(line, stitched)
      #expect(result.status == 0 && !result.output.isEmpty, "\(line): \(result.error)")
    }
  }

  @Test func theOthersRefuseItWithOneError() throws {
    let definition: JSON = [
      "schema": 1, "dataset": .string(ShortRun.reviews),
      "models": [["pretrained": [.string(stitched)], "finetuned": ["imdb-gpt2-narrow-sentiment"]]],
    ]
    try folder.write(definition.serialized(.pretty), to: "grid.json")
    for (command, option, line) in Self.refused {
      let result = try run(line, stitched)
      #expect(result.status == 1, "\(command) \(option ?? ""): \(result.error)")
      #expect(
        result.error.contains("\(Self.refusal), imdb-gpt2-wide or imdb-gpt2-narrow-sentiment"),
        "\(command) \(option ?? ""): \(result.error)")
    }
    #expect(try folder.names() == ["grid.json", "stitched"], "nothing was written")
  }
}
