import Stitching
import TestSupport
import Testing

/// The levels of a map as text, and the states that they are at a cut.
@Suite struct MapLevelsTests {
  @Test(arguments: [
    ("last", [[0], [1], [4]]), ("all", [[0], [0, 1], [0, 1, 2, 3, 4]]), ("embed,last", [[0], [0, 1], [0, 4]]),
    ("embed/last:2", [[0], [0, 1], [0, 3, 4]]), ("L0", [[], [1], [1]]), ("last/L2/embed", [[0], [0, 1], [0, 3, 4]]),
    ("last:9", [[0], [0, 1], [0, 1, 2, 3, 4]]), ("L9223372036854775807/last", [[0], [1], [4]]),
  ]) func depthsAreAtOrBelowTheCut(_ text: String, _ expected: [[Int]]) throws {
    let levels = try MapLevels(text)
    #expect([0, 1, 4].map { levels.states(kept: $0) } == expected.map { $0.map { .hidden($0) } })
    #expect(levels.states(kept: -1) == [])
    #expect(try MapLevels(levels.name) == levels)
  }

  /// The mean is no hidden state and stands beside all of them too.
  @Test(arguments: [
    ("mean", [["mean"], ["mean"]]), ("mean/all", [["embed", "mean"], ["embed", "L0", "L1", "mean"]]),
    ("embed,last,mean", [["embed", "mean"], ["embed", "L1", "mean"]]), ("L1/mean", [["mean"], ["L1", "mean"]]),
  ]) func theMeanStandsBesideHiddenStates(_ text: String, _ expected: [[String]]) throws {
    let levels = try MapLevels(text)
    #expect([0, 2].map { levels.states(kept: $0).map(\.name) } == expected)
    #expect(try MapLevels(levels.name) == levels && MapRecipe("affine:" + text).levels == levels)
  }

  @Test(arguments: [
    "", "first", "mean,mean", "all,mean,last", "mean:2", "all,last", "embed,embed", "L0H1", "L0.mlp", "last:0", "last:",
    "embed,", "L-1", "last:x",
  ])
  func whatIsNoListOfLevelsIsRefused(_ text: String) {
    #expect(throws: StitchingError.unknownLevels(text)) { try MapLevels(text) }
  }

  @Test(arguments: [
    "affine", "affine:all", "least-squares:embed/last", "mismatched:all", "affine:embed/last:2+moments",
    "affine:L0/last+norm",
  ]) func recipesCarryTheirLevels(_ name: String) throws {
    let recipe = try MapRecipe(name)
    #expect(recipe.name == name && recipe.readsLevels && recipe.needsTexts && recipe.dependsOnCut)
    #expect((recipe.levels == .last) == (name == "affine"))
  }

  /// A map of embeddings reads the state at the cut alone.
  @Test(arguments: ["pinv:all", "auto:all", "random:embed/last", "transpose:L0"])
  func embeddingMapsHaveNoLevels(_ name: String) {
    #expect(throws: StitchingError.unknownMap(name)) { try MapRecipe(name) }
  }

  @Test func theLastLevelIsTheDefault() throws {
    #expect(try MapRecipe("affine:last") == MapRecipe(.affine))
    #expect(throws: StitchingError.unknownLevels("nowhere")) { try MapRecipe("affine:nowhere") }
  }
}
