import TestSupport
import Testing
import Transformer

/// Predictions at masks and at the end of a text.
@Suite struct PredictedPlaceTests {
  @Test func aMaskedModelPredictsAtItsMasks() throws {
    let model = try Model(directory: Fixtures.path("tiny/bert"))
    let workspace = Workspace()
    let ids: [Int32] = [2, 4, 7, 4, 3]
    let places = try model.predict(ids, top: 3, mask: 4, workspace: workspace)
    #expect(places.map(\.position) == [1, 3])
    let h = try model.forward(PackedBatch([ids]), workspace: workspace)
    for place in places {
      #expect(place.items == (try model.tokenScores(h, row: place.position, workspace: workspace).top(3)))
    }
    #expect(try model.predict([2, 7, 3], top: 3, mask: 4, workspace: workspace).isEmpty)
    #expect(try model.predict([2, 7, 3], top: 3, mask: nil, workspace: workspace).isEmpty)
  }

  @Test func aCausalModelPredictsWhatFollows() throws {
    let model = try Model(directory: Fixtures.path("tiny/gpt2"))
    let ids: [Int32] = [5, 9, 1]
    let places = try model.predict(ids, top: 1, mask: 9, workspace: Workspace())
    #expect(places.map(\.position) == [3])
    #expect(places[0].items.map(\.id) == (try model.generate(after: ids, count: 1, workspace: Workspace()).ids))
  }
}
