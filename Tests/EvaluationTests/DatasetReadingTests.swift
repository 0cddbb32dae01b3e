import DenseMath
import Evaluation
import Files
import Foundation
import Testing

@Suite struct DatasetReadingTests {
  private let folder: TestFolder

  init() throws { folder = try TestFolder() }

  @Test func theEmbeddedSampleIsBalancedAndStamped() throws {
    let test = try Dataset.read(embedded("test.jsonl"))
    #expect(test.name == "test.jsonl")
    #expect(test.reviews.count == 1000)
    #expect(test.reviews.count { $0.label == 1 } == 500)
    #expect(test.reviews.first?.id == "test/neg/1_3.txt")
    #expect(test.repairedCount == 0)
    // The files are in the canonical form, so that the stamp is the file's own digest.
    #expect(try test.sha256() == Digest.ofFile(embedded("test.jsonl")))
    #expect(try test.sha256() == "ee717a6f35e7a3cf3aaf713c28ca31b8f8d41a188aa28791b13c46fa155e4aa3")
    let train = try Dataset.read(embedded("train.jsonl"))
    #expect(train.reviews.count == 2000)
    #expect(train.reviews.count { $0.label == 1 } == 1000)
    #expect(try train.sha256() == "49ea7626f59adeeaa1140c243661cbed77b1b62acd25ba91bbb1bfaa8dc1b8f2")
  }

  @Test func theReferenceReviewsAreInTheTestSample() throws {
    let reference = try Dataset.read(embedded("test.jsonl")).selecting(idsIn: embedded("reference.txt"))
    #expect(reference.reviews.count == 400)
    #expect(reference.reviews.count { $0.label == 1 } == 200)
  }

  private func makeAclImdb() throws {
    for (name, text) in [
      "test/pos/10_9.txt": "ten", "test/pos/2_7.txt": "two\n", "test/neg/3_1.txt": "", "train/pos/1_8.txt": "one",
      "train/neg/0_2.txt": "nought", "train/unsup/0_0.txt": "unlabelled", "test/pos/.hidden.txt": "no",
      "test/urls_pos.txt": "no", "test/neg/labeledBow.feat": "no",
    ] {
      try folder.write(text, to: "aclImdb/" + name)
    }
  }

  @Test func aFolderIsReadInNaturalOrder() throws {
    try makeAclImdb()
    let test = try Dataset.read(folder.path + "/aclImdb")
    #expect(test.name == "aclImdb/test")
    #expect(test.reviews.map(\.id) == ["test/neg/3_1.txt", "test/pos/2_7.txt", "test/pos/10_9.txt"])
    #expect(test.reviews.map(\.label) == [0, 1, 1])
    #expect(test.reviews.map(\.text) == ["", "two\n", "ten"])
    let train = try Dataset.read(folder.path + "/aclImdb/", split: .train)
    #expect(train.reviews.map(\.id) == ["train/neg/0_2.txt", "train/pos/1_8.txt"])
  }

  @Test func theStampIsOfTheReviewsWhateverTheFile() throws {
    try makeAclImdb()
    let lines = [
      #"{"text":"ten","label":1,"id":"test/pos/10_9.txt"}"#,
      #"{"id":"test/neg/3_1.txt","label":0,"text":"","more":[]}"#,
      "", #" {"id":"test/pos/2_7.txt","label":1,"text":"tw\u006f\n"}"# + "\r",
    ]
    let path = try folder.write("\u{FEFF}" + lines.joined(separator: "\n"), to: "same.jsonl")
    #expect(try Dataset.read(path).sha256() == Dataset.read(folder.path + "/aclImdb").sha256())
    let canonical = """
      {"id":"test/neg/3_1.txt","label":0,"text":""}
      {"id":"test/pos/2_7.txt","label":1,"text":"two\\n"}
      {"id":"test/pos/10_9.txt","label":1,"text":"ten"}

      """
    let digest = Digest()
    digest.update(canonical)
    #expect(try Dataset.read(path).sha256() == digest.finish())
  }

  @Test func wrongFoldersAndFilesAreNamed() throws {
    try makeAclImdb()
    let inner = folder.path + "/aclImdb/test"
    #expect(message { _ = try Dataset.read(inner) }.contains("\(inner): expected an aclImdb folder"))
    #expect(throws: FileError.missing(path: "/nowhere/x.csv")) { try Dataset.read("/nowhere/x.csv") }
    let text = try folder.write("x", to: "reviews.txt")
    #expect(throws: DatasetError.unrecognized(path: text, found: "a file named reviews.txt")) { try Dataset.read(text) }
    let csv = try folder.write("review,sentiment\na,1\n", to: "a.CSV")
    #expect(try Dataset.read(csv).reviews.count == 1)
    #expect(throws: DatasetError.noSplits(path: csv, asked: "train")) { try Dataset.read(csv, split: .train) }
    let empty = try folder.write("review,sentiment\n", to: "empty.csv")
    #expect(throws: DatasetError.empty(path: empty)) { try Dataset.read(empty) }
    let nothing = try folder.write("", to: "nothing.jsonl")
    #expect(throws: DatasetError.empty(path: nothing)) { try Dataset.read(nothing) }
  }

  @Test func csvFollowsRFC4180() throws {
    let text =
      "\u{FEFF}review,\"sentiment\"\r\n\"He said \"\"no\"\",\r\nthen\n<br />left\",positive\r\n\r\n"
      + ",negative\n\"\",POS\n\"plain text\r inside\",neg"
    let reviews = try Dataset.read(try folder.write(text, to: "a.csv")).reviews
    #expect(reviews.map(\.id) == ["row/1", "row/2", "row/3", "row/4"])
    #expect(reviews.map(\.label) == [1, 0, 1, 0])
    let texts = reviews.map { Array($0.text.utf8) }
    #expect(texts == ["He said \"no\",\r\nthen\n<br />left", "", "", "plain text\r inside"].map { Array($0.utf8) })
  }

  /// Random files with quotes, line ends and commas in every place, and what Python's `csv.reader` makes of them
  /// (evaluation/dataset_fixtures.py).
  @Test func csvIsReadAsByPython() throws {
    let cases = try readJSONLines(fixture("python-csv.jsonl")) { node in
      (
        file: try node["file"].string(),
        texts: node["texts"].isPresent ? try node["texts"].array().map { try $0.string() } : nil
      )
    }
    #expect(cases.count == 240 && cases.count { $0.texts != nil } == 110)
    for (index, test) in cases.enumerated() {
      let path = try folder.write("review,sentiment\n" + test.file, to: "\(index).csv")
      guard let texts = test.texts else {
        #expect(throws: DatasetError.self, "\(test.file.debugDescription)") { try Dataset.read(path) }
        continue
      }
      let found = try Dataset.read(path).reviews.map { Array($0.text.utf8) }
      #expect(found == texts.map { Array($0.utf8) }, "\(test.file.debugDescription)")
    }
  }

  /// The same reviews as Hugging Face's datasets write them (evaluation/dataset_fixtures.py).
  @Test(arguments: [
    ("datasets.csv", "row/1"), ("datasets.tsv", "row/1"), ("datasets.jsonl", "line/1"),
    ("datasets-array.json", "item/1"),
    ("datasets-bool.csv", "row/1"), ("datasets-bool.jsonl", "line/1"),
  ])
  func filesOfHuggingFaceDatasets(name: String, id: String) throws {
    let dataset = try Dataset.read(fixture(name))
    #expect(
      dataset.reviews.map(\.text) == [
        "He said \"no\",\nthen left", "a 5\" screen / \"good\"", "  une id\u{E9}e,  l\u{E0} ", "<br />\tbad\\n",
      ])
    #expect(dataset.reviews.map(\.label) == [0, 1, 1, 0])
    #expect(dataset.reviews[0].id == id)
    #expect(dataset.classNames == (name.contains("bool") ? ["false", "true"] : nil))
  }

  @Test(arguments: [
    ("", "line 1", "found nothing"),
    ("review,sentiment\na,1\nb\n", "line 3", "expected 2 fields as in the header, found 1"),
    ("review,sentiment\n\"a\nb\",1\nc,d,0\n", "line 4", "found 3; put a text that holds commas"),
    ("review,sentiment\na\rb,1\n", "line 2", "expected 2 fields as in the header, found 1"),
    ("review,sentiment\nx,1\n\"a\nb,1\n", "line 3", "the end of the file; close the quote"),
    ("review,sentiment\na,\n", "line 2, column sentiment", "found \"\"; give every review a label"),
    ("review,sentiment\na,0\nb,NaN\n", "line 3, column sentiment", "found \"NaN\"; give every review a label"),
    ("review,sentiment\na,-1\n", "line 2, column sentiment", "found \"-1\"; -1 marks reviews whose label is not known"),
    ("review,sentiment\na,0.5\n", "line 2, column sentiment", "a whole number from 0, found \"0.5\""),
    ("review,sentiment\na,1e300\n", "line 2, column sentiment", "found \"1e300\""),
    (
      "review,sentiment\na,pos\nb,1\n", "line 3",
      "expected a word for the label, as in the lines before, found a number"
    ),
  ])
  func wrongCSVNamesItsLine(text: String, line: String, found: String) throws {
    let path = try folder.write(text, to: "a.csv")
    let error = message { _ = try Dataset.read(path) }
    #expect(error.hasPrefix("\(path) (\(line))"), "\(error)")
    #expect(error.contains(found), "\(error)")
  }

  @Test func quotesBetweenTabs() throws {
    let good = try folder.write("sentence\tlabel\na 5\" screen, \"good\"\t1\n\"a\tb\"\t0\n", to: "good.tsv")
    #expect(try Dataset.read(good).reviews.map(\.text) == ["a 5\" screen, \"good\"", "a\tb"])
    // A text that begins with a quote would swallow the next line.
    let bad = try folder.write("sentence\tlabel\n\"good film\t1\nso \"nice\" film\t0\n", to: "bad.tsv")
    let error = message { _ = try Dataset.read(bad) }
    #expect(
      error.contains("(line 3): expected a tab or the line's end after a closing quote, found more text; "), "\(error)")
  }

  @Test(arguments: [
    (#"{"id":"a","text":"b"}"#, "line 2, column label", "found nothing"),
    (#"{"id":"a","text":"b","label":null}"#, "line 2, column label", "found null; give every review a label"),
    (#"{"id":"a","text":"b","label":-1}"#, "line 2, column label", "the number -1; -1 marks reviews"),
    (#"{"id":"a","text":"b","label":1.5}"#, "line 2, column label", "the number 1.5"),
    (#"{"id":"a","text":"b","label":[0,1]}"#, "line 2, column label", "give the class of each review"),
    (#"{"id":["a"],"text":"b","label":1}"#, "line 2, column id", "expected a string or a number, found"),
    (#"{"id":"a","text":null,"label":1}"#, "line 2, column text", "found null"),
    (#"{"id":"first","text":"b","label":1}"#, "line 2, column id", "found \"first\", which line 1 has too"),
    (#"{"id":"a","text":"b","label":1"#, "line 2, byte 30", "found the end of the file"),
    (#"["a"]"#, "line 2, column text", "found nothing"),
    (#"{"id":"a","text":"\ud800","label":1}"#, "line 2, byte", "surrogate"),
    (
      #"{"id":"a","text":"b","label":"pos"}"#, "line 2",
      "expected a number for the label, as in the lines before, found a word"
    ),
  ])
  func wrongJSONLinesNameTheirLine(line: String, place: String, found: String) throws {
    let path = try folder.write(#"{"id":"first","text":"b","label":1}"# + "\n" + line + "\n", to: "a.jsonl")
    let error = message { _ = try Dataset.read(path) }
    #expect(error.hasPrefix("\(path) (\(place)"), "\(error)")
    #expect(error.contains(found), "\(error)")
  }

  @Test func idsOfJSONLines() throws {
    let lines = [
      #"{"id":7,"text":"a","label":1,"more":{}}"#, #"{"text":"b","label":"0"}"#,
      #"{"id":null,"text":"c","label":"1.0"}"#,
      #"{"id":"7.5","text":"d","label":0.0}"#, #"{"id":8.5,"text":"e","label":1.0}"#,
    ]
    let path = try folder.write(lines.joined(separator: "\n"), to: "a.jsonl")
    let reviews = try Dataset.read(path).reviews
    #expect(reviews.map(\.id) == ["7", "7.5", "8.5", "line/2", "line/3"])
    #expect(reviews.map(\.label) == [1, 0, 1, 0, 1])
    let twice = try folder.write(
      #"{"id":7,"text":"a","label":1}"# + "\n" + #"{"id":"7","text":"b","label":1}"#, to: "b.jsonl")
    #expect(message { _ = try Dataset.read(twice) }.contains("found \"7\", which line 1 has too"))
    let array = try folder.write(#" [{"text":"a","label":"pos"}, {"text":"b","label":"Negative"}]"#, to: "c.json")
    #expect(try Dataset.read(array).reviews.map(\.label) == [1, 0])
  }

  @Test func canonicallyEquivalentIdsAreTwoReviews() throws {
    let lines = ["\u{E9}", "e\u{301}"].map { #"{"id":"\#($0)","label":0,"text":""}"# }
    let path = try folder.write(lines.joined(separator: "\n"), to: "a.jsonl")
    #expect(try Dataset.read(path).reviews.count == 2)
  }

  /// 20,000 random byte strings, of which 18,115 are not UTF-8; the digest is Python's, decode("utf8", "replace").
  @Test func badBytesAreReplacedAndCounted() throws {
    let bytes: [UInt8] = [
      0x41, 0x80, 0xBF, 0xC0, 0xC2, 0xC3, 0xA9, 0xE0, 0xA0, 0xE2, 0x82, 0xAC, 0xED, 0x9F, 0xED, 0xF0, 0x9F, 0x98, 0x80,
      0xF4, 0x8F, 0x90, 0xF5, 0xFF,
    ]
    var generator = SplitMix64(seed: 12)
    var file = Array("review,sentiment\n".utf8)
    for _ in 0..<20_000 {
      for _ in 0..<generator.uniform(below: 12) { file.append(bytes[generator.uniform(below: bytes.count)]) }
      file += Array(",1\n".utf8)
    }
    let dataset = try Dataset.read(try folder.write(file, to: "bad.csv"))
    let digest = Digest()
    for review in dataset.reviews { digest.update(review.text + "\0") }
    #expect(try digest.finish() == "c703d79deae9075e5913a13085cbe894492f394e3451107cc5c8eb52116deddd")
    #expect(dataset.repairedCount == 18_115)
  }

  @Test func badBytesInFoldersAndJSONLinesAreReplacedToo() throws {
    try makeAclImdb()
    try folder.write([0x61, 0xE2, 0x82, 0x62, 0xFF], to: "aclImdb/test/neg/3_1.txt")
    let test = try Dataset.read(folder.path + "/aclImdb")
    #expect(test.reviews[0].text == "a\u{FFFD}b\u{FFFD}")
    #expect(test.reviews.map(\.isRepaired) == [true, false, false])
    let line = Array(#"{"id":"a","label":0,"text":"x"#.utf8) + [0xC3] + Array("\"}".utf8)
    let dataset = try Dataset.read(try folder.write(line, to: "bad.jsonl"))
    #expect(dataset.reviews[0].text == "x\u{FFFD}")
    #expect(dataset.repairedCount == 1)
  }
}
