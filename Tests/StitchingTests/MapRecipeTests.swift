import Stitching
import Testing

/// Names of recipes, as commands and results write them.
@Suite struct MapRecipeTests {
  @Test(arguments: [
    "pinv", "transpose", "ridge:0.01", "ridge:1e-05+norm", "truncated:64", "truncated:3+moments", "procrustes",
    "procrustes-scaled", "regression", "weighted", "centred", "least-squares", "affine+norm", "auto", "random",
    "shuffled",
    "identity+moments",
  ])
  func namesReadBack(_ name: String) throws {
    #expect(try MapRecipe(name).name == name)
  }

  @Test(arguments: [
    "", "magic", "pinv:3", "ridge", "ridge:0", "ridge:-1", "ridge:nan", "ridge:inf", "truncated", "truncated:0",
    "truncated:2.5", "pinv+", "pinv+none", "pinv+norm+moments", "+norm", "PINV", "auto+norm",
  ])
  func otherNamesAreRefused(_ name: String) {
    #expect(throws: StitchingError.unknownMap(name)) { try MapRecipe(name) }
  }

  @Test func whatARecipeTakes() throws {
    for name in ["pinv", "ridge:1", "centred", "procrustes", "random"] {
      #expect(try !MapRecipe(name).needsTexts && !MapRecipe(name).dependsOnCut)
      #expect(try MapRecipe(name + "+norm").needsTexts && MapRecipe(name + "+moments").dependsOnCut)
    }
    #expect(try MapRecipe("weighted").needsTexts && !MapRecipe("weighted").dependsOnCut)
    for name in ["affine", "auto"] { #expect(try MapRecipe(name).needsTexts && MapRecipe(name).dependsOnCut) }
  }
}
