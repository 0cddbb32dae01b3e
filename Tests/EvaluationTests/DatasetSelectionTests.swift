import Evaluation
import Files
import Testing

@Suite struct DatasetSelectionTests {
  private let folder: TestFolder

  init() throws { folder = try TestFolder() }

  /// Reviews `r1`, `r2`... with these labels.
  private func dataset(_ labels: [Int]) throws -> Dataset {
    let lines = labels.enumerated().map { #"{"id":"r\#($0 + 1)","label":\#($1),"text":"t"}"# }
    return try Dataset.read(try folder.write(lines.joined(separator: "\n"), to: "a.jsonl"))
  }

  @Test func aSubsetKeepsTheSharesOfTheClasses() throws {
    let sample = try Dataset.read(embedded("test.jsonl"))
    for limit in [1, 2, 3, 100, 333, 999] {
      let subset = try sample.subset(limit: limit, seed: 1)
      let positive = subset.reviews.count { $0.label == 1 }
      #expect(subset.reviews.count == limit)
      #expect(positive == limit / 2)
    }
    // 7 : 2 : 1 of 10, and of 4: 2.8, 0.8, 0.4 gives 3, 1, 0.
    let uneven = try dataset([0, 0, 0, 0, 0, 0, 0, 1, 1, 2])
    #expect(try uneven.subset(limit: 4, seed: 9).reviews.map(\.label) == [0, 0, 0, 1])
  }

  @Test func aSubsetIsTheSameForTheSameSeedAndInNaturalOrder() throws {
    let sample = try Dataset.read(embedded("test.jsonl"))
    let subset = try sample.subset(limit: 200, seed: 1)
    #expect(try sample.subset(limit: 200, seed: 1).reviews.map(\.id) == subset.reviews.map(\.id))
    #expect(try sample.subset(limit: 200, seed: 2).reviews.map(\.id) != subset.reviews.map(\.id))
    #expect(zip(subset.reviews, subset.reviews.dropFirst()).allSatisfy { naturallyPrecedes($0.id, $1.id) })
    // Recorded from an independent Python version of the rule.
    #expect(try subset.sha256() == "8ec6aa5d9fad3c47ea8b7592148f256c515049a1e5c9f2cc8d826af5dec93fb6")
  }

  @Test func aLargerSubsetHoldsASmallerOne() throws {
    let sample = try Dataset.read(embedded("test.jsonl"))
    let small = Set(try sample.subset(limit: 50, seed: 3).reviews.map(\.id))
    let large = Set(try sample.subset(limit: 400, seed: 3).reviews.map(\.id))
    #expect(small.isSubset(of: large))
  }

  @Test func aLimitBeyondTheDatasetKeepsAllOfIt() throws {
    let all = try dataset([1, 0, 1])
    #expect(try all.subset(limit: 3, seed: 0).sha256() == all.sha256())
    #expect(try all.subset(limit: .max, seed: 0).sha256() == all.sha256())
    #expect(throws: DatasetError.limit(0)) { try all.subset(limit: 0, seed: 0) }
    #expect(throws: DatasetError.limit(-5)) { try all.subset(limit: -5, seed: 0) }
  }

  @Test func aListOfIdsSelects() throws {
    let list = try folder.write("\u{FEFF}r10\r\n\nr2\n", to: "ids.txt")
    let all = try dataset([0, 1, 0, 1, 0, 1, 0, 1, 0, 1])
    #expect(try all.selecting(idsIn: list).reviews.map(\.id) == ["r2", "r10"])
  }

  @Test func wrongListsNameTheirLine() throws {
    let all = try dataset([0, 1])
    let unknown = try folder.write("r1\n\nr3\n", to: "unknown.txt")
    #expect(throws: DatasetError.unknownReview(path: unknown, line: 3, id: "r3", dataset: "a.jsonl")) {
      try all.selecting(idsIn: unknown)
    }
    let twice = try folder.write("r1\nr2\nr1", to: "twice.txt")
    #expect(throws: FileError.malformed(path: twice, location: "line 3", expected: "each id once", found: "r1 again")) {
      try all.selecting(idsIn: twice)
    }
    let empty = try folder.write("\n \n", to: "empty.txt")
    #expect(throws: DatasetError.empty(path: empty)) { try all.selecting(idsIn: empty) }
    #expect(throws: FileError.missing(path: "/nowhere")) { try all.selecting(idsIn: "/nowhere") }
  }
}
